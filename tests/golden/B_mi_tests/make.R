# Chi-square tests pooled over imputations by semTools; run in tests/golden.
suppressMessages({
  library(lavaan)
  library(semTools)
})
library(jsonlite)

items <- c("IMAG1", "IMAG3", "IMAG5", "PERV1", "PERV2", "CUSA1", "CUSA2", "CUSA3")
gapped <- read.csv("data/mobi.csv")[, items]
row <- seq_len(nrow(gapped)) - 1
low <- gapped$CUSA1 <= 8 & row %% 3 != 0
gapped$CUSA2[low] <- NA
gapped$PERV1[low & row %% 2 == 0] <- NA
gapped$IMAG1[row %% 4 == 0] <- NA
draws <- fromJSON("B_mi_lavaan/expected.json")$draws
sets <- lapply(seq_len(nrow(draws)), function(k) {
  filled <- t(as.matrix(gapped))
  filled[is.na(filled)] <- draws[k, ]
  as.data.frame(t(filled))
})

free <- "
  Image =~ IMAG1 + IMAG3 + IMAG5
  Value =~ PERV1 + PERV2
  Satisfaction =~ CUSA1 + CUSA2 + CUSA3
  Value ~ Image
  Satisfaction ~ Image + Value
"
restricted <- sub("Image \\+ Value", "Image + 0*Value", free)
fit <- function(model, ...) runMI(model, sets, fun = "sem", ...)
named <- function(x) as.list(unclass(x)[!is.na(x)])
tests <- function(own, h1 = NULL, ...) {
  lapply(c(D2 = "D2", D3 = "D3"), function(kind) {
    c(named(lavTestLRT.mi(own, h1 = h1, test = kind, ...)),
      asymptotic = named(lavTestLRT.mi(own, h1 = h1, test = kind, asymptotic = TRUE, ...)))
  })
}
indices <- function(own, kind) named(fitMeasures(own, test = kind))[
  c("chisq", "baseline.chisq", "cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "srmr")]

plain <- fit(free)
nested <- fit(restricted)
means <- fit(free, meanstructure = TRUE)
robust <- fit(free, estimator = "MLR")
found <- list(
  model = tests(plain), nested = tests(nested, plain), means = tests(means),
  fit = list(D2 = indices(plain, "D2"), D3 = indices(plain, "D3")),
  robust = named(lavTestLRT.mi(robust, test = "D2", asymptotic = TRUE, pool.robust = TRUE))
)
write(toJSON(found, auto_unbox = TRUE, digits = 12), "B_mi_tests/expected.json")
