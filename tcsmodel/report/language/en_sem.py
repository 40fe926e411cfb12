"""English words of the findings of covariance-based models; see `findings_en` for the placeholders."""

FINDINGS: dict[str, dict[str, str]] = {
    "replicates_lost_rare": {
        "finding": "Some bootstrap replicates of {subject} ended without a solution.",
        "evidence": "{lost} of {replicates} ({share:%}). Answers of {items} are so rare that resamples "
        "lack them.",
        "meaning": "The intervals describe the other replicates and may be too narrow.",
        "advice": "Join rare categories with their neighbours and fit again, or read the "
        "intervals that come without a bootstrap.",
    },
    "at_bound": {
        "finding": "The solution lies at a limit that the model sets: {subjects}.",
        "evidence": "It would lie beyond without the limit ({count} in all).",
        "meaning": "Standard errors and p values are conditional on the limit: they count the "
        "parameters at it as fixed.",
        "advice": "Fit the model without the limit to see what the data ask for, and keep it only "
        "where theory demands it.",
    },
    "negative_variance": {
        "finding": "The unexplained variance of {subject} is negative.",
        "evidence": "It is estimated at {variance:.3f} with a standard error of {se:.3f} (a Heywood "
        "case).",
        "meaning": "No variable can have a negative variance, so the solution describes no "
        "population; what surrounds {subject} is distorted as well.",
        "advice": "Look for an item that correlates with one neighbor far above the others, and "
        "drop it or give the construct a third item; where the estimate is within two standard "
        "errors of zero, fix it at zero and compare the fit.",
    },
    "latent_not_definite": {
        "finding": "The correlations that the model implies among {subjects} cannot exist.",
        "evidence": "Their matrix has an eigenvalue of {eigenvalue:.3f}; none may be negative.",
        "meaning": "Together these constructs hold fewer dimensions than the model gives them.",
        "advice": "Merge the two that overlap most (see the HTMT ratios), or drop one of them.",
    },
    "covaries_without_variance": {
        "finding": "{subject} has a variance of zero in the model and yet covaries with others.",
        "evidence": "It covaries with {others}.",
        "meaning": "What does not vary cannot covary, so the solution describes no population.",
        "advice": "Free its variance, or fix these covariances at zero as well; without paths and "
        "covariances it can also be left out of the model.",
    },
    "not_admissible": {
        "finding": "{subject} ended with a solution that is not admissible.",
        "evidence": "Its status is {status}.",
        "meaning": "Some of its variances and covariances are impossible or not determined, so it "
        "must not be read as describing a population.",
        "advice": "Leave out covariances and paths that no theory asks for, or fit the measurement "
        "of the constructs one by one to see where it begins.",
    },
    "residual_not_definite": {
        "finding": "The residual covariances among {subjects} cannot exist.",
        "evidence": "Their matrix has a negative eigenvalue, though every variance is positive.",
        "meaning": "The covariances added between item errors are larger than the errors allow.",
        "advice": "Remove the covariances that no theory asks for, or replace them by a method "
        "factor.",
    },
    "ridge": {
        "finding": "These data do not determine coefficients ({count} in all), above all {worst}.",
        "evidence": "Standardized it is {std:.2f} with a standard error of {se:.1f}; the fit hardly "
        "changes along the whole range. The closest constructs, {first} and {second}, correlate "
        "{corr:.3f} in the model.",
        "meaning": "The solution lies on a ridge: another sample, or another program, may give any "
        "value, even of the other sign, while chi-square and the implied covariances stay the same.",
        "advice": "Do not report these coefficients. Merge {first} and {second}, or put a "
        "second-order construct above the overlapping ones; or read PLS with this caution.",
    },
    "ridge_apart": {
        "finding": "These data do not determine coefficients ({count} in all), above all {worst}.",
        "evidence": "Standardized it is {std:.2f} with a standard error of {se:.1f}; the fit hardly "
        "changes along the whole range. No two constructs correlate above .80 in the model.",
        "meaning": "The solution lies on a ridge: another sample, or another program, may give any "
        "value, even of the other sign, while chi-square and the implied covariances stay the same.",
        "advice": "Do not report these coefficients. Ask more respondents, leave out the construct, or "
        "give its loadings one label, as in f =~ a*x1 + a*x2, which makes them equal.",
    },
    "ridge_items": {
        "finding": "These data do not determine coefficients ({count} in all), above all {worst}.",
        "evidence": "Standardized it is {std:.2f} with a standard error of {se:.1f}; the fit hardly "
        "changes along the whole range.",
        "meaning": "The solution lies on a ridge: another sample, or another program, may give any "
        "value, even of the other sign, while chi-square and the implied covariances stay the same.",
        "advice": "Do not report these coefficients. Leave out a path or covariance that theory can "
        "spare, above all in a cycle; or add causes that predict one of its variables well and "
        "not the others.",
    },
    "item_against_others": {
        "finding": "{subject} runs against the other items of {construct}.",
        "evidence": "Its standardized loading is {std:.2f}, and most of theirs have the other sign.",
        "meaning": "It may be worded the other way round and not be recoded yet; scores and an index "
        "of the construct then count it the wrong way.",
        "advice": "Read its wording: if it is reversed, name it in reverse=[...]; if it is not, leave it "
        "out of this construct.",
    },
    "unit_unknown": {
        "finding": "Effect coding gives {subject} a unit that the data do not determine.",
        "evidence": "Its loadings, one on average, run from {least:.1f} to {most:.1f} with standard "
        "errors up to {se:.1f}; none differs from zero beyond chance, though standardized ones do.",
        "meaning": "Loadings of both signs cancel. The variance, mean, paths and covariances of the "
        "construct may be of any size; chi-square and standardized estimates do not depend on it.",
        "advice": "Name reversed items in reverse=[...], or leave out effect_coding=True: the first "
        "item then gives the construct its unit.",
    },
    "constraints_unmet": {
        "finding": "Where the search ended, this does not hold: {subjects}.",
        "evidence": "No parameters were found that meet all constraints of the model.",
        "meaning": "Constraints that exclude each other, or what any number can be (a*a == -1), have no "
        "solution; others may be far from where the search began.",
        "advice": "Leave out the constraint that you believe least, or give starting values that meet "
        "all of them (start(0.7)*x).",
    },
    "search_not_converged": {
        "finding": "{subject} did not converge.",
        "evidence": "Fisher scoring with shortened steps, then Newton's method, stopped after "
        "{iterations} iterations without a minimum.",
        "meaning": "Its numbers are not a solution and must not be read.",
        "advice": "Give starting values near what you expect (start(0.7)*x), turn items that run "
        "the wrong way, keep variances at zero or above (bounds='standard'), or simplify the "
        "model.",
    },
    "undefined_parameter": {
        "finding": "{subject} is not a number at these estimates.",
        "evidence": "It is defined as {expression}.",
        "meaning": "A logarithm or root of a negative number, or a division by zero, has no value.",
        "advice": "Change the definition, for example with abs(), or bound the parameters in it.",
    },
    "singular_information": {
        "finding": "{subject} has no standard errors.",
        "evidence": "The information matrix is singular at the solution.",
        "meaning": "Some parameter can change without any change of the fit.",
        "advice": "Fix or remove a parameter of the constructs with the fewest items, or give them "
        "more items.",
    },
    "naive_errors": {
        "finding": "Standard errors and chi-square of {subject} do not know of the survey weights.",
        "evidence": "Unequal weights alone multiply the variance of a mean by {effect:.2f} (Kish).",
        "meaning": "Intervals are too narrow and chi-square is too large; estimates are right.",
        "advice": "Fit with estimator='mlr', or missing='robust_two_stage', whose errors and test "
        "count the weights; or bootstrap, "
        "which mends the intervals though not the chi-square.",
    },
    "ignored_replicates": {
        "finding": "Standard errors and chi-square of {subject} do not know of the replicate "
        "weights.",
        "evidence": "The survey has {replicates} of them, which say how respondents were drawn.",
        "meaning": "Intervals are likely too narrow and chi-square too large; estimates are right.",
        "advice": "Fit with estimator='mlr', whose errors and test count them; or call "
        ".replicated(), which mends the intervals though not the chi-square.",
    },
    "ignored_design": {
        "finding": "Standard errors and chi-square of {subject} do not know how respondents were "
        "drawn.",
        "evidence": "The survey names {clusters} sampling units (clusters, or respondents without "
        "any) in {strata} strata.",
        "meaning": "Answers within a cluster resemble each other, so intervals are likely too "
        "narrow and chi-square too large; estimates are right.",
        "advice": "Fit with estimator='mlr', or missing='robust_two_stage', which count the design; "
        "or bootstrap, which mends the intervals though not the chi-square.",
    },
    "replicates_improper": {
        "finding": "Some bootstrap replicates of {subject} are not admissible.",
        "evidence": "{improper:%} improper and {ridge:%} on a ridge, of {replicates}. They are kept.",
        "meaning": "Their coefficients can be extreme, and the intervals are wide because of them; "
        "leaving them out would make the intervals too narrow.",
        "advice": "Read the bootstrap intervals rather than the standard errors, or simplify the "
        "model until the replicates are admissible.",
    },
}
