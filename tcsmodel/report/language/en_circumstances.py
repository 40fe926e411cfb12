"""English words of the findings about the sample behind a PLS model and the shape of its paths."""

CIRCUMSTANCES: dict[str, dict[str, str]] = {
    "few_for_model": {
        "finding": "{n} respondents are few for this model.",
        "evidence": "It weights {items} items, and its largest regression has {largest} "
        "variables: {needed} respondents or more are wanted. Of this many, only paths of about "
        "{smallest:.2r} or more are found with a power of 80%.",
        "meaning": "Weights, loadings and paths will hardly repeat in another sample; that a path is "
        "not shown to differ from zero says little.",
        "advice": "Collect more answers, or use fewer items and antecedents; until then read "
        "intervals, not estimates.",
    },
    "gaps_filled_with_means": {
        "finding": "Many missing answers are filled with the mean of their item: {subjects}.",
        "evidence": "More than {limit:%} of the answers to {count} are missing; most of {item}, "
        "{share:%}.",
        "meaning": "A mean varies with nothing: it lowers variances, correlations and paths, and "
        "intervals come out too narrow.",
        "advice": "Use missing='fiml', which takes what the other answers say of a missing one, or "
        "leave out the item with the most gaps.",
    },
    "pairs_of_few": {
        "finding": "Some correlations come from few of the respondents: that of {subjects}.",
        "evidence": "{fewest} of {n} answered.",
        "meaning": "Correlations of different respondents stand in one matrix, as if everyone had "
        "answered everything; the respondents behind some of them are few and may be special.",
        "advice": "Use missing='fiml', which needs no pairs, or leave out the item with the most gaps.",
    },
    "model_in_parts": {
        "finding": "The paths leave the model in {count} parts that know nothing of each other.",
        "evidence": "One part each: {listing}.",
        "meaning": "No construct of one part moves, or weights the items of, any of another; indices "
        "and priorities of a target see its own part only.",
        "advice": "Add the path that joins the parts, or fit each part as a model of its own.",
    },
    "single_item_mode_b": {
        "finding": "{subject} is Mode B and has one item only.",
        "evidence": "It is {item}, standardized, whatever its mode.",
        "meaning": "Mode B regresses on items; of one there is nothing to weight.",
        "advice": "Write {subject} =~ {item}, or ask more of what forms {subject}.",
    },
}
