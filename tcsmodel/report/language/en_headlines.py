"""English words of the findings of the headlines of a report and of its next steps; see `findings_en` for the placeholders."""

FINDINGS: dict[str, dict[str, str]] = {
    "stage_failed": {
        "finding": "The stage '{subject}' could not be computed.",
        "evidence": "{reason}",
        "meaning": "Everything else stands without it.",
        "advice": "Do what the reason says and run the study again, or report without this stage.",
    },
    "headline_index": {
        "finding": "{subject} stands at {index:.1f} of 100 points ({level:%} CI {ci_lower:.1f} to "
        "{ci_upper:.1f}; {kind:@weights}, n = {n}).",
        "evidence": "Mean of the respondents' indices; the interval estimates the item weights "
        "anew in every replicate.",
        "meaning": "0 is the lowest answer to every item, 100 the highest.",
        "advice": "Compare it only with an index of the same definition, and with intervals.",
    },
    "headline_index_turned": {
        "finding": "The index of {subject} cannot be read ({index:.1f} of 100): a better answer to "
        "{items} lowers it.",
        "evidence": "Items with a negative share of the index.",
        "meaning": "What follows from the index, drivers and priorities, cannot be read either.",
        "advice": "Reverse the items if they are worded against the others, or leave them out.",
    },
    "headline_drivers_turned": {
        "finding": "What explains {subject} is not told: its index runs against {items}.",
        "evidence": "The outcome of the key drivers is that index.",
        "meaning": "Shares of R2 would explain a mixture of satisfaction and its opposite.",
        "advice": "Reverse {items} or leave them out, and run the study again.",
    },
    "headline_priority_turned": {
        "finding": "No priority is told: gains of {subject} would be counted against {items}.",
        "evidence": "Priorities are ranked by the points that the index gains.",
        "meaning": "The order may point at what lowers satisfaction.",
        "advice": "Reverse {items} or leave them out, and run the study again.",
    },
    "headline_driver": {
        "finding": "{subject} carries the largest part of what explains {target}: {share:%} "
        "({level:%} CI {ci_lower:%} to {ci_upper:%}) of R2 = {r_squared:.2r}.",
        "evidence": "Shares of R2 averaged over all orders of entry (LMG).",
        "meaning": "Customers who differ in {target} differ most in {subject}.",
        "advice": "Look at its items, and at the shares of the others beside it.",
    },
    "headline_drivers": {
        "finding": "{subjects} are the strongest drivers of {target}, together {share:%} of "
        "R2 = {r_squared:.2r}; their order cannot be told.",
        "evidence": "Each of them may rank first at a level of {level:%}.",
        "meaning": "Customers who differ in {target} differ most in these.",
        "advice": "Treat them as one group, or decide among them by cost and performance.",
    },
    "headline_priority": {
        "finding": "Improve {subject} first: {target} stands {impact:.1f} points higher ({level:%} "
        "CI {ci_lower:.1f} to {ci_upper:.1f}) for every {rise:.0f} points of it, and it comes first "
        "in {p_first:%} of the draws.",
        "evidence": "Ranked by potential gain: total effect times the distance to 100.",
        "meaning": "Its performance of {performance:.1f} leaves room that matters.",
        "advice": "Start with its weakest item, and measure again after the change.",
    },
    "headline_tie": {
        "finding": "Improve one of {subjects} first: which one cannot be told (each comes first in "
        "{p_lowest:%} to {p_first:%} of the draws).",
        "evidence": "Ranked by potential gain: total effect times the distance to 100.",
        "meaning": "A new sample could turn their order round.",
        "advice": "Choose among them by cost and feasibility, or ask more respondents.",
    },
    "headline_order": {
        "finding": "Improve {subject} first: {target} stands {impact:.1f} points higher for every "
        "{rise:.0f} points of it.",
        "evidence": "Ranked by potential gain: total effect times the distance to 100.",
        "meaning": "How sure this order is needs a bootstrap.",
        "advice": "Run .bootstrap(5000, seed=7), then read the probabilities.",
    },
    "headline_trusted": {
        "finding": "No problem stands against these results (cautions: {n_cautions}).",
        "evidence": "Reliability, distinctness, collinearity and admissibility were checked.",
        "meaning": "The constructs can be measured and told apart.",
        "advice": "Read the cautions, and report them with the results.",
    },
    "headline_overlap": {
        "finding": "Do not read the separate effects of {subjects}: customers hardly tell them "
        "apart (problems in the structure gate: {n_problems}).",
        "evidence": "Their HTMT ratios are .90 or more.",
        "meaning": "Which of them drives the outcome is not settled by these answers.",
        "advice": "See the structure gate for each pair, and for what to do.",
    },
    "headline_overlap_improper": {
        "finding": "Do not read the separate effects of {subjects}: customers hardly tell them "
        "apart, and the covariance-based solution is not admissible (problems in the structure "
        "gate: {n_problems}).",
        "evidence": "Their HTMT ratios are .90 or more, and SEM or CFA ended improperly.",
        "meaning": "Which of them drives the outcome is not settled by these answers.",
        "advice": "See the structure gate for each pair, and for what to do.",
    },
    "headline_unreliable": {
        "finding": "Read effects of {subjects} with caution: their scales are not reliable "
        "(problems in the structure gate: {n_problems}).",
        "evidence": "Cronbach's alpha is below .60.",
        "meaning": "Effects are weakened by error and change from sample to sample.",
        "advice": "See the structure gate for the evidence, and for what to do.",
    },
    "headline_problems": {
        "finding": "The structure gate lists problems with these results: {n_problems}.",
        "evidence": "Besides, cautions: {n_cautions}.",
        "meaning": "The numbers concerned must not be used as they are.",
        "advice": "Start with the first one of the table, and run the study again.",
    },
    "next_merge": {
        "finding": "Next: fit the model with {subjects} merged, and act only on what both versions "
        "say.",
        "evidence": "They overlap most in these answers.",
        "meaning": "A conclusion that survives the merging does not hinge on telling them apart.",
        "advice": "Merge them in the model text, or join them under a second-order construct.",
    },
    "next_mend": {
        "finding": "Next: mend what the structure gate lists first ({subjects}), and run the study "
        "again.",
        "evidence": "It is the worst finding of the gate.",
        "meaning": "What follows from it may change.",
        "advice": "See its advice in the gate, or leave out what it concerns.",
    },
    "next_turn": {
        "finding": "Next: look at the wording and the coding of {subjects}, reverse or leave out, "
        "and run the study again.",
        "evidence": "Each counts against the index that it belongs to.",
        "meaning": "Until then no number that rests on the index means what it says.",
        "advice": "Name items worded against the others in reverse=[...], others leave out.",
    },
    "next_repair": {
        "finding": "Next: mend the stages that could not be computed, and run the study again.",
        "evidence": "Their reasons are listed.",
        "meaning": "Without them there is no order of improvements.",
        "advice": "Correct the data or the model as the reasons say.",
    },
    "next_act": {
        "finding": "Next: raise {subject} by {step:.0f} points, and measure {target} again.",
        "evidence": "It has the largest potential gain.",
        "meaning": "Only a new wave shows whether the change worked.",
        "advice": "Choose its weakest items, and keep the questions unchanged.",
    },
}
