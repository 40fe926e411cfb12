"""English words of the findings about separate fits to units, such as firms."""

UNITS: dict[str, dict[str, str]] = {
    "units_too_few": {
        "finding": "{count} of {total} in {by} have too few respondents to be fitted: {named}.",
        "evidence": "The smallest has {least}; the model needs {needed}.",
        "meaning": "There are no numbers for them.",
        "advice": "Use a model of fewer items, join small units, or ask more respondents there.",
    },
    "units_constant": {
        "finding": "{count} of {total} in {by} gave one answer only to an item: {named}.",
        "evidence": "It is the case for {items}.",
        "meaning": "An item that does not vary cannot covary; there are no numbers for them.",
        "advice": "Leave the item out of the model, or join these units with others.",
    },
    "units_redundant": {
        "finding": "{count} of {total} in {by} have items that repeat each other: {named}.",
        "evidence": "The correlation matrix of their items is singular.",
        "meaning": "The likelihood has no value there; there are no numbers for them.",
        "advice": "Look for respondents who answered all items alike, or leave one item out.",
    },
    "units_unanswered": {
        "finding": "{count} of {total} in {by} left items without an answer, or never answered two "
        "of them together: {named}.",
        "evidence": "It is the case for {items}.",
        "meaning": "Nothing says how such items covary; there are no numbers for these units.",
        "advice": "Leave an item out of the model, or join these units with others.",
    },
    "units_singular": {
        "finding": "{count} of {total} in {by} do not determine every parameter: {named}.",
        "evidence": "The information matrix at their solution is singular.",
        "meaning": "Standard errors are missing, and the estimates are one of many that fit.",
        "advice": "Simplify the model, or look at result[unit].verify() for the parameter.",
    },
    "units_not_converged": {
        "finding": "{count} of {total} in {by} did not converge: {named}.",
        "evidence": "The search ended at its last iteration.",
        "meaning": "Their numbers are not a solution and must not be read.",
        "advice": "Simplify the model, or join these units with others.",
    },
    "units_ridge": {
        "finding": "{count} of {total} in {by} leave a loading or path undetermined: {named}.",
        "evidence": "Its standardized value has a standard error above one.",
        "meaning": "Constructs overlap there so far that their paths can take any value.",
        "advice": "Merge constructs that cannot be told apart, or read result[unit].verify(), which "
        "names them.",
    },
    "units_improper": {
        "finding": "{count} of {total} in {by} have an improper solution: {named}.",
        "evidence": "A variance is negative or a correlation above one.",
        "meaning": "Small samples do that by chance; a model that does not fit does it often.",
        "advice": "Read result[unit].verify() for the culprit, fit with bounds='standard', or join "
        "small units.",
    },
    "units_undetermined": {
        "finding": "{count} of {total} in {by} do not determine weights or paths: {named}.",
        "evidence": "Of {unit}: {reason}",
        "meaning": "There are no numbers for them, or none that one may read.",
        "advice": "result.status has the reason for each; use a model of fewer items or constructs, or "
        "join these units with others.",
    },
    "units_of_few": {
        "finding": "{count} of {total} in {by} have few respondents for this model: {named}.",
        "evidence": "The smallest has {least}; {needed} or more are wanted.",
        "meaning": "Their weights, loadings and paths will hardly repeat in another sample.",
        "advice": "Read their intervals rather than their order, join small units, or ask more "
        "respondents there.",
    },
    "units_negative_weight": {
        "finding": "In {count} of {total} in {by} items count against their construct: {named}.",
        "evidence": "Outer weights of {items} are negative there.",
        "meaning": "A better answer lowers the score there, so these units are not measured as others "
        "are.",
        "advice": "Look whether the item was asked or coded the other way round there, or leave it out "
        "for all units.",
    },
    "units_low_loading": {
        "finding": "In {count} of {total} in {by} items say little about their construct: {named}.",
        "evidence": "Loadings of {items} are low there.",
        "meaning": "The construct is something else there, or the sample too small to tell.",
        "advice": "Read result[unit].verify(), or leave the item out for all units.",
    },
    "units_collinear_items": {
        "finding": "In {count} of {total} in {by} items in Mode B repeat each other: {named}.",
        "evidence": "Variance inflation of {items} is high there.",
        "meaning": "Which of the items carries the weight is chance there.",
        "advice": "Estimate the construct in Mode A, or drop one of the items for all units.",
    },
    "units_collinear": {
        "finding": "In {count} of {total} in {by} the sources of a construct overlap: {named}.",
        "evidence": "It is the case for {targets}.",
        "meaning": "The separate paths there cannot be trusted, not even their signs.",
        "advice": "Read result[unit].vif, or merge constructs that cannot be told apart.",
    },
    "units_negative_share": {
        "finding": "In some units items count against the index of {target}: {subjects}.",
        "evidence": "The share of {items} is negative in these of {total} units.",
        "meaning": "A better answer lowers the index there, and it can leave 0-100: these units are "
        "not comparable with others.",
        "advice": "Look whether the item was asked or coded the other way round there, or take "
        "kind='equal' for all units.",
    },
    "units_inside_cluster": {
        "finding": "Some units lie inside one cluster of the survey: {subjects}.",
        "evidence": "It is the case for {count}.",
        "meaning": "Nothing says how clusters of these units would differ: their intervals are those of "
        "respondents drawn one by one from that cluster.",
        "advice": "Read their intervals as being about that cluster alone, or take clusters into the "
        "survey that have several in each unit.",
    },
    "units_without_design": {
        "finding": "The intervals of {subject} do not know of the sampling design of the survey.",
        "evidence": "Respondents of a unit are taken as drawn one by one.",
        "meaning": "Replicate weights say how estimates of all respondents vary, not of one unit with "
        "a model of its own: intervals are likely too narrow; the indices are right.",
        "advice": "Where one model holds for all units, read tcs.satisfaction_index(result).by(...), "
        "which counts the design; or name the clusters, Survey(..., cluster=), where they are known.",
    },
    "unit_replicates_lost": {
        "finding": "Some bootstrap replicates of {count} of {total} units did not end.",
        "evidence": "The worst is {unit}: {share:.0%} of its replicates.",
        "meaning": "The intervals of these units rest on the replicates that ended.",
        "advice": "Look at the items of these units for ones that hardly vary, or read their index "
        "with the interval of fixed weights: bootstrap=0.",
    },
}
