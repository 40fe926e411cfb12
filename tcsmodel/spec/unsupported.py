"""What lavaan's model text has and no estimator here knows: what to say and what to try."""

from __future__ import annotations

UNSUPPORTED = {
    "~*~": "Response scaling (~*~) has no estimator yet. Remove the statement.",
    "%": "The operator % has no estimator yet. Remove the statement.",
    ":": "Blocks (group:, level:) have no estimator yet. Fit each group by survey.where(...).",
    "?": "Starting values are written start(0.5)*x, not 0.5?x.",
    "0": "An intercept of zero is written with a star: x ~ 0*1.",
}
UNSUPPORTED_CALLS = {
    "efa": "Exploratory blocks, efa(), have no estimator yet. Use EFA(...).",
    "rv": "Random slopes, rv(), have no estimator yet. Remove the modifier.",
    "prior": "Priors, prior(), have no estimator yet. Remove the modifier.",
}
