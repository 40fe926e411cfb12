"""English words of the findings of exploratory factors; see `findings_en` for the placeholders."""

FINDINGS: dict[str, dict[str, str]] = {
    "heywood": {
        "finding": "The factors claim to explain {subjects} completely (a Heywood case).",
        "evidence": "The uniqueness ended at its lower bound of {bound:.3r}.",
        "meaning": "No item is free of error: the solution is not a proper one.",
        "advice": "Ask for one factor less, or leave out an item that nearly repeats another.",
    },
    "no_common_factor": {
        "finding": "No factor stands out from chance.",
        "evidence": "Parallel analysis keeps {parallel_factor} factors; {used} was extracted.",
        "meaning": "The loadings describe noise.",
        "advice": "Do not read the factors; look at the wording, or collect more answers.",
    },
    "factors_limited": {
        "finding": "Fewer factors were extracted than parallel analysis suggests.",
        "evidence": "It suggests {parallel_factor}; this many items identify at most {most}.",
        "meaning": "What further factors hold is spread over those extracted.",
        "advice": "Add items, or read the factors as a summary only.",
    },
    "number_uncertain": {
        "finding": "The rules do not agree on the number of factors; {used} are shown.",
        "evidence": "Parallel analysis suggests {parallel_factor} (factors) and "
        "{parallel_component} (components); Kaiser's rule, which keeps too many, {kaiser}.",
        "meaning": "Another number may describe the items as well.",
        "advice": "Compare the solutions with one factor more and one less; keep the one whose "
        "factors can be named.",
    },
    "weak_item": {
        "finding": "{subjects} belong to no factor.",
        "evidence": "Their largest loadings reach {largest:.2r} at most; {minimum:.2r} is a usual "
        "minimum.",
        "meaning": "They measure something else, or little at all.",
        "advice": "Look at their wording; leave them out, or use them as single items.",
    },
    "cross_loading": {
        "finding": "{subjects} belong to more than one factor.",
        "evidence": "A second loading of {second:.2r} or more lies within {gap:.2r} of the largest.",
        "meaning": "They blur the difference between the factors.",
        "advice": "Leave them out of scales, or ask for one factor more and look again.",
    },
    "few_items_factor": {
        "finding": "{subject} rests on few items: {items}.",
        "evidence": "{count} items have their largest loading there; {fewest} are a usual minimum.",
        "meaning": "It may not return in another sample.",
        "advice": "Ask for one factor less, or write more items for it.",
    },
    "factors_overlap": {
        "finding": "{subjects} are nearly the same factor.",
        "evidence": "They correlate {correlation:.2r}; {limit:.2r} is a usual limit.",
        "meaning": "Customers do not tell them apart.",
        "advice": "Ask for one factor less, or join their items in one scale.",
    },
}
