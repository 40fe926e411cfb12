"""English words of the findings of invariance and what its lack costs; see `findings_en` for the placeholders."""

FINDINGS: dict[str, dict[str, str]] = {
    "improper_step": {
        "finding": "These steps of invariance have no admissible solution: {subjects}.",
        "evidence": "The {first} step ended with status {status}: {reason}",
        "meaning": "They cannot be judged, nor can the steps that follow.",
        "advice": "Fit each group alone to see which one is in trouble, and simplify the constructs "
        "it concerns: leave out the item, or merge constructs that overlap.",
    },
    "no_common_structure": {
        "finding": "The model does not fit the groups of {subject} even with nothing equal.",
        "evidence": "CFI is {cfi:.3r} and SRMR {srmr:.3r}; .90 and .08 are customary limits.",
        "meaning": "The items do not form the same constructs in every group.",
        "advice": "Fit the groups one by one and look at the modification indices, or explore the "
        "structure of each group with EFA; until then compare items, not constructs.",
    },
    "not_comparable": {
        "finding": "Means of the groups of {subject} must not be compared: {step} invariance is not "
        "reached.",
        "evidence": "CFI changes by {delta_cfi:.3r}, chi-square by {delta_chi2:.1f} on {delta_df} df; "
        "{level} invariance is reached. What differs most: {worst}.",
        "meaning": "Groups with the same opinion give different answers to some items, so a "
        "difference of means mixes opinion with the way of answering.",
        "advice": "Release what differs with .partial(), and see with tcs.invariance_cost(...) how "
        "many index points a comparison would misread; or leave those items out.",
    },
    "small_group": {
        "finding": "Group {subject} is small.",
        "evidence": "It has {n} respondents; {limit} is a usual minimum for these rules.",
        "meaning": "Real differences may stay hidden, and changes of fit are unreliable.",
        "advice": "Join it with a group that resembles it, or collect more answers; read its "
        "verdict with caution.",
    },
    "partial_invariance": {
        "finding": "Some parameters differ between the groups by choice: {subjects}.",
        "evidence": "{count} released after looking at the data; {level} invariance is reached with "
        "the others.",
        "meaning": "Comparisons rest on the items that stay equal; part of what was released may be "
        "chance.",
        "advice": "Report what was released, and repeat it on another sample or half of this one.",
    },
    "rules_disagree": {
        "finding": "The rules disagree on {subject} invariance.",
        "evidence": "The chi-square difference is {chi2:.1f} on {df:.0f} df, {p:p}; the change of "
        "fit is within its limits.",
        "meaning": "Something differs, but too little for the rules by which the step holds, which "
        "often pass over a single item that differs moderately.",
        "advice": "Look at tcs.release_tests(result.steps['{subject}']), and say in the report which "
        "rule decides; where one item stands out, compare with and without it.",
    },
    "rules_disagree_ordinal": {
        "finding": "The rules disagree on {subject} invariance.",
        "evidence": "The chi-square difference is {chi2:.1f} on {df:.0f} df, {p:p}; the change of "
        "fit is within its limits.",
        "meaning": "Something differs, but too little for the rules by which the step holds, which "
        "often pass over a single item that differs moderately.",
        "advice": "Say in the report which rule decides; the limits of change were found for "
        "continuous items. Free one item at a time by CFA(..., group_partial=[...]) and compare().",
    },
    "misread_difference": {
        "finding": "The index of {subject} misleads when {group} is compared with {first}.",
        "evidence": "Answering differently makes {cost:+.1f} points [{lower:.1f}, {upper:.1f}] of a "
        "difference of {observed:+.1f}; the constructs differ by {latent:+.1f}.",
        "meaning": "Who compares the indices takes a way of answering for an opinion.",
        "advice": "Compare the latent difference, or take the released items out of the index for "
        "comparisons of groups.",
    },
    "cost_without_anchors": {
        "finding": "What comparing the groups of {subject} costs cannot be told.",
        "evidence": "With {released} parameters released {step} invariance is still not reached.",
        "meaning": "Too few items are answered alike to tell opinion from way of answering.",
        "advice": "Look for items that should mean the same to every group and add them, or do not "
        "compare these groups.",
    },
}
