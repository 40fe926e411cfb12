"""English words of the findings of how PLS is assessed; see `findings_en` for the placeholders."""

FINDINGS: dict[str, dict[str, str]] = {
    "not_converged": {
        "finding": "{subject} did not converge.",
        "evidence": "It stopped after {iterations} iterations.",
        "meaning": "Its numbers are not a solution and must not be read.",
        "advice": "Simplify the model, check items for wrong direction, or collect more answers.",
    },
    "fornell_larcker": {
        "finding": "{subject} shares more with {other} than with its own items.",
        "evidence": "The root of its AVE is {root_ave:.2r}, its correlation with {other} is "
        "{corr:.2r} (Fornell-Larcker rule).",
        "meaning": "By the classic rule the two are not distinct.",
        "advice": "Look at the HTMT of the pair, and drop the items of {subject} that load highly "
        "on {other}.",
    },
    "low_loading": {
        "finding": "{subject} says little about {construct}.",
        "evidence": "Its loading is {loading:.2r}; below {limit:.2r} an item is usually dropped.",
        "meaning": "Most of what moves the answers to {subject} is something else.",
        "advice": "Read its wording beside the other items of {construct}, then leave it out, or "
        "keep it when the theory needs it and report the loading.",
    },
    "modest_loading": {
        "finding": "Some items of {subject} share less than half of their variance with it.",
        "evidence": "{items}: the lowest loading is {lowest:.2r}; {limit:.2r} is customary.",
        "meaning": "Such items are common in satisfaction surveys; they cost reliability.",
        "advice": "Keep them while alpha and AVE of {subject} are acceptable; else look first at "
        "the lowest, and reword it or leave it out.",
    },
    "negative_weight": {
        "finding": "{subject} counts against {construct}.",
        "evidence": "Its outer weight is {weight:.2r}.",
        "meaning": "A better answer to {subject} lowers the score of {construct}, which is seldom "
        "meant.",
        "advice": "Reverse the item if it is worded against the others, or leave it out; in Mode B "
        "look first for items that repeat each other.",
    },
    "collinear_items": {
        "finding": "Items of {subject} repeat each other.",
        "evidence": "The variance inflation factor of {item} is {vif:.1f}; above {limit:.0f} its "
        "weight is unstable.",
        "meaning": "Which of these items carries the weight is chance; the construct itself is "
        "less affected.",
        "advice": "Drop one of the items that say the same, or estimate {subject} in Mode A.",
    },
    "dependent_items": {
        "finding": "Some items of {subject} can be computed from its other items.",
        "evidence": "Among {items} one repeats another exactly, or is a sum of others.",
        "meaning": "What they share counts twice in {subject}, and its reliability looks better "
        "than it is.",
        "advice": "Drop the repeated item or the total, or look for a copying error in the data.",
    },
    "collinear_antecedents": {
        "finding": "The sources of {target} overlap: {antecedents}.",
        "evidence": "The variance inflation factor of {source} is {vif:.1f}; above {limit:.0f} "
        "paths are unstable.",
        "meaning": "The separate paths to {target} cannot be trusted, not even their signs; their "
        "joint effect can.",
        "advice": "Merge constructs that cannot be told apart, or drop the path that the theory "
        "needs least.",
    },
    "replicate_weights_lost": {
        "finding": "Some replicate weights do not determine {subject}, so it has no standard errors.",
        "evidence": "{lost} of {replicates} ended without a solution.",
        "meaning": "Each of them stands for a part of the sample and cannot be left out.",
        "advice": "Use fewer constructs or items, or collect more answers.",
    },
    "replicates_lost": {
        "finding": "Some bootstrap replicates of {subject} ended without a solution.",
        "evidence": "{lost} of {replicates} ({share:%}).",
        "meaning": "The intervals describe the other replicates and may be too narrow.",
        "advice": "Use fewer constructs or items, or collect more answers.",
    },
    "replicates_lost_few": {
        "finding": "A few bootstrap replicates of {subject} ended without a solution.",
        "evidence": "{lost} of {replicates} ({share:%}).",
        "meaning": "The intervals describe the other replicates; so few hardly move them.",
        "advice": "Report how many were lost, and draw again with another seed to see that the "
        "intervals stay where they are.",
    },
    "ignored_by_pls": {
        "finding": "PLS does not use everything that the model text states.",
        "evidence": "Ignored: {ignored}.",
        "meaning": "The estimates are those of the model without these marks.",
        "advice": "Remove them for PLS, or use SEM, which honors them.",
    },
    "correlation_above_one": {
        "finding": "The model implies a correlation beyond one between {subjects}.",
        "evidence": "It is {corr:.3f}.",
        "meaning": "The items of the two constructs share more than their reliability allows: they "
        "measure one thing.",
        "advice": "Merge the two constructs, or put a second-order construct above them.",
    },
    "inadmissible_correction": {
        "finding": "Corrected for unreliability, {subject} has a solution that no data can have.",
        "evidence": "Its reliability rho_A is {rho_a:.2f}, its largest loading {loading:.2f} and "
        "its R2 {r_squared:.2f}; none may exceed 1.",
        "meaning": "Its items do not agree with one factor, or the model has two names for one "
        "thing.",
        "advice": "Leave out the item with the lowest loading, or read the fit without the "
        "correction: consistent=False.",
    },
    "correction_replicates": {
        "finding": "In some bootstrap replicates consistent PLS has a solution that no data can have.",
        "evidence": "{share:%} of {replicates}: a reliability, a loading, a correlation or an R2 "
        "above 1. They are kept.",
        "meaning": "The correction is at its limit in samples of this size; intervals are wide "
        "because of it, and would be too narrow without these replicates.",
        "advice": "Read the bootstrap intervals rather than the standard errors, or compare with "
        "consistent=False.",
    },
}
