"""English words of `micom` and `compare_groups`: findings and pictures."""

GROUPS: dict[str, dict[str, str]] = {
    "composition_differs": {
        "finding": "{subject} is not the same composite in {group} and {other}.",
        "evidence": "Scores with the weights of either correlate {correlation:.4r}; when labels are "
        "permuted 95% of the correlations are above {quantile:.4r} ({p:p}).",
        "meaning": "The items matter differently for it, so a difference of its paths or means may be "
        "one of measurement.",
        "advice": "Look for an item whose weight differs in result.fits[group].outer_weights, or "
        "analyze the groups by themselves and compare only paths among other constructs.",
    },
    "level_disturbs": {
        "finding": "Groups differ much in level, and their answers were permuted as they are.",
        "evidence": "The mean of {subject} differs by {difference:.2f} standard deviations between "
        "{group} and {other}.",
        "meaning": "Permuted groups hold that difference as common variance, so the tests of "
        "composition and of paths by permutation reject too often.",
        "advice": "Repeat with centered=True, which permutes answers about the means of their groups; "
        "for paths, compare with the Welch test.",
    },
    "micom_partial": {
        "finding": "Invariance of composites is partial: paths may be compared between groups of "
        "{group}, means may not, and respondents should not be pooled.",
        "evidence": "Composites are made alike; means differ for {means}, variances for {variances}.",
        "meaning": "A fit to all respondents mixes groups that differ in level or spread.",
        "advice": "Compare paths with tcs.compare_groups(...), and report each group by itself; for a "
        "fit to everyone, model the group.",
    },
    "micom_full": {
        "finding": "Composites are measured alike in all groups of {group}: paths may be compared, "
        "and respondents pooled.",
        "evidence": "Scores correlate {least:.4r} or more; no mean or variance differs.",
        "meaning": "No difference of measurement was found that stands against a comparison.",
        "advice": "Compare paths with tcs.compare_groups(...), or fit everyone together, which has the "
        "larger sample.",
    },
    "micom_undecided": {
        "finding": "No difference of measurement was found between groups of {group}, but "
        "{label} is too small for that to say much.",
        "evidence": "It has {smallest} respondents; below {limit} these tests find large differences "
        "only. Scores correlate {least:.4r} or more.",
        "meaning": "Composites may be measured alike, or the groups too small to show that they are "
        "not.",
        "advice": "Join small groups, or collect more answers; until then compare each group's weights "
        "in result.fits[group].outer_weights with their bootstrap intervals.",
    },
    "group_with_cautions": {
        "finding": "The fit to group {subject} of {by} has cautions of its own.",
        "evidence": "{said} In all: {count}.",
        "meaning": "Differences from this group may be those of a weak measurement.",
        "advice": "Read result.fits[group].verify(), and mend the item or the model for all groups.",
    },
    "group_without_solution": {
        "finding": "The fit to group {subject} of {by} is no proper solution.",
        "evidence": "{reason}",
        "meaning": "Differences from this group are not to be read.",
        "advice": "Look at result.fits[group].verify(), or join the group with one that resembles it.",
    },
    "permutations_lost": {
        "finding": "Some permutations of {subjects} ended without a solution.",
        "evidence": "{lost} of {permutations} ({share:%}).",
        "meaning": "The tests rest on the other permutations.",
        "advice": "Leave out items that hardly vary, or join small groups.",
    },
    "group_of_few": {
        "finding": "Group {subject} is small.",
        "evidence": "It has {n} respondents; below {limit} these tests find large differences only.",
        "meaning": "That no difference is found says little.",
        "advice": "Join it with a group that resembles it, or collect more answers; read the size of "
        "differences with their intervals.",
    },
    "groups_unequal": {
        "finding": "{subjects} differ much in size.",
        "evidence": "They have {large} and {small} respondents.",
        "meaning": "Where variances differ as well, permutation tests reject too often or too rarely.",
        "advice": "Compare with the Welch test, which allows for it, or repeat the comparison with a "
        "random part of the large group.",
    },
    "permutation_without_design": {
        "finding": "Permutations do not know of the sampling design of the survey.",
        "evidence": "They exchange respondents one by one between groups of {subject}.",
        "meaning": "Where respondents of a cluster resemble each other, p values of permutation tests "
        "are too small.",
        "advice": "Read the intervals, and the tests with bootstrap errors (Henseler, parametric, "
        "Welch), which draw clusters; or compare clusters as a whole.",
    },
    "paths_differ": {
        "finding": "{count} of {total} differences of paths between groups of {group} are significant.",
        "evidence": "{listing}; p adjusted by Holm, {method:@group_test}.",
        "meaning": "The construct acts more strongly in one group than in the other.",
        "advice": "Look at result.plot() and result.table() for their size and intervals, and "
        "set priorities for these groups by themselves.",
    },
    "no_path_differs": {
        "finding": "No path is shown to differ between groups of {group}.",
        "evidence": "The smallest, adjusted by Holm: {least:p} ({method:@group_test}).",
        "meaning": "That is no proof of equality: the intervals say how large a difference may be.",
        "advice": "Read ci_lower and ci_upper in result.table(); pool the groups if MICOM allows it "
        "and the intervals are narrow.",
    },
}

PICTURE = {
    "group_test.permutation": "permutation test",
    "group_test.henseler": "Henseler's bootstrap test",
    "group_test.parametric": "parametric test",
    "group_test.welch": "Welch test",
    "picture.micom.title.full": "Composites are measured alike in all groups of {group}",
    "picture.micom.title.partial": "Composites are made alike in all groups of {group}, but means or "
    "variances differ",
    "picture.micom.title.none": "{constructs}: not the same composite in all groups of {group}",
    "picture.micom.subtitle.two": "Correlation of scores made with the weights of either group",
    "picture.micom.subtitle.several": "Correlation of scores made with the weights of either group; for "
    "each construct the pair with the smallest p",
    "picture.micom.axis": "Correlation; bars: {level:%} of the permutations",
    "picture.micom.values": "Correlation  p",
    "picture.micom.label": "{construct} ({group}, {other})",
    "picture.micom.caption": "blue: compositional invariance rejected",
    "picture.micom.alt": "Dots for correlations of composites, bars for their values under permutation: "
    "{listing}.",
    "picture.groups.title.some": "{path} differs most between groups of {group}",
    "picture.groups.title.none": "No path is shown to differ between groups of {group}",
    "picture.groups.subtitle": "Standardized path coefficients with {level:%} intervals",
    "picture.groups.axis": "Path coefficient",
    "picture.groups.values": "p (Holm)",
    "picture.groups.caption": "bold: significant after adjustment; {method:@group_test}",
    "picture.groups.omnibus": "bold: significant after adjustment; permutation test of all groups at "
    "once",
    "picture.groups.alt": "Dots with intervals for the paths of each group: {listing}.",
    "picture.groups.of": "{group} {value}",
    "picture.differences.title.some": "{count} of {total} differences of paths are significant",
    "picture.differences.title.none": "No difference of paths is significant",
    "picture.differences.subtitle": "Differences between groups of {group} with {level:%} intervals",
    "picture.differences.axis": "Difference of path coefficients",
    "picture.differences.axis.two": "Difference of path coefficients ({group} − {other})",
    "picture.differences.shown": "the {shown} of {total} with the smallest p",
    "picture.differences.label": "{path} ({group} − {other})",
    "picture.differences.values": "Difference  p (Holm)",
    "picture.differences.caption": "blue: significant after adjustment; {method:@group_test}",
    "picture.differences.alt": "Dots with intervals for differences of paths: {listing}.",
}
