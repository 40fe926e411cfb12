# Clusters with members in both of two groups, by linearisation in survey; run in tests/golden.
suppressMessages({
  library(survey)
  library(lavaan)
})
library(jsonlite)

d <- read.csv("data/Demo.twolevel.csv")[, c("y1", "y2", "y3", "cluster")]
d$half <- rep(c("odd", "even"), length.out = nrow(d))
d$w <- 1 + seq_len(nrow(d)) %% 3
d$stratum <- d$cluster %% 4
items <- c("y1", "y2", "y3")

# Means and, about them, covariances of each group, and how all of these vary together.
moments <- function(weights, strata) {
  w <- if (weights) d$w else rep(1, nrow(d))
  pairs <- list(c(1, 1), c(1, 2), c(1, 3), c(2, 2), c(2, 3), c(3, 3))
  x <- as.matrix(d[, items])
  for (g in unique(d$half)) {
    own <- d$half == g
    x[own, ] <- sweep(x[own, ], 2, colSums(x[own, ] * w[own]) / sum(w[own]))
  }
  for (p in pairs) d[[paste0("s", p[1], p[2])]] <- x[, p[1]] * x[, p[2]]
  names <- c(items, sapply(pairs, function(p) paste0("s", p[1], p[2])))
  strata <- if (strata) ~stratum else NULL
  design <- svydesign(~cluster, strata = strata, weights = w, data = d)
  domains <- svyby(reformulate(names), ~factor(half, c("odd", "even")), design, svymean, covmat = TRUE)
  list(est = unname(coef(domains)), label = names(coef(domains)), vcov = unname(vcov(domains)))
}

# Thresholds of three categories in each group, by the delta method from shares below them.
thresholds <- function() {
  names <- character()
  for (i in items) {
    for (k in 1:2) {
      name <- sprintf("%s.t%d", i, k)
      d[[name]] <- as.numeric(d[[i]] <= c(-1, 1)[k])
      names <- c(names, name)
    }
  }
  design <- svydesign(~cluster, strata = ~stratum, weights = ~w, data = d)
  domains <- svyby(reformulate(names), ~factor(half, c("odd", "even")), design, svymean, covmat = TRUE)
  cut <- qnorm(coef(domains))
  slope <- 1 / dnorm(cut)
  list(est = unname(cut), label = names(cut), vcov = unname(outer(slope, slope) * vcov(domains)))
}

# lavaan takes the groups for samples by themselves.
fit <- cfa("f =~ y1 + y2 + y3\nf ~~ c(v, v)*f", d, group = "half", cluster = "cluster", estimator = "MLR")
one <- parameterEstimates(fit)
found <- list(
  plain = moments(FALSE, FALSE),
  full = moments(TRUE, TRUE),
  thresholds = thresholds(),
  lavaan = list(lhs = one$lhs, op = one$op, rhs = one$rhs, group = one$group, est = one$est, se = one$se)
)
write(toJSON(found, auto_unbox = TRUE, digits = 14), "F_survey_clusters_across_groups/expected.json")
