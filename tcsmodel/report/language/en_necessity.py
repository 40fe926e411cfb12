"""English words about necessary conditions, the combined map and the map of items."""

PICTURE: dict[str, str] = {
    "picture.ceiling.title.needed": "{condition} is a necessary condition of {target} (d = {effect:.2r})",
    "picture.ceiling.title.not": "{condition} is not shown to be necessary for {target} "
    "(d = {effect:.2r})",
    "picture.ceiling.subtitle": "Nobody stands in the shaded corner: it is the share d of the "
    "whole space",
    "picture.ceiling.caption": "n = {n}; {permutations:,} permutations, seed {seed}; space: {scope:@scope}; "
    "larger points: more respondents",
    "picture.ceiling.alt": "Scatter of {target} over {condition} under two ceilings; the empty "
    "corner is {effect:.2r} of the space, {p:p}.",
    "picture.ceiling.steps": "Step ceiling (CE-FDH)",
    "picture.ceiling.line": "Straight ceiling (CR-FDH)",
    "scope.observed": "from the smallest to the largest seen",
    "scope.scale": "the limits of the scale",
    "picture.bottleneck.title.some": "What high {target} needs: {sure}",
    "picture.bottleneck.title.none": "No condition is shown to be necessary for {target}",
    "picture.bottleneck.subtitle": "Level of each condition (column) without which a level of {target} (row) "
    "was not reached, % of the range",
    "picture.bottleneck.caption": "n = {n}; empty: any level will do; bold: necessary conditions",
    "picture.bottleneck.alt": "Table of necessary levels; the highest {target} needs: {listing}.",
    "picture.combined.title.some": "{driver} holds {below:%} back from {goal:g} on {target}",
    "picture.combined.title.none": "No driver is shown to be necessary for {target}",
    "picture.combined.subtitle": "Importance and performance of the drivers; larger: more respondents lack "
    "what {target} at {goal:g} needs",
    "picture.combined.caption": "blue: necessary conditions; dashed lines: means of the drivers",
    "picture.combined.point": "{driver} (importance {importance:.2f}, performance "
    "{performance:.1f}, holds back {below:%})",
    "picture.combined.alt": "Map of importance against performance for {target}: {listing}.",
    "picture.dimensions.title": "Of all parts {dimension} ({driver}) leaves most to gain: "
    "{gain:.1f} points",
    "picture.dimensions.subtitle": "What one more point of each part adds to {target}, against where "
    "the part stands",
    "picture.dimensions.x": "Importance: points of {target} per point of the part",
    "picture.dimensions.y": "Performance (index 0–100, axis zoomed)",
    "picture.dimensions.cuts": "dashed lines: means of the parts ({importance:.2f} and "
    "{performance:.1f}); crosses: intervals; blue: parts of {driver}",
    "picture.items.title": "Of all items {item} ({driver}) leaves most to gain: {gain:.1f} points",
    "picture.items.subtitle": "What one more point of each item adds to {target}, against where "
    "the item stands",
    "picture.items.x": "Importance: points of {target} per point of the item",
    "picture.items.y": "Performance (mean on 0–100, axis zoomed)",
    "picture.items.cuts": "dashed lines: means of the items ({importance:.2f} and "
    "{performance:.1f}); crosses: intervals; blue: items of {driver}",
}

FINDINGS: dict[str, dict[str, str]] = {
    "necessary_condition": {
        "finding": "{subject} is a necessary condition of {target}.",
        "evidence": "The empty corner is d = {effect:.2r} of the space ({size} by Dul 2016), {p:p}.",
        "meaning": "Without enough of {subject} nobody here has a high {target}, whatever else is "
        "good; having it is no guarantee.",
        "advice": "Look up in the bottleneck table which level your goal needs, and lift those "
        "below it first; ask theory too whether one can go without.",
    },
    "not_necessary": {
        "finding": "{subjects} cannot be called necessary for {target}.",
        "evidence": "The largest effect is d = {effect:.2r} and the smallest {p:p}; customary "
        "are d of {least:.2r} or more with p below .05.",
        "meaning": "Respondents without it reach a high {target} as well, or chance makes as large "
        "an empty corner. It may still raise {target} on average.",
        "advice": "Judge it by its importance instead, and look at the scatter for single "
        "respondents who fill the corner.",
    },
    "necessity_of_clusters": {
        "finding": "The test of necessity does not know of the clusters of this survey.",
        "evidence": "Shuffles take respondents as drawn one by one.",
        "meaning": "Its p values for {subject} are too small where respondents of a cluster are "
        "alike.",
        "advice": "Read the effects rather than their p values, or repeat the analysis on one respondent per "
        "cluster.",
    },
    "necessity_of_filled_answers": {
        "finding": "Some of the levels under these ceilings were never given as answers.",
        "evidence": "{filled} of {n} respondents have gaps that were filled in.",
        "meaning": "A ceiling rests on single respondents; a filled answer can hold it up or leave "
        "a corner empty.",
        "advice": "Repeat the analysis with missing='listwise', and look whether the respondents in "
        "corners() answered everything.",
    },
    "corner_of_one": {
        "finding": "A single respondent decides that {subject} is not necessary.",
        "evidence": "The effect is d = {effect:.2r}; without that respondent it would be {without:.2r}.",
        "meaning": "One honest exception disproves a necessity, but so does one careless answer.",
        "advice": "Look this respondent up (corners() gives the levels) and screen the answers; then "
        "decide whether the exception is real.",
    },
    "few_corners": {
        "finding": "The straight ceiling over {subject} rests on almost nothing.",
        "evidence": "The step ceiling has {corners} corners to draw it through.",
        "meaning": "One respondent more or less can turn the line.",
        "advice": "Use the steps, ceiling='ce_fdh', or collect more answers at low levels.",
    },
    "inaccurate_ceiling": {
        "finding": "Many respondents stand above the straight ceiling over {subject}.",
        "evidence": "{accuracy:%} are on or below it; 95% is customary.",
        "meaning": "A straight line does not describe where the empty corner begins.",
        "advice": "Use the steps, ceiling='ce_fdh', and look at the scatter.",
    },
    "bottleneck": {
        "finding": "A lack of {subject} holds {below:%} of the respondents back from {goal:g} on {target}.",
        "evidence": "Nobody below {required:.1f} on {subject} reached it.",
        "meaning": "For them nothing else will do until {subject} is better.",
        "advice": "Lift these respondents to {required:.0f} first, or find out who they are with "
        "index.respondents.",
    },
    "goal_out_of_reach": {
        "finding": "By its ceiling no level of {subject} is enough for {goal:g} on {target}.",
        "evidence": "The straight ceiling is still below the goal at the highest level.",
        "meaning": "The line says more than the respondents do; some may have reached the goal.",
        "advice": "Use the steps, ceiling='ce_fdh', or a lower goal.",
    },
}
