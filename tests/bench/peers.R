# R's side of the benchmarks: reads one task a line from standard input, runs it, and answers
# with its seconds and its numbers. Start-up, data and packages are not counted.
suppressPackageStartupMessages(library(lavaan))

arguments <- commandArgs(trailingOnly = TRUE)
data_dir <- arguments[1]
model_dir <- arguments[2]

text <- function(name) paste(readLines(file.path(model_dir, name)), collapse = "\n")
table <- function(name) read.csv(file.path(data_dir, paste0(name, ".csv")))

hs <- table("HolzingerSwineford1939")
mobi <- table("mobi")
gaps <- table("mobi_missing")
bfi <- table("bfi")
reversed <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
bfi[reversed] <- 7 - bfi[reversed]
complete <- bfi[complete.cases(bfi[, 1:25]), 1:25]

reported <- function(fit) {
  measures <- fitMeasures(fit)
  estimates <- parameterEstimates(fit)
  c(measures[c("chisq", "df", "cfi")], sum(estimates$est), sum(estimates$se))
}

replicate_of <- function(model, frame, seed) {
  set.seed(seed)
  rows <- sample(nrow(frame), replace = TRUE)
  fit <- suppressWarnings(sem(model, frame[rows, ], se = "none", test = "none"))
  c(lavInspect(fit, "converged"), fit@Fit@fx)
}

tasks <- list(
  hs_ml = function() reported(cfa(text("holzinger"), hs)),
  ecsi_ml = function() reported(suppressWarnings(sem(text("ecsi"), mobi))),
  acsi_fiml = function() reported(sem(text("acsi"), gaps, missing = "fiml")),
  bfi_wlsmv = function() {
    fit <- cfa(text("bfi"), complete, ordered = TRUE, std.lv = TRUE)
    fitMeasures(fit)[c("chisq", "df", "chisq.scaled")]
  },
  bfi_polychoric = function() {
    found <- psych::polychoric(complete, correct = 0)$rho
    c(found[2, 1], sum(found))
  },
  hs_boot_100 = function() {
    fit <- cfa(text("holzinger"), hs)
    draws <- suppressWarnings(bootstrapLavaan(fit, R = 100, iseed = 7))
    c(nrow(draws), mean(draws[, 1]))
  },
  ecsi_replicate = function() replicate_of(text("ecsi"), mobi, 10 * as.numeric(Sys.time()) %% 1e6)
)

versions <- function() {
  psych <- if (requireNamespace("psych", quietly = TRUE)) packageVersion("psych") else "missing"
  paste0("lavaan ", packageVersion("lavaan"), ", psych ", psych, ", ", R.version.string)
}

cat(versions(), "\n", sep = "")
input <- file("stdin", "r")
while (length(task <- readLines(input, n = 1)) == 1) {
  start <- Sys.time()
  answer <- tryCatch(
    format(as.numeric(tasks[[task]]()), digits = 15),
    error = function(e) paste("error", gsub("\n", " ", conditionMessage(e)))
  )
  elapsed <- format(as.numeric(difftime(Sys.time(), start, units = "secs")), digits = 9)
  cat(elapsed, answer, "\n")
  flush(stdout())
}
