"""English words of the findings of screening; see `findings_en` for the placeholders."""

SCREENING: dict[str, dict[str, str]] = {
    "all_missing_item": {
        "finding": "Nobody answered {subject}.",
        "evidence": "Every answer in the column is missing, or a code of missing_codes or "
        "not_applicable.",
        "meaning": "No model that names {subject} can be fitted.",
        "advice": "Remove {subject} from the model, or look at the codes and at how the column was "
        "exported.",
    },
    "constant_item": {
        "finding": "Everybody gave {subject} the same answer.",
        "evidence": "All {n} answers are {value:g}.",
        "meaning": "An item that does not vary cannot be related to anything.",
        "advice": "Remove {subject} from the model, or look at whether the right column was "
        "exported.",
    },
    "identical_items": {
        "finding": "{subjects} hold the same answers.",
        "evidence": "The {count} columns agree for every respondent.",
        "meaning": "Most likely one column was copied; factor analysis and SEM cannot use both.",
        "advice": "Keep one of them, or replace the copy by the column that was meant.",
    },
    "outside_likely_scale": {
        "finding": "{subject} seems to contain codes that are not answers: {codes}.",
        "evidence": "{count} answers; the others lie between {low:g} and {high:g}.",
        "meaning": "A code read as an answer can turn every mean and correlation of the item.",
        "advice": "Name the codes in missing_codes=[...] (no answer) or not_applicable=[...] (does "
        "not apply), or state scale=(low, high) so that anything outside it is refused.",
    },
    "reversed_item": {
        "finding": "{subject} seems to run against the other items.",
        "evidence": "Its correlation with the sum of the other {others} is {correlation:.2r}.",
        "meaning": "It may be worded the other way round and not be recoded yet; then it lowers "
        "reliability and weakens every effect.",
        "advice": "Read its wording: if it is reversed, name it in reverse=[...]; if it is not, "
        "leave it out of this construct.",
    },
    "many_missing": {
        "finding": "{subjects} were often left unanswered.",
        "evidence": "More than {limit:%} of the answers are missing; most in {worst} ({share:%}).",
        "meaning": "Those who answered may differ from those who did not.",
        "advice": "Look at screening.missing_patterns for who left them out, or leave the items "
        "out of the model.",
    },
    "not_applicable": {
        "finding": "Some respondents have items that do not apply to them: {subjects}.",
        "evidence": "{count} of {n} respondents, most in {worst} ({share:%}).",
        "meaning": "That is no missing answer: it is not counted as one, and nothing stands for it. "
        "Means of these items are those of whom they apply to.",
        "advice": "Leave the items out of a model of all respondents, or fit it to those whom they "
        "apply to by survey.where(...).",
    },
    "not_applicable_left_out": {
        "finding": "Respondents are left out because an item does not apply to them: {subjects}.",
        "evidence": "{count} of {n} respondents ({share:%}); {silent} more left an answer out.",
        "meaning": "The results are about those to whom every item applies.",
        "advice": "Say so where the results are reported; or leave these items out of the model, so "
        "that it is about everybody.",
    },
    "not_applicable_kept": {
        "finding": "Respondents to whom an item does not apply count by their other items: {subjects}.",
        "evidence": "{count} of {n} respondents ({share:%}).",
        "meaning": "What these items have to do with the others is known only of whom they apply to, "
        "and carried over to the rest. That answers are missing at random is not the reason: these "
        "answers do not exist.",
        "advice": "Compare with a model of whom the items apply to (missing='listwise'), and with "
        "one without these items.",
    },
    "listwise_loss": {
        "finding": "Many respondents left at least one item unanswered.",
        "evidence": "{count} of {n} ({share:%}) are not complete.",
        "meaning": "Models that use every item leave them out, which costs precision and may bias "
        "the result.",
        "advice": "Use fewer items, or drop those with the most missing answers; compare those "
        "left out with the rest.",
    },
    "straight_lining": {
        "finding": "Some respondents gave one answer to item after item.",
        "evidence": "{count} ({share:%}) gave the same answer to more than {limit} of the {items} "
        "items in a row.",
        "meaning": "They may not have read the questions; they make items look more alike than "
        "they are.",
        "advice": "Look at them in screening.respondents, and run the study with and without them "
        "by survey.where(...).",
    },
    "duplicate_respondents": {
        "finding": "Some respondents gave exactly the same answers as another.",
        "evidence": "{count} agree with somebody else on all {items} items.",
        "meaning": "Rows may have been imported or submitted twice.",
        "advice": "Look at their ids in screening.respondents, and remove true copies.",
    },
    "few_respondents": {
        "finding": "There are few respondents for so many items.",
        "evidence": "{n} respondents, {items} items; five per item ({needed}) is a usual minimum.",
        "meaning": "Correlations are too uncertain for factor analysis and SEM, and intervals "
        "will be wide.",
        "advice": "Use fewer items, or ask more respondents; with no more respondents than items "
        "only PLS and the index can be computed.",
    },
    "ceiling": {
        "finding": "The answers to {subjects} crowd at the top.",
        "evidence": "In {worst} {share:%} chose the highest answer.",
        "meaning": "The item hardly separates satisfied customers from very satisfied ones.",
        "advice": "Report the share of the top answer beside the mean, or ask with a stronger "
        "wording next time.",
    },
    "floor": {
        "finding": "The answers to {subjects} crowd at the bottom.",
        "evidence": "In {worst} {share:%} chose the lowest answer.",
        "meaning": "The item hardly separates dissatisfied customers from very dissatisfied ones.",
        "advice": "Look at whether the item is reversed or rarely applies, and report the share "
        "of the lowest answer beside the mean.",
    },
    "kmo_low": {
        "finding": "The items share too little for factor analysis.",
        "evidence": "The Kaiser-Meyer-Olkin measure is {kmo:.2r}; .60 is customary, below .50 "
        "unacceptable.",
        "meaning": "Correlations between pairs are not carried by common factors.",
        "advice": "Leave out the items with the lowest measure, or ask more items about each "
        "subject.",
    },
    "kmo_item_low": {
        "finding": "{subjects} share too little with the other items.",
        "evidence": "The lowest sampling adequacy is {kmo:.2r} ({worst}); .50 is customary.",
        "meaning": "No common factor will describe these items.",
        "advice": "Leave them out of the factor analysis, or use them as single items.",
    },
    "not_correlated": {
        "finding": "The items may not be correlated at all.",
        "evidence": "Bartlett's test of sphericity has {p:p}.",
        "meaning": "A factor analysis would describe noise.",
        "advice": "Do not factor these items; look at the wording, or collect more answers.",
    },
}
