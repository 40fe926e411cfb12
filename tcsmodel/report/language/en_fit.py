"""English words of tests and cut-offs of fit: their pictures."""

PICTURE = {
    "picture.wald.title.holds": "The equations may hold",
    "picture.wald.title.fails": "The equations do not all hold",
    "picture.wald.subtitle": "Left minus right of each equation; together chi-square = {chi2:.2f}, "
    "df {df}, p = {p:p}",
    "picture.wald.axis": "Difference",
    "picture.wald.alt": "Dots with intervals for the differences of {count} equations: {listing}.",
    "header.difference_ci": "Difference [{level:%} CI]",
}
