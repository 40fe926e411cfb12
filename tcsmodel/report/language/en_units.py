"""English words of the findings about separate fits to units, such as firms."""

UNITS: dict[str, dict[str, str]] = {
    "units_too_few": {
        "finding": "{count} of {total} in {by} have too few respondents to be fitted: {named}.",
        "evidence": "The smallest has {least}; the items of the model need {needed}.",
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
}
