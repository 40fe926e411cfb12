"""English words of the findings about hidden segments."""

SEGMENTS: dict[str, dict[str, str]] = {
    "segments_none": {
        "finding": "There are no hidden segments that these respondents would show.",
        "evidence": "Of 1 to {most} segments one is best by {criteria}, among those that can be told apart.",
        "meaning": "One model describes everybody as well as several would.",
        "advice": "Report the model of all; compare groups that you know, such as brands, instead.",
    },
    "segments_disagree": {
        "finding": "The criteria do not agree on the number of segments.",
        "evidence": "AIC3 says {aic3}, CAIC {caic}, AIC4 {aic4}, BIC {bic}; {k} is taken.",
        "meaning": "The answers do not tell how many segments there are, if any.",
        "advice": "Compare the solutions on each side, or collect more answers; do not name "
        "segments yet.",
    },
    "segments_degenerate": {
        "finding": "There is no solution with {numbers} segments.",
        "evidence": "All {starts} starts ended with a segment of a few respondents whom its "
        "regressions fit exactly.",
        "meaning": "The likelihood has no maximum there: so many segments are too many.",
        "advice": "Read the solutions with fewer segments, or try starts=100.",
    },
    "segments_not_converged": {
        "finding": "The solution with {segments} segments did not converge.",
        "evidence": "The likelihood still rose at the last iteration.",
        "meaning": "Its likelihood is nearly flat, which too many segments make it.",
        "advice": "Read a solution with fewer segments, or collect more answers.",
    },
    "segments_fuzzy": {
        "finding": "{segments} segments would have the least BIC, but can hardly be told apart.",
        "evidence": "Their normed entropy is {entropy:.2r}; {limit:.2r} is the least for a clear "
        "partition.",
        "meaning": "Respondents are in several segments at once, and few would be targeted rightly, "
        "so this number was passed over.",
        "advice": "Report the model of all, or explain the differences by groups that you know.",
    },
    "segments_one_start": {
        "finding": "Only one of {starts} starts found the solution with {segments} segments.",
        "evidence": "All others ended at lower maxima of the likelihood.",
        "meaning": "A better one may not have been found yet.",
        "advice": "Try starts={more}, or another seed, and see whether the segments stay.",
    },
    "segments_unchecked": {
        "finding": "Nobody has looked whether the {segments} segments come back.",
        "evidence": "Mixtures and clusters find segments in any sample.",
        "meaning": "They may be those of this sample alone.",
        "advice": "Call .bootstrap(50, seed=7) and read the verdict, or split the sample in half.",
    },
    "segments_unstable": {
        "finding": "The {segments} segments do not come back in other samples, so act as if there "
        "were none.",
        "evidence": "The median adjusted Rand index over {replicates} bootstrap samples is "
        "{agreement:.2r}; {limit:.2r} is the least.",
        "meaning": "Another sample would put respondents together in another way.",
        "advice": "Report the model of all, try fewer segments, or collect more answers.",
    },
    "segment_small": {
        "finding": "Segment {segment} is too small for its regressions.",
        "evidence": "It has {least} respondents; {arrows} arrows into one construct need about "
        "{needed}.",
        "meaning": "Its paths are hardly determined, and it may be a handful of odd answers.",
        "advice": "Look at these respondents one by one, or take a solution with fewer segments.",
    },
    "classes_moving": {
        "finding": "Respondents kept moving between the {segments} classes, so there are none.",
        "evidence": "{share:%} still moved in iteration {iterations}.",
        "meaning": "No class has a model that its members are closest to.",
        "advice": "Report the model of all, or try another number of segments, or tcs.fimix().",
    },
    "classes_by_chance": {
        "finding": "The {segments} classes fit no better than classes of a sample without any.",
        "evidence": "The group quality index is {gqi:.2r}; in a share of {p:.2r} of simulated "
        "samples without classes it was as high.",
        "meaning": "Sorting respondents by fit raises the fit, classes or not.",
        "advice": "Report the model of all, or compare groups that you know, such as brands.",
    },
    "pos_unfinished": {
        "finding": "The search for {segments} segments did not come to an end.",
        "evidence": "At its last step a move still raised the mean R2.",
        "meaning": "Other segments explain more than these.",
        "advice": "Try another seed, or fewer segments.",
    },
    "pos_by_chance": {
        "finding": "The {segments} segments explain no more than segments of a sample without any.",
        "evidence": "They add {gain:.2r} to the mean R2; in simulated samples without segments such "
        "a search typically adds {typical:.2r}, and in a share of {p:.2r} as much.",
        "meaning": "Sorting respondents by how well they are predicted raises R2, segments or not.",
        "advice": "Report the model of all, or compare groups that you know, such as brands.",
    },
    "pos_one_start": {
        "finding": "Only one of {starts} starts came to these segments.",
        "evidence": "All others ended where the mean R2 is lower.",
        "meaning": "Better ones may not have been found yet.",
        "advice": "Try starts={more}, or another seed, and see whether the segments stay.",
    },
}

STRINGS: dict[str, str] = {
    "picture.segments.title.NONE": "No hidden segments that these respondents would show",
    "picture.segments.title.UNCHECKED": "The criteria suggest {count} segments; see whether they come "
    "back",
    "picture.segments.title.SEGMENTS": "{count} hidden segments, which come back in other samples",
    "picture.segments.subtitle": "Information criteria by number of segments, above the least of each "
    "(large dot)",
    "picture.segments.entropy": "normed entropy of {listing}",
    "picture.segments.alt": "Four curves over the number of segments. The least is at {listing}.",
    "picture.segments.x": "Number of segments",
    "picture.segments.axis": "Above the least",
    "picture.paths.title.differ": "{path} differs most between segments",
    "picture.paths.title.none": "No segments that hold: {path} would differ most",
    "picture.paths.title.one": "One segment: the paths of all",
    "picture.paths.subtitle": "Paths of the model of all and of each segment",
    "picture.paths.caption": "in units of the scores; look at the verdict before reading them",
    "picture.paths.alt": "Cells with paths of all, then of each segment: {listing}.",
    "picture.paths.all": "All",
    "picture.paths.segment": "{number} (n = {n})",
}
