# R's side of the benchmarks: reads a task and how often to run it, one a line, from standard
# input, and answers with the seconds of one run and its numbers. Start-up, data and packages are
# not counted.
suppressPackageStartupMessages(library(lavaan))

arguments <- commandArgs(trailingOnly = TRUE)
data_dir <- arguments[1]
model_dir <- arguments[2]

text <- function(name) {
  paste(readLines(file.path(model_dir, name), warn = FALSE), collapse = "\n")
}
table <- function(name) read.csv(file.path(data_dir, paste0(name, ".csv")))

holzinger <- text("HOLZINGER")
ecsi <- text("ECSI")
acsi <- text("ACSI")
five <- text("BFI")
hs <- table("HolzingerSwineford1939")
mobi <- table("mobi")
gaps <- table("mobi_missing")
bfi <- table("bfi")
reversed <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
bfi[reversed] <- 7 - bfi[reversed]
complete <- bfi[complete.cases(bfi[, 1:25]), 1:25]

# Fit measures and standard errors are made here, as a user asks for them.
reported <- function(fit) {
  measures <- fitMeasures(fit)
  estimates <- parameterEstimates(fit)
  c(measures["chisq"], measures["df"], measures["cfi"], sum(estimates$est), sum(estimates$se))
}

# Whether each of 12 resamples was solved; the bare fit, as bootstrapLavaan() does it.
replicates <- function(model, frame) {
  sapply(1:12, function(seed) {
    set.seed(seed)
    rows <- sample(nrow(frame), replace = TRUE)
    fit <- suppressWarnings(sem(model, frame[rows, ], se = "none", test = "none"))
    as.numeric(lavInspect(fit, "converged"))
  })
}

tasks <- list(
  hs_ml = function() reported(cfa(holzinger, hs)),
  acsi_ml = function() reported(sem(acsi, mobi)),
  ecsi_ml = function() as.numeric(lavInspect(suppressWarnings(sem(ecsi, mobi)), "converged")),
  acsi_fiml = function() reported(sem(acsi, gaps, missing = "fiml")),
  bfi_wlsmv = function() {
    fit <- cfa(five, complete, ordered = TRUE, std.lv = TRUE)
    measures <- fitMeasures(fit)
    estimates <- parameterEstimates(fit)
    c(measures["chisq"], measures["df"], measures["chisq.scaled"], sum(estimates$se))
  },
  bfi_polychoric = function() {
    found <- psych::polychoric(complete, correct = 0)$rho
    found[lower.tri(found)]
  },
  hs_boot = function() {
    draws <- suppressWarnings(bootstrapLavaan(cfa(holzinger, hs), R = 100))
    nrow(draws)
  },
  ecsi_boot = function() replicates(ecsi, mobi)
)

psych <- if (requireNamespace("psych", quietly = TRUE)) packageVersion("psych") else "missing"
cat("lavaan ", as.character(packageVersion("lavaan")), ", psych ", as.character(psych), ", ",
    R.version.string, "\n", sep = "")
input <- file("stdin", "r")
while (length(line <- readLines(input, n = 1)) == 1) {
  asked <- strsplit(line, " ")[[1]]
  calls <- as.integer(asked[2])
  start <- Sys.time()
  answer <- tryCatch(
    {
      for (call in seq_len(calls)) value <- tasks[[asked[1]]]()
      format(as.numeric(value), digits = 15)
    },
    error = function(e) paste("error", gsub("\n", " ", conditionMessage(e)))
  )
  elapsed <- as.numeric(difftime(Sys.time(), start, units = "secs")) / calls
  elapsed <- format(elapsed, digits = 9)
  cat(elapsed, answer, "\n")
  flush(stdout())
}
