"""English words of the findings of power studies; see `findings_en` for the placeholders."""

FINDINGS: dict[str, dict[str, str]] = {
    "power_lost": {
        "finding": "Some samples give no solution.",
        "evidence": "At n = {n} {share:%} of the replications reached no minimum; they do not count.",
        "meaning": "In such a sample nothing could be reported, and the power of the others flatters "
        "the design.",
        "advice": "Plan more respondents, or more items for each construct.",
    },
    "power_improper": {
        "finding": "Some samples give a solution that cannot be reported.",
        "evidence": "At n = {n} {improper:%} of the replications have a negative variance or a "
        "correlation beyond one, and in {ridge:%} a coefficient is hardly determined.",
        "meaning": "A study of this size may end in the same way.",
        "advice": "Plan more respondents, give the constructs more or better items, or merge "
        "constructs that nearly coincide.",
    },
    "power_fixed": {
        "finding": "Loadings or paths have no power because the text fixes them ({count} in all).",
        "evidence": "{first} is no parameter of the fits, which hold it at its value.",
        "meaning": "What is not estimated cannot be found or missed.",
        "advice": "Write start({value})*{source} for what is so in the population and is to be estimated, or "
        "name it in parameters=; leave fixed what the study will fix.",
    },
    "power_bias": {
        "finding": "Estimates are off their population values in {count} of the parameters.",
        "evidence": "At n = {n} by {size:%} on average for {worst}; 10% is a usual limit.",
        "meaning": "Maximum likelihood needs a larger sample for this model.",
        "advice": "Plan more respondents, or leave out what so small a value cannot support.",
    },
    "power_se_bias": {
        "finding": "Standard errors do not match the spread of the estimates in {count} of the "
        "parameters.",
        "evidence": "At n = {n} they are off by {size:%} for {worst}; 10% is a usual limit.",
        "meaning": "Tests and intervals promise another precision than there is, so this power is "
        "not what a bootstrap would give.",
        "advice": "Plan more respondents, or bootstrap the intervals.",
    },
    "power_coverage": {
        "finding": "Intervals do not hold the true value as often as they say for {count} of the "
        "parameters.",
        "evidence": "At n = {n} those of {worst} hold it in {coverage:%} of the replications.",
        "meaning": "The sample is too small for intervals by standard errors.",
        "advice": "Plan more respondents, or bootstrap the intervals.",
    },
}
