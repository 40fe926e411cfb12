"""English words of the findings of key drivers; see `findings_en` for the placeholders."""

FINDINGS: dict[str, dict[str, str]] = {
    "weak_model": {
        "finding": "The drivers explain little of {subject}.",
        "evidence": "R2 is {r_squared:.2r}, adjusted {r_squared_adj:.2r}; {minimum:.2r} is a usual minimum.",
        "meaning": "Shares of a small whole: most of what moves {subject} is not among the drivers.",
        "advice": "Add the touchpoints that are not asked yet, or look at segments on their own.",
    },
    "high_vif": {
        "finding": "{subject} says nearly the same as the other drivers.",
        "evidence": "Its variance inflation factor is {vif:.1f}; 5 is a usual caution, 10 a limit.",
        "meaning": "Its regression weight is unstable; its share is divided with its neighbors.",
        "advice": "Read the shares, not the weights; or join it with the driver it resembles most.",
    },
    "negative_beta": {
        "finding": "The weight of {subject} points against its correlation with {target}.",
        "evidence": "Weight {beta:.2r} (t = {t:.1f}), correlation {corr:.2r}.",
        "meaning": "The other drivers already carry what it says (suppression); its share tells "
        "how much it explains, not in which direction to act.",
        "advice": "Do not act on the sign of the weight; look at {subject} alone, or join it with "
        "the driver it resembles most.",
    },
    "order_uncertain": {
        "finding": "Which driver of {target} comes first cannot be told: {subjects}.",
        "evidence": "Each of these {count} may rank first (P between {p_low:.2r} and {p_high:.2r}).",
        "meaning": "Another sample could put any of them on top.",
        "advice": "Treat them as one group, or decide among them by cost and performance; more "
        "answers narrow the ranks.",
    },
}
