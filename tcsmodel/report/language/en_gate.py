"""English words of the findings of the gate between measurement and structure; see `findings_en` for the placeholders."""

FINDINGS: dict[str, dict[str, str]] = {
    "low_alpha": {
        "finding": "The answers to {subject} do not hang together well.",
        "evidence": "Cronbach's alpha is {alpha:.2r} over {n_items} items; {threshold:.2r} is "
        "customary.",
        "meaning": "Effects of and on {subject} are weakened by error and change from sample to "
        "sample.",
        "advice": "Look for an item with a low loading and leave it out, or ask more items of the "
        "same kind next time; until then read its paths with caution.",
    },
    "low_ave": {
        "finding": "{subject} explains less than half of what its items vary in.",
        "evidence": "Average variance extracted (AVE) is {ave:.2r}; {threshold:.2r} is customary.",
        "meaning": "The items share less with each other than each has of its own.",
        "advice": "Leave out the item with the lowest loading, or split the construct where its "
        "items ask about different things.",
    },
    "htmt_high": {
        "finding": "{subjects} are hard to tell apart.",
        "evidence": "HTMT is {htmt:.2r}; from {threshold:.2r} on two constructs overlap.",
        "meaning": "Customers answer both sets of questions in nearly the same way, so their "
        "separate effects are uncertain.",
        "advice": "Move or drop the items that ask about both, or treat the two as one construct "
        "and compare the conclusions.",
    },
    "htmt_indistinct": {
        "finding": "{subjects} cannot be told apart in these answers.",
        "evidence": "HTMT is {htmt:.2r} [{ci_lower:.2r}, {ci_upper:.2r}]; the interval reaches 1, so "
        "a single construct is compatible with the data.",
        "meaning": "This survey cannot say which of the two has an effect, or is affected.",
        "advice": "Merge them or put a second-order construct above them, or keep the model and "
        "interpret only their joint effect.",
    },
    "merge_candidates": {
        "finding": "{subjects} may be one construct for these customers.",
        "evidence": "Every pair of them has an HTMT of {lowest:.2r} or more.",
        "meaning": "The theory keeps them apart; the answers do not.",
        "advice": "Fit the model with these merged and see whether index and priorities change, or "
        "join them under a second-order construct.",
    },
    "collinear": {
        "finding": "{subject} overlaps with the other sources of {target}.",
        "evidence": "Its variance inflation factor is {vif:.1f}, above {threshold:.1f}.",
        "meaning": "Its own path to {target} has a wider interval than the sample size suggests.",
        "advice": "Read the overlapping sources together rather than each path, or look at the "
        "driver shares, which divide what they have in common.",
    },
    "improper_sem": {
        "finding": "The covariance-based solution ({subject}) is not admissible.",
        "evidence": "The fit ended with the status '{status}'; troubles named in this table: {count}.",
        "meaning": "Its estimates are not those of any population, so they must not be reported; "
        "PLS prints calm numbers for the same data because it never checks this.",
        "advice": "Merge the constructs that cannot be told apart, or drop weak items, and fit "
        "again; until then read the PLS paths as descriptions of composites.",
    },
    "methods_disagree_sign": {
        "finding": "PLS and covariance-based SEM give opposite signs.",
        "evidence": "{count} of {total} paths differ in sign: {subjects}.",
        "meaning": "The direction of these effects depends on the method: the data leave it open.",
        "advice": "Do not interpret these paths; look for constructs that overlap among their "
        "sources, and merge or drop one.",
    },
    "methods_disagree": {
        "finding": "PLS and covariance-based SEM disagree about which paths differ from zero.",
        "evidence": "{count} of {total} paths: {subjects}.",
        "meaning": "Evidence for these effects rests on the method that found it.",
        "advice": "Report both estimates with their intervals, or collect more respondents before "
        "relying on these paths.",
    },
    "htmt_uncertain": {
        "finding": "These answers do not settle whether some constructs are distinct: {pairs}.",
        "evidence": "Their HTMT ratios of {lowest:.2r} to {highest:.2r} lie below {threshold:.2r}, "
        "but the intervals end between {upper_lowest:.2r} and {upper_highest:.2r}: none excludes "
        "1.",
        "meaning": "The constructs of a pair may be two, measured with much error, or one.",
        "advice": "Ask more, and more reliable, items of the weaker one, or more respondents; do "
        "not merge on this evidence alone, and do not compare their separate effects.",
    },
}
