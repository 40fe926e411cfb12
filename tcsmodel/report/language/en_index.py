"""English words of the findings of the index, impacts and priorities; see `findings_en` for the placeholders."""

FINDINGS: dict[str, dict[str, str]] = {
    "negative_share": {
        "finding": "Item {item} counts against the index of {subject}.",
        "evidence": "Its share of the index is {share:.2r}.",
        "meaning": "A better answer to it would lower the index, and the index can leave 0-100.",
        "advice": "Reverse the item if it is worded against the others, or leave it out.",
    },
    "no_index": {
        "finding": "There is no 0-100 index of {subjects}.",
        "evidence": "The limits of the scale of at least one item of each are not known.",
        "meaning": "What has no index is left out of the index table, the drivers and the priorities.",
        "advice": "State the limits with Survey(..., scale=...), or leave the constructs out.",
    },
    "impact_at_means": {
        "finding": "The impacts of {subjects} on {target} are those at the mean of what moderates "
        "them.",
        "evidence": "On the way to {target} there are products: {interactions}.",
        "meaning": "Where a moderator is low or high, a point more of the other construct is worth "
        "less or more than the table of impacts says.",
        "advice": "Read index.moderated_impacts beside it, or pls.simple_slopes(...) for the paths.",
    },
    "index_without_drivers": {
        "finding": "No construct of the model leads to {subject}.",
        "evidence": "There is no path to it, so its index has no impacts.",
        "meaning": "The index itself stands; what would move it, the model does not say.",
        "advice": "Choose the target that the paths lead to, or add a path to {subject}.",
    },
    "negative_importance": {
        "finding": "A better {subject} goes with a lower {target}.",
        "evidence": "Its total effect is {importance:.2f} points per point.",
        "meaning": "Raising it would not pay by this model; mostly this is overlap with other "
        "drivers rather than a true harm.",
        "advice": "Check the wording of its items for reversed ones, and its overlap with other "
        "drivers in the structure gate.",
    },
    "tied_priorities": {
        "finding": "The order of {subjects} cannot be told.",
        "evidence": "Each is first in between {p_lowest:%} and {p_highest:%} of the draws.",
        "meaning": "They share the first place: a new sample could turn their order round.",
        "advice": "Choose among them by cost and feasibility, or ask more respondents.",
    },
    "unstable_quadrant": {
        "finding": "{subjects} may belong to another quadrant of the priority map.",
        "evidence": "Their quadrant holds in as few as {lowest:%} of the draws; "
        "{threshold:%} is wanted.",
        "meaning": "They lie near a line of the map, so the quadrant's name says too much.",
        "advice": "Read their position with its interval instead of the quadrant, or ask more "
        "respondents.",
    },
    "same_respondents": {
        "finding": "Exploration and confirmation used the same respondents.",
        "evidence": "Each half would hold {n_half} complete respondents; {needed} are needed for "
        "{n_items} items.",
        "meaning": "The confirmatory fit looks better than it would on new answers.",
        "advice": "Confirm the structure on the next wave, or collect at least {n_needed} complete "
        "answers.",
    },
}
