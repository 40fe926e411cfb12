"""English words of the findings of ordinal items; see `findings_en` for the placeholders."""

FINDINGS: dict[str, dict[str, str]] = {
    "thresholds_untested": {
        "finding": "Equal thresholds of {subjects} are supposed, not tested.",
        "evidence": "Three categories have two thresholds each, which set the scale of the variable "
        "behind ({count} item(s)).",
        "meaning": "The step of thresholds fits as well as the one before, whatever the groups do.",
        "advice": "Say so in the report; to test thresholds ask with four categories or more.",
    },
    "rare_category": {
        "finding": "Some answers of {subjects} are rare.",
        "evidence": "Answers in the rarest category: {count}; below {limit} its threshold says little.",
        "meaning": "Correlations of these items lean on few respondents, and a bootstrap loses the "
        "replicates without them.",
        "advice": "Join a rare category with its neighbour, or check that the results stay as they "
        "are when you do.",
    },
    "empty_cell": {
        "finding": "No respondent combines some answers to these items: {subjects}.",
        "evidence": "Two-way tables with an empty cell: {count}, of 2 x 2 answers or where more than "
        "{limit:.1f} respondents were to be expected, which is beyond chance.",
        "meaning": "The correlation of a 2 x 2 table then rests on the half answer that is counted in "
        "its empty cell; that of a larger one, on normal variables that would not leave it empty.",
        "advice": "See whether one answer rules the other out, as after a filter question, and leave "
        "one of the items out; else check that the results stay as they are without it.",
    },
    "extreme_correlation": {
        "finding": "Behind their answers these items are all but the same: {subjects}.",
        "evidence": "Correlations of 1 or -1, or nearly: {count}.",
        "meaning": "Their table has empty cells on one side, so that the model measures one item "
        "twice.",
        "advice": "Leave one of the items out, or join rare categories.",
    },
    "correlations_not_definite": {
        "finding": "The polychoric correlations are impossible as a set.",
        "evidence": "Their least eigenvalue is {eigenvalue:.3f}.",
        "meaning": "Each pair has its own respondents and table; robust fit measures are not known.",
        "advice": "Join rare categories or leave out an item that nearly repeats another; with "
        "missing='pairwise', compare with 'listwise'.",
    },
    "underlying_not_normal": {
        "finding": "The variables behind the answers are not normal, as polychoric correlations "
        "presume.",
        "evidence": "The information about these correlations is {ratio:.2f} of that which their "
        "standard errors count on; below {limit:.2f} with z {z:.1f}.",
        "meaning": "Standard errors without a bootstrap are too small by about as much, and the "
        "scaled chi-square rejects right models too often; the correlations can be off as well.",
        "advice": "Take intervals from .bootstrap(1000, seed=1), or, with five categories or more, "
        "compare with ordered=False and estimator='mlr'.",
    },
}
