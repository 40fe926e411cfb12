"""English words of multiple imputation and of what is pooled over it."""

FINDINGS: dict[str, dict[str, str]] = {
    "nothing_to_impute": {
        "finding": "No answer is missing, so there was nothing to impute.",
        "evidence": "All {n} respondents answered every item that applies to them.",
        "meaning": "The completed surveys are the survey itself, and pooled results its results.",
        "advice": "Fit the model to the survey; or look whether codes for no answer were read as "
        "answers (missing_codes).",
    },
    "few_imputations": {
        "finding": "There are few imputations for so many gaps.",
        "evidence": "{m} imputations; {share:%} of the respondents have a gap, so that {needed} are "
        "a usual minimum.",
        "meaning": "With another seed, intervals and p values would come out visibly different.",
        "advice": "Ask for more, tcs.impute(survey, m={needed}), or use fewer items.",
    },
    "mostly_imputed": {
        "finding": "More of {subjects} is imputed than answered.",
        "evidence": "Most in {worst}: {share:%} of those whom it applies to left it out.",
        "meaning": "What is found of these items rests on the other items more than on them.",
        "advice": "Leave them out of the model, or report results with and without them.",
    },
    "predictor_unused": {
        "finding": "Imputations do not know {subjects}.",
        "evidence": "More than {limit} categories make no predictor.",
        "meaning": "Differences between these categories come out too small.",
        "advice": "Join categories into fewer, or impute by parts: tcs.impute(survey.where(...)).",
    },
    "not_imputed": {
        "finding": "Nothing was imputed where an item does not apply: {subjects}.",
        "evidence": "{count} of {n} respondents.",
        "meaning": "These answers are not missing: they do not exist.",
        "advice": "Choose what the model does with these respondents: missing='listwise' leaves "
        "them out, 'pairwise' and 'fiml' know them by their other items.",
    },
    "imputed_not_converged": {
        "finding": "{subject} did not converge in every completed survey.",
        "evidence": "In {count} of {m}.",
        "meaning": "Pooled numbers contain some that are no solution.",
        "advice": "Simplify the model, or try another scheme.",
    },
    "imputed_improper": {
        "finding": "Corrected for unreliability, some completed surveys have a solution that no data "
        "can have.",
        "evidence": "{count} of {m}.",
        "meaning": "Their numbers are part of what is pooled.",
        "advice": "Look at pooled.results for which; or read the model without consistent= and "
        "reliability=.",
    },
    "imputed_sem_improper": {
        "finding": "{subject} has no admissible, determined solution in some completed surveys.",
        "evidence": "{count} of {m}.",
        "meaning": "Their estimates are part of what is pooled.",
        "advice": "Look at pooled.results[k].verify() for which and why; or simplify the model.",
    },
    "no_pooled_test": {
        "finding": "The model is not tested.",
        "evidence": "In none of the {m} completed surveys has the estimator a chi-square of known "
        "distribution, so there is none to pool.",
        "meaning": "Nothing is said here of how well the model fits.",
        "advice": "Take an estimator with a test, as 'mlr', or 'wlsmv' of ordinal items, whose tests "
        "are pooled; or judge the fit by SEM(spec, missing='fiml'), which uses the same answers.",
    },
    "much_missing_information": {
        "finding": "What is missing hides more of a path ({subjects}) than the answers show.",
        "evidence": "The fraction of missing information is {fmi:.2r}, over {m} imputations.",
        "meaning": "Its interval depends on how gaps were imputed.",
        "advice": "Name columns that tell who skips among the items of tcs.impute(...), and use "
        "more imputations.",
    },
}

STRINGS: dict[str, str] = {
    "picture.imputations.title": "Imputed answers lie {direction} those given",
    "picture.imputations.direction.above": "above",
    "picture.imputations.direction.below": "below",
    "picture.imputations.direction.among": "on both sides of",
    "picture.imputations.nothing": "No answer was missing",
    "picture.imputations.subtitle": "Mean of the imputed answers to each item less that of the "
    "answers given",
    "picture.imputations.axis": "Difference of means, in standard deviations of the answers given",
    "picture.imputations.values": "Imputed, given",
    "picture.imputations.key": "{m} imputations; lines reach from the least to the greatest of "
    "them. Who skips may differ, so a difference is no fault.",
    "picture.imputations.alt": "Means of imputed and given answers: {listing}.",
    "picture.trace.title": "Imputations of {item} by iteration",
    "picture.trace.subtitle": "Mean of the imputed answers, one line for each of {m} imputations",
    "picture.trace.axis": "Iteration",
    "picture.trace.key": "Dashed: mean of the answers given, {mean:.2f}. Lines that mingle without "
    "a trend had iterations enough.",
    "picture.trace.alt": "Means of the imputed answers to {item} over the iterations; in the last "
    "between {low:.2f} and {high:.2f}, of the answers given {mean:.2f}.",
    "picture.pooled_paths.title": "Paths pooled over imputations",
    "picture.pooled_paths.subtitle": "Standardized path coefficients",
    "picture.pooled_paths.axis": "Path coefficient",
    "picture.pooled_loadings.title": "Loadings pooled over imputations",
    "picture.pooled_loadings.subtitle": "Standardized loadings",
    "picture.pooled_loadings.axis": "Loading",
    "picture.pooled.alt": "Dots with intervals: {listing}.",
    "picture.pooled.estimates": "intervals need .bootstrap(500, seed=7)",
    "picture.pooled.key": "n = {n}; {m} imputations; {level:%} intervals by Rubin's rules, with "
    "errors within imputations from {replicates} replicates each",
    "picture.pooled.fixed": "n = {n}; {m} imputations; {level:%} intervals by Rubin's rules, item "
    "weights held fixed",
    "picture.pooled.vcov": "n = {n}; {m} imputations; {level:%} intervals by Rubin's rules",
    "picture.pooled.none": "n = {n}; {m} imputations",
}
