"""English words about effects that pass through others, or depend on them."""

EFFECTS: dict[str, dict[str, str]] = {
    "competitive_mediation": {
        "finding": "The direct and the indirect effect of {subjects} oppose each other.",
        "evidence": "Direct {direct:.2r}, indirect {indirect:.2r}; both intervals leave out zero.",
        "meaning": "The total effect hides both. Some mediator that the model lacks may carry the "
        "direct effect.",
        "advice": "Report both effects instead of the total, or think of another mediator and ask "
        "about it.",
    },
    "direct_path_left_out": {
        "finding": "The model has no direct path for {subjects}.",
        "evidence": "Of {count} of the indirect effects the direct one is held at zero.",
        "meaning": "That everything is mediated is an assumption there, not a finding.",
        "advice": "Add the direct path to see whether it is zero, or say that theory leaves it out.",
    },
}

PICTURE = {
    "picture.mediation.title": "How {source} reaches {target}: {kind:@mediation}",
    "picture.mediation.title.many": "Which effects pass through other constructs",
    "picture.mediation.subtitle": "Effects in standard deviations of the construct reached",
    "picture.mediation.direct": "direct",
    "picture.mediation.indirect": "all ways through others",
    "picture.mediation.via": "through {stops}",
    "picture.mediation.total": "total",
    "picture.mediation.pair": "{source} → {target}: {effect}",
    "picture.mediation.axis": "Effect",
    "picture.mediation.key": "{level:%} intervals; blue: leaving out zero",
    "picture.mediation.alt": "Dots with intervals of {count} effects: {listing}.",
    "picture.slopes.title.rises": "The effect of {source} on {target} rises with {moderator}",
    "picture.slopes.title.falls": "The effect of {source} on {target} falls with {moderator}",
    "picture.slopes.title.even": "Whether {moderator} changes the effect of {source} is open",
    "picture.slopes.title.untested": "The effect of {source} on {target} by {moderator}",
    "picture.slopes.subtitle": "Expected {target}, in standard deviations; other constructs at their "
    "means",
    "picture.slopes.line": "{moderator} {at}: slope {slope} {interval}",
    "picture.slopes.line.mean": "mean",
    "picture.slopes.line.away": "{at} SD",
    "picture.slopes.x": "{source} (standard deviations from its mean)",
    "picture.slopes.y": "{target}",
    "picture.slopes.alt": "Lines of {target} over {source}: {listing}.",
    "mediation.complementary": "directly and through others",
    "mediation.competitive": "two ways that oppose each other",
    "mediation.indirect only": "only through others",
    "mediation.direct only": "only directly",
    "mediation.none": "no clear effect",
    "mediation.untested": "through others, as the model assumes",
    "header.effect_ci": "Effect [{level:%} CI]",
}
