"""English words of prediction: findings and pictures."""

FINDINGS: dict[str, dict[str, str]] = {
    "folds_lost": {
        "finding": "Some training folds gave PLS no solution.",
        "evidence": "{lost} of {folds} were lost; who was held out there is not judged by them.",
        "meaning": "The model hardly can be estimated from fewer answers than there are.",
        "advice": "Leave out one respondent at a time (folds='loo'), or fewer items; look for items "
        "that hardly vary.",
    },
    "item_not_predicted": {
        "finding": "The model predicts items of {subject} no better than their mean: {items}.",
        "evidence": "The lowest Q2 predict is {lowest:.2r}.",
        "meaning": "For these items the model has no predictive relevance.",
        "advice": "Leave these items out of claims about prediction, or find antecedents that say "
        "something about them.",
    },
    "linear_model_impossible": {
        "finding": "The linear model has no coefficients for {subjects}.",
        "evidence": "Its regressors are linearly dependent, or as many as the respondents of a "
        "training fold.",
        "meaning": "Nothing is said about predictive power beside it.",
        "advice": "Look for items that repeat others, or use regressors='antecedents', which are "
        "fewer.",
    },
    "predictive_power_none": {
        "finding": "The model has no predictive power for {subject}.",
        "evidence": "Items with a smaller RMSE than the linear model: 0 of {items} (Shmueli et al. "
        "2019).",
        "meaning": "A regression without constructs predicts every item better: what the model adds "
        "is explanation, if anything.",
        "advice": "Do not sell the model as a forecast of {subject}; look at the paths to it and at "
        "items that predict past their construct.",
    },
    "predictive_power_low": {
        "finding": "The model has low predictive power for {subject}.",
        "evidence": "Items with a smaller RMSE than the linear model: {better} of {items} (Shmueli et "
        "al. 2019).",
        "meaning": "A regression without constructs predicts most of the items better.",
        "advice": "Use the model to explain {subject} rather than to forecast it; look at items that "
        "predict past their construct.",
    },
    "predictive_power_medium": {
        "finding": "The model has medium predictive power for {subject}.",
        "evidence": "Items with a smaller RMSE than the linear model: {better} of {items} (Shmueli et "
        "al. 2019).",
        "meaning": "Half or more of the items are predicted better than by a regression without "
        "constructs.",
        "advice": "Report it as medium; name the items that the linear model predicts better, or test "
        "the difference with prediction.cvpat().",
    },
    "consistent_prediction": {
        "finding": "Predictions come from corrected paths and uncorrected scores.",
        "evidence": "Consistent PLS corrects loadings and paths for unreliability; the scores that "
        "they are applied to are not free of error.",
        "meaning": "Predictions lie too far from the mean, so errors are larger than they need be.",
        "advice": "Predict with consistent=False, and keep the corrected model for what it says about "
        "effects.",
    },
    "no_better_than_average": {
        "finding": "{subject}: predictions are not shown to be better than the means of the items.",
        "evidence": "The losses differ by {difference:.2f}, {p:p} (one-sided).",
        "meaning": "The model has no predictive validity there (Sharma et al. 2023).",
        "advice": "Do not forecast from the model there; collect more answers, or find antecedents "
        "that say more.",
    },
    "no_better_than_linear": {
        "finding": "{subject}: predictions are not shown to be better than those of the linear model.",
        "evidence": "The losses differ by {difference:.2f}, {p:p} (one-sided).",
        "meaning": "The predictive validity is not strong (Sharma et al. 2023).",
        "advice": "Report it beside the comparison with the means; or let items that predict past "
        "their construct suggest a path.",
    },
    "no_better_than_other": {
        "finding": "{subject}: predictions are not shown to be better than those of the other model.",
        "evidence": "The losses differ by {difference:.2f}, {p:p} (one-sided).",
        "meaning": "Prediction is no reason to prefer this model there.",
        "advice": "Choose by theory and parsimony; or compare the other way round to see whether the "
        "other model is better.",
    },
}

PICTURE = {
    "picture.prediction.title.all": "PLS predicts every item better than a linear model",
    "picture.prediction.title.some": "PLS predicts {better} of {count} items better than a linear model",
    "picture.prediction.title.none": "PLS predicts no item better than a linear model",
    "picture.prediction.title.unknown": "PLS predicts {better} of {count} items better than their mean",
    "picture.prediction.subtitle": "Errors for respondents held out (RMSE, in answer units); smaller is "
    "better",
    "picture.prediction.axis": "RMSE",
    "picture.prediction.pls": "PLS",
    "picture.prediction.linear": "linear model",
    "picture.prediction.average": "mean of the training fold",
    "picture.prediction.header": "PLS / linear",
    "picture.prediction.caption": "folds: {folds:,d}; repetitions: {repetitions:,d}; bold: PLS below "
    "the linear model",
    "picture.prediction.alt": "RMSE of PLS and of the linear model by item: {listing}.",
    "picture.cvpat.title.yes": "The model predicts better than the {benchmark}",
    "picture.cvpat.title.no": "The model is not shown to predict better than the {benchmark}",
    "picture.cvpat.overall": "All items",
    "picture.cvpat.average": "mean",
    "picture.cvpat.linear": "linear model",
    "picture.cvpat.other model": "other model",
    "picture.cvpat.row": "{construct} – {benchmark}",
    "picture.cvpat.subtitle": "Difference of squared errors, PLS minus benchmark; below zero PLS is "
    "better",
    "picture.cvpat.axis": "Difference of average losses",
    "picture.cvpat.caption": "bold: one-sided p below {limit:.2r}",
    "picture.cvpat.alt": "Dots with intervals for differences of losses: {listing}.",
}
