"""English sentences of the report."""

REPORT: dict[str, str] = {
    "report.title": "{target}: what drives it and what to improve first",
    "report.kind": "Customer satisfaction study",
    "report.skip": "Skip to the findings",
    "report.contents": "Contents",
    "report.figure": "Figure {number}.",
    "report.table": "Table {number}.",
    "report.hero": "of 100: the {target} index ({level:%} CI {lower:.1f} to {upper:.1f})",
    "report.causal": "A survey at one time shows what goes together. Words such as 'drives' and "
    "'raises' describe the model, not an experiment.",
    "report.failed": "{stage} could not be computed. {reason}",
    "report.not_run": "What could not be computed",
    "report.notes": "Notes ({count})",
    "report.cautions": "What the stages warned of ({count})",
    "report.used": "used here",
    "report.complete": "none: complete",
    "section.findings": "Findings in five sentences",
    "section.trust": "Can these results be trusted?",
    "section.answers": "Who answered, and how",
    "section.structure": "The perceived structure",
    "section.model": "The model",
    "section.index": "The index",
    "section.drivers": "The drivers",
    "section.priorities": "The priorities",
    "section.appendix": "Appendix",
    "stage.screening": "The screening",
    "stage.factorability": "The check of factorability",
    "stage.efa": "The exploratory factor analysis",
    "stage.cfa": "The confirmatory factor analysis",
    "stage.sem": "The covariance-based model (SEM)",
    "stage.pls": "The PLS path model",
    "stage.gate": "The structure gate",
    "stage.index": "The index",
    "stage.drivers": "The key-driver analysis",
    "stage.priorities": "The order of priorities",
    "finding.finding": "Finding",
    "finding.evidence": "Evidence",
    "finding.meaning": "What it means",
    "finding.advice": "What to do",
    "severity.problem": "Problem",
    "severity.caution": "Caution",
    "severity.note": "Note",
    "fact.sample": "Respondents",
    "fact.respondents": "Respondents collected",
    "fact.used": "Used by the models",
    "fact.used_of": "{used} used of {all}",
    "fact.used_of_simulated": "{used} used of {all}, simulated: nobody was asked",
    "fact.items": "Items in the model",
    "fact.model": "Model",
    "fact.model_is": "constructs: {constructs}, items: {items}, paths: {paths}",
    "fact.methods": "Methods",
    "fact.methods_are": "PLS ({scheme} scheme) with {replicates}; {level:%} intervals",
    "fact.methods_sem": "PLS ({scheme} scheme) with {replicates}; SEM by maximum likelihood; {level:%} "
    "intervals",
    "fact.replicates_drawn": "{count:,} bootstrap replicates",
    "fact.replicates_given": "{count:,} replicate weights",
    "fact.missing": "Missing answers",
    "fact.weights": "Weights",
    "fact.group": "Groups",
    "fact.strata": "Sampling strata",
    "fact.cluster": "Sampling clusters",
    "fact.replicates": "Replicate weights",
    "fact.replicates_are": "{count:,} ({kind})",
    "fact.wave": "Waves",
    "fact.none": "none",
    "fact.seed": "Seed",
    "fact.software": "Software",
    "fact.versions": "versions",
    "fact.hash": "Data (SHA-256)",
    "missing.listwise": "respondents with a gap are left out (listwise)",
    "report.gate.passed": "The structure gate is passed: no problems (cautions: {n_cautions}, "
    "notes: {n_notes}).",
    "report.gate.not_passed": "The structure gate is not passed (problems: {n_problems}, cautions: "
    "{n_cautions}, notes: {n_notes}). Read what follows with these findings in mind.",
    "report.gate.clear": "The structure gate is passed: nothing was found against reliability, "
    "distinctness, collinearity and admissibility.",
    "report.screening": "What looks odd in the answers",
    "report.screening.clear": "Nothing odd was found in the answers.",
    "report.flag": "{flag} ({count})",
    "report.flags": "Respondents flagged for {flags}. Nobody was left out for it.",
    "flag.straight_lining": "one answer to item after item",
    "flag.outlier": "an unusual combination of answers",
    "flag.duplicate": "the same answers as somebody else",
    "flag.many_missing": "half of the answers missing",
    "report.split.halves": "The structure was explored on one random half of the complete "
    "respondents (n = {n_efa}) and confirmed on the other (n = {n_cfa}).",
    "report.split.everyone": "Exploration and confirmation both used all complete respondents (n = "
    "{n_efa}), because halves would need {needed} in all; so the confirmation looks better than it "
    "would on new answers.",
    "report.factorability": "Do the items share enough?",
    "report.factorability.text": "The Kaiser-Meyer-Olkin measure of the {items} items is {kmo:.2r} "
    "(lowest: {lowest}, {least:.2r}); Bartlett's test of sphericity gives χ²({df}) = {chi2:.2f}, "
    "{p}.",
    "report.efa": "Exploration: how many factors?",
    "report.efa.one": "One factor was extracted from n = {n}; it explains {cumulative:%} of the "
    "variance of the items: χ²({df}) = {chi2:.2f}, {p}, RMSEA {rmsea:.3r} (90% CI {lower:.3r} to "
    "{upper:.3r}).",
    "report.efa.many": "{factors} factors were extracted from n = {n}; together they explain "
    "{cumulative:%} of the variance of the items: χ²({df}) = {chi2:.2f}, {p}, RMSEA {rmsea:.3r} (90% "
    "CI {lower:.3r} to {upper:.3r}).",
    "report.cfa": "Confirmation: does the intended structure fit?",
    "report.cfa.text": "The measurement model was fitted to n = {n}: χ²({df}) = {chi2:.2f}, {p}, CFI "
    "{cfi:.3r}, RMSEA {rmsea:.3r} (90% CI {lower:.3r} to {upper:.3r}), SRMR {srmr:.3r}.",
    "report.cfa.improper": "This solution is not admissible: its estimates are those of no "
    "population and must not be reported. The reasons are named with the model below.",
    "report.reliability": "How reliable are the scales?",
    "report.distinct": "Can the constructs be told apart?",
    "report.model.text": "The same specification was estimated by PLS ({scheme} scheme), which "
    "describes composites of the items, and by covariance-based SEM, which models the latent "
    "variables behind them.",
    "report.model.pls": "The model was estimated by PLS ({scheme} scheme), which describes composites of "
    "the items.",
    "report.fit": "Fit",
    "report.improper": "Not admissible: {models}. The estimates are those of no population and must "
    "not be reported; PLS prints calm numbers for the same data because it never checks this.",
    "report.paths": "Paths",
    "report.index.text": "The {target} index is a mean over respondents. {definition}.",
    "report.impacts": "What raises {target}?",
    "report.definitions": "The same answers by other definitions",
    "report.drivers.text": "How much of the differences in {target} goes with {drivers}? Together "
    "they explain R² = {r_squared:.2r} of its index; the shares divide that among them, what they "
    "have in common included.",
    "report.priorities.text": "A driver is worth improving when it matters and when there is room: "
    "the points that {target} would gain if the driver were perfect.",
    "report.priorities.gate": "The structure gate is not passed, so this order holds only for "
    "constructs that can be told apart; see 'Can these results be trusted?'.",
    "report.full_tables": "Full tables",
    "report.how": "How it was computed",
    "report.model_text": "Model",
    "report.formulas": "Formulas and references",
    "report.repeat": "How to repeat it",
    "report.repeat.code": "With the same answers in survey (see the hash of the data)",
    "formula.index": "Index: Σ share × 100 (answer − low) / (high − low), the shares of a "
    "construct's items summing to 1. Fornell, Johnson, Anderson, Cha & Bryant (1996), Journal of "
    "Marketing 60(4).",
    "formula.impacts": "Impact: total effect × SD of the source's score / SD of the target's score, "
    "in index units.",
    "formula.priorities": "Potential gain: impact × (100 − index). Ringle & Sarstedt (2016), "
    "Industrial Management & Data Systems 116(9).",
    "formula.lmg": "Share of R²: mean gain in R² over all orders in which the drivers can enter. "
    "Lindeman, Merenda & Gold (1980); Grömping (2006), Journal of Statistical Software 17(1).",
    "formula.pls": "PLS path modelling: Wold (1982); Lohmöller (1989); ECSI model: Tenenhaus, "
    "Esposito Vinzi, Chatelin & Lauro (2005), Computational Statistics & Data Analysis 48(1).",
    "formula.alpha": "α = k r̄ / (1 + (k − 1) r̄) with the mean correlation r̄ of k items. Cronbach "
    "(1951), Psychometrika 16.",
    "formula.rho": "ρC = (Σλ)² / ((Σλ)² + Σ(1 − λ²)) with PLS loadings λ; ρA: Dijkstra & Henseler "
    "(2015), MIS Quarterly 39(2).",
    "formula.ave": "AVE = mean of λ². Fornell & Larcker (1981), Journal of Marketing Research 18(1).",
    "formula.htmt": "HTMT = mean correlation between the items of two constructs / geometric mean of "
    "the mean correlations within them. Henseler, Ringle & Sarstedt (2015), Journal of the Academy "
    "of Marketing Science 43(1).",
    "formula.f_squared": "f² = (R² − R² without the path) / (1 − R²), construct scores kept. Cohen "
    "(1988).",
    "formula.sem": "SEM: maximum likelihood with n in the likelihood. Jöreskog (1969), Psychometrika "
    "34(2); fit: Hu & Bentler (1999), Structural Equation Modeling 6(1).",
    "formula.parallel": "Parallel analysis: Horn (1965), Psychometrika 30(2), on the reduced "
    "correlation matrix, 95th percentile.",
    "formula.replicate_weights": "Intervals: Student's t with the variance of the replicate weights, "
    "about the estimate. Wolter (2007), Introduction to Variance Estimation.",
    "formula.bootstrap": "Intervals: nonparametric bootstrap. Efron (1979), Annals of Statistics 7(1); "
    "percentiles where no other kind is named.",
}
