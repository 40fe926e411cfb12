"""English words of tests and cut-offs of fit: findings and pictures."""

FINDINGS: dict[str, dict[str, str]] = {
    "dynamic_misfit": {
        "finding": "The fit is as bad as that of a model in which something was left out (level "
        "{level}).",
        "evidence": "SRMR = {srmr:.3f}, RMSEA = {rmsea:.3f}, CFI = {cfi:.3f}; left out at that level: "
        "{added}.",
        "meaning": "Misfit of this size would be noticed in nearly every sample of this size; what is "
        "missing in truth may be something else.",
        "advice": "Look at residuals and modification indices for what is missing; or report the "
        "level, and how much the conclusions change when it is allowed for.",
    },
    "cutoffs_blur": {
        "finding": "Level 1 cannot be told from a right model by {subjects}.",
        "evidence": "The values of right and wrong models overlap in samples of {n:,d}.",
        "meaning": "A good value of these measures does not speak for the model.",
        "advice": "Judge by the measures or levels that have a cut-off; or collect more answers.",
    },
    "exact_fit_rejected": {
        "finding": "The model does not hold exactly, by {subjects}.",
        "evidence": "Smallest {p:p}; {n:,d} respondents.",
        "meaning": "The correlations that it implies differ from those observed by more than chance; "
        "in large surveys also by little.",
        "advice": "Look at result.residual_corr for the pairs of items that it misses most, and at "
        "exact_fit(saturated=True), which tells the measurement from the paths.",
    },
    "tetrads_differ": {
        "finding": "The items of {subject} do not reflect one thing.",
        "evidence": "{rejected} of its {tetrads} tetrads differ from zero (smallest adjusted {p:p}).",
        "meaning": "Under one common factor all of them vanish. The items may form {subject} rather than "
        "reflect it, or some share more than {subject}, as questions of like wording do.",
        "advice": "Decide by the meaning of the questions: where each adds something of its own, write "
        "<~ (Mode B); where two repeat each other, leave one out or look at result.residual_corr.",
    },
    "tetrads_vanish": {
        "finding": "The items of {subject} may as well reflect it as form it.",
        "evidence": "None of its {tetrads} tetrads differs from zero (smallest adjusted {p:p}).",
        "meaning": "One common factor is compatible with these answers; few respondents make that "
        "likely too.",
        "advice": "Keep <~ where the questions cover different things; otherwise write =~ (Mode A), "
        "which has reliability and discriminant validity to look at.",
    },
    "curved_path": {
        "finding": "The path from {subject} to {target} is not straight.",
        "evidence": "Quadratic term {quadratic:.2r} ({level:%} CI {ci_lower:.2r} to {ci_upper:.2r}), f2 "
        "{f_squared:.3r}; of {paths} paths looked at.",
        "meaning": "The path is an average of steeper and flatter parts; among many paths one in twenty "
        "looks curved by chance.",
        "advice": "Look at the scores of both constructs in a scatter plot; state that the effect weakens "
        "or grows, or add a quadratic term, if theory expects one.",
    },
    "endogenous_path": {
        "finding": "The path from {subject} to {target} may carry what the model leaves out.",
        "evidence": "Copula {copula:.2r} ({level:%} CI {ci_lower:.2r} to {ci_upper:.2r}); the path is "
        "{path:.2r}, with the copula {path_corrected:.2r}.",
        "meaning": "A cause of both constructs, or an effect the other way, is missing from the model; the "
        "path is then not the effect of a change.",
        "advice": "Add the missing cause or a control variable; or report the path with and without the "
        "copula, and do not promise what a change would bring.",
    },
    "normal_antecedent": {
        "finding": "Endogeneity cannot be judged for antecedents whose scores are nearly normal: "
        "{subjects}.",
        "evidence": "The test of normality does not reject (largest {p:p}).",
        "meaning": "Their copula repeats the scores themselves, so that its coefficient means nothing.",
        "advice": "Leave their rows aside; an instrument or a control variable is the other way to judge.",
    },
    "replicates_left_out": {
        "finding": "Some resamples of the test have no admissible solution and are left out.",
        "evidence": "{out} of {replicates} ({share:%}).",
        "meaning": "Critical values are those of the other resamples, in which the model fits better.",
        "advice": "Use fewer constructs or more reliable items; or test composites, with "
        "consistent=False.",
    },
}

PICTURE = {
    "picture.wald.title.holds": "The equations may hold",
    "picture.wald.title.fails": "The equations do not all hold",
    "picture.wald.subtitle": "Left minus right of each equation; together chi-square = {chi2:.2f}, "
    "df {df}, {p:p}",
    "picture.wald.axis": "Difference",
    "picture.wald.alt": "Dots with intervals for the differences of {count} equations: {listing}.",
    "picture.cutoffs.title.none": "{measure} does not betray that something was left out",
    "picture.cutoffs.title.some": "From {cutoff:.3r}, {measure} betrays what level {level} leaves out",
    "picture.cutoffs.title.below": "Below {cutoff:.3r}, {measure} betrays what level {level} leaves out",
    "picture.cutoffs.subtitle": "{measure} of samples in which the model is right, and in which it is not",
    "picture.cutoffs.right": "Right model",
    "picture.cutoffs.level": "Level {level}",
    "picture.cutoffs.observed": "this result {value:.3r}",
    "picture.cutoffs.caption": "{replications:,d} samples each; bars hold 90% of them, dots the middle",
    "picture.cutoffs.alt": "{measure} in samples of right and wrong models: {listing}.",
    "picture.curved.title.some": "Paths that are not straight: {count} of {paths}",
    "picture.curved.title.none": "No path is visibly curved",
    "picture.curved.subtitle": "Quadratic term of each path, {level:%} intervals",
    "picture.curved.axis": "Coefficient of the squared score",
    "picture.copula.title.some": "Paths that may carry what the model leaves out: {count} of {paths}",
    "picture.copula.title.none": "No path shows signs of endogeneity",
    "picture.copula.subtitle": "Gaussian copula of each antecedent alone, {level:%} intervals",
    "picture.copula.axis": "Coefficient of the copula",
    "picture.check.alt": "Dots with intervals for {paths} paths: {listing}.",
    "picture.check.path": "{source} → {target}",
    "header.coefficient_ci": "Coefficient [CI]",
    "picture.tetrads.title.formative": "The items of {construct} do not reflect one thing",
    "picture.tetrads.title.reflective": "The items of {construct} may reflect one thing",
    "picture.tetrads.subtitle": "Tetrads, zero under one common factor; {level:%} intervals for all together",
    "picture.tetrads.axis": "Tetrad",
    "picture.tetrads.alt": "Dots with intervals for {count} tetrads of {construct}: {listing}.",
    "header.tetrad_ci": "Tetrad [CI]",
    "picture.exact_fit.title.rejected": "The model does not hold exactly: {measure} {statistic:.3f}",
    "picture.exact_fit.title.kept": "These answers are compatible with the model: {measure} "
    "{statistic:.3f}",
    "picture.exact_fit.subtitle": "Resamples of answers in which the model holds (bars) and the "
    "answers themselves (line)",
    "picture.exact_fit.count": "Resamples",
    "picture.exact_fit.caption": "{replicates:,d} resamples, seed {seed}; 95% quantile {critical:.3f}; "
    "{p}",
    "picture.exact_fit.alt": "Histogram of {measure} in {replicates:,d} resamples, 95% below "
    "{critical:.3f}; a line at {statistic:.3f}.",
    "header.median_range": "Median [90%]",
    "header.difference_ci": "Difference [{level:%} CI]",
}
