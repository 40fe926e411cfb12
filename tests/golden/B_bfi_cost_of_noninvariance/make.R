# The cost of non-invariance of ordinal items, as defined parameters of lavaan; run in tests/golden.
suppressMessages(library(lavaan))
library(jsonlite)

d <- read.csv("data/bfi.csv")[, c("A2", "A3", "A4", "A5", "N1")]
d <- d[complete.cases(d), ]
d$mood <- ifelse(d$N1 <= 3, "calm", "upset")
items <- c("A2", "A3", "A4", "A5")

# Scalar invariance in the theta parameterization; `free` differs between the groups.
model <- function(free) {
  lines <- "f =~ c(NA, NA)*A2 + c(lA2, lA2)*A2 + c(lA3, lA3)*A3 + c(lA4, lA4)*A4 + c(lA5, lA5)*A5"
  for (i in items) {
    for (t in 1:5) {
      second <- if (paste0(i, "|t", t) %in% free) "u" else "t"
      lines <- c(lines, sprintf("%s | c(t%s%d, %s%s%d)*t%d", i, i, t, second, i, t, t))
    }
    lines <- c(lines, if (paste0(i, "~1") %in% free) {
      sprintf("%s ~ c(0, NA)*1 + c(n1%s, n%s)*1", i, i, i)
    } else {
      sprintf("%s ~ c(0, 0)*1", i)
    })
    lines <- c(lines, sprintf("%s ~~ c(1, NA)*%s + c(e1%s, e%s)*%s", i, i, i, i, i))
  }
  c(lines, "f ~~ c(1, NA)*f + c(v1, v)*f", "f ~ c(0, NA)*1 + c(k1, k)*1")
}

# The answers expected (items count alike, on 0-100) of the way of one group and the members of one.
answers <- function(way, members, free) {
  part <- function(i) {
    nu <- if (way == 2 && paste0(i, "~1") %in% free) paste0("n", i) else "0"
    e <- if (way == 2) paste0("e", i) else "1"
    k <- if (members == 2) "k" else "0"
    v <- if (members == 2) "v" else "1"
    u <- way == 2 & paste0(i, "|t", 1:5) %in% free
    cut <- paste0(ifelse(u, "u", "t"), i, 1:5)
    sprintf("pnorm((%s + l%s*%s - %s)/sqrt(l%s^2*%s + %s))", nu, i, k, cut, i, v, e)
  }
  paste0("(", paste(unlist(lapply(items, part)), collapse = " + "), ")")
}

case <- function(free) {
  points <- 100 / 5 / 4
  defined <- c(
    sprintf("cost := %g*(%s - %s)", points, answers(2, 2, free), answers(1, 2, free)),
    sprintf("latent := %g*(%s - %s)", points, answers(1, 2, free), answers(1, 1, free))
  )
  fit <- cfa(paste(c(model(free), defined), collapse = "\n"), d, ordered = items, group = "mood",
             parameterization = "theta", estimator = "WLSMV",
             control = list(rel.tol = 1e-14))
  table <- parameterEstimates(fit)
  own <- table[table$op == ":=", ]
  list(released = I(free), est = setNames(as.list(own$est), own$lhs),
       se = setNames(as.list(own$se), own$lhs), df = fitMeasures(fit, "df")[[1]])
}

found <- list(intercept = case("A5~1"), threshold = case(c("A5~1", "A3|t5")))
write(toJSON(found, auto_unbox = TRUE, digits = 12), "B_bfi_cost_of_noninvariance/expected.json")
