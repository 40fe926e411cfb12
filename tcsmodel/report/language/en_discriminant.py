"""English words of `discriminant_validity`: findings and the picture."""

DISCRIMINANT: dict[str, dict[str, str]] = {
    "constructs_one": {
        "finding": "{subjects} cannot be told apart in these answers.",
        "evidence": "They correlate {correlation:.2r} [{ci_lower:.2r}, {ci_upper:.2r}]; the interval "
        "reaches 1.",
        "meaning": "One construct behind both sets of items is compatible with the data, so their "
        "separate effects are not known.",
        "advice": "Merge them or put a second-order construct above them; or collect more answers, "
        "which narrow the interval.",
    },
    "constructs_close": {
        "finding": "{subjects} are hard to tell apart.",
        "evidence": "They correlate {correlation:.2r} [{ci_lower:.2r}, {ci_upper:.2r}]; tested against "
        "{cutoff:.2r} or more, {p:p}.",
        "meaning": "They may differ, but what is said of the one nearly holds for the other.",
        "advice": "Look for items that ask about both and leave them out, or treat the two as one "
        "and compare the conclusions.",
    },
}

PICTURE = {
    "picture.distinct.title.none": "All constructs can be told apart",
    "picture.distinct.title.one": "{pairs} cannot be told apart",
    "picture.distinct.title.close": "{pairs} are hard to tell apart",
    "picture.distinct.title.many": "{count} pairs of constructs are hard or impossible to tell apart",
    "picture.distinct.subtitle": "Correlations of the constructs, free of measurement error",
    "picture.distinct.pair": "{first} – {second}",
    "picture.distinct.axis": "Correlation",
    "picture.distinct.limit": "{limit:.2r}",
    "picture.distinct.key": "{level:%} intervals; blue: reaching {limit:.2r} or more",
    "picture.distinct.alt": "Dots with intervals for {total} correlations of constructs; {count} reach "
    "{limit:.2r}: {pairs}.",
    "header.correlation_ci": "Correlation [{level:%} CI]",
}
