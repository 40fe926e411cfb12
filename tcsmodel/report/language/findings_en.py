"""English words of the findings: what was found, the evidence, what it means, what to do.

Placeholders are the keys of `Finding.evidence`, plus ``{subject}`` (the first
subject) and ``{subjects}`` (all of them, joined).
"""

FINDINGS: dict[str, dict[str, str]] = {
    "not_converged": {
        "finding": "{subject} did not converge.",
        "evidence": "It stopped after {iterations} iterations.",
        "meaning": "Its numbers are not a solution and must not be read.",
        "advice": "Simplify the model, check items for wrong direction, or collect more answers.",
    },
}
