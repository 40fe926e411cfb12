"""What a sample and a path model say against a PLS fit before any number is read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import counted
from tcsmodel.models.estimator import Sample
from tcsmodel.models.path_model import PathModel
from tcsmodel.options import PLSMissing
from tcsmodel.result import Finding, Severity

# Respondents for each variable of the largest regression (Barclay, Higgins & Thompson 1995).
EACH = 10
# The smallest path found with 80% power at the 5% level is about this over the root of n, the
# inverse square root method of Kock & Hadaya (2018, Information Systems Journal 28, 227-261).
FOUND = 2.486
SMALLEST = 0.3
# Shares of gaps that matter: of one item filled with its mean, of respondents behind a pair.
MANY_GAPS = 0.05
FEW_BOTH = 0.5


def largest_regression(model: PathModel) -> int:
    """Return the variables of the largest regression: antecedents, or items of Mode B."""
    return max(int(model.paths.sum(axis=0).max()), int((model.sizes * model.mode_b).max()))


def enough(model: PathModel) -> int:
    """Return how many respondents a model wants, below which its estimates hardly repeat."""
    power = int(np.ceil((FOUND / SMALLEST) ** 2))
    return max(EACH * largest_regression(model), power, len(model.observed) + 1)


def circumstances(model: PathModel, missing: PLSMissing, sample: Sample) -> Iterator[Finding]:
    """Yield few respondents, many gaps, a model in parts and modes of single items."""
    yield from _few(model, sample.n)
    if sample.values is not None:
        yield from _gaps(sample.names[: len(model.observed)], sample.values, missing)
    yield from _apart(model)
    single = (model.sizes == 1) & ~model.is_product
    for c in np.flatnonzero(single & model.mode_b).tolist():
        evidence = {"item": model.own_items(c)[0]}
        yield Finding("single_item_mode_b", Severity.NOTE, (model.constructs[c],), evidence)


def _few(model: PathModel, n: int) -> Iterator[Finding]:
    needed = enough(model)
    if n < needed:
        items = len(model.observed)
        evidence = {
            "n": n,
            "needed": needed,
            "items": items,
            "largest": largest_regression(model),
            "smallest": float(min(FOUND / np.sqrt(n), 1.0)),
        }
        severity = Severity.PROBLEM if n <= items else Severity.CAUTION
        yield Finding("few_for_model", severity, ("PLS",), evidence)


def _gaps(
    names: tuple[str, ...], values: NDArray[np.float64], missing: PLSMissing
) -> Iterator[Finding]:
    known = np.isfinite(values)
    if missing is PLSMissing.MEAN:
        share = 1 - known.mean(axis=0)
        many = np.flatnonzero(share > MANY_GAPS)
        if len(many):
            worst = int(share.argmax())
            evidence = {
                "item": names[worst],
                "share": float(share[worst]),
                "limit": MANY_GAPS,
                "count": counted(len(many), "item"),
            }
            subjects = tuple(names[i] for i in many)
            yield Finding("gaps_filled_with_means", Severity.CAUTION, subjects, evidence)
    if missing is PLSMissing.PAIRWISE:
        answered = known.astype(np.float64)
        both = answered.T @ answered
        i, j = divmod(int(both.argmin()), len(names))
        if both[i, j] < FEW_BOTH * len(values):
            evidence = {"fewest": int(both[i, j]), "n": len(values)}
            pair = tuple(names[k] for k in sorted({i, j}))
            yield Finding("pairs_of_few", Severity.CAUTION, pair, evidence)


def _apart(model: PathModel) -> Iterator[Finding]:
    """Yield that paths leave the model in parts which know nothing of each other."""
    linked = model.paths | model.paths.T
    for c, parts in model.parts.items():
        linked[c, list(parts)] = linked[list(parts), c] = True
    for c, factors in model.factors.items():
        linked[c, list(factors)] = linked[list(factors), c] = True
    left, parts_found = list(range(len(model.constructs))), []
    while left:
        part, new = set[int](), {left[0]}
        while new:
            part |= new
            new = set(np.flatnonzero(linked[list(new)].any(axis=0)).tolist()) - part
        parts_found.append(tuple(model.constructs[c] for c in sorted(part)))
        left = [c for c in left if c not in part]
    if len(parts_found) > 1:
        evidence = {
            "count": len(parts_found),
            "listing": tuple(f"({', '.join(part)})" for part in parts_found),
        }
        yield Finding("model_in_parts", Severity.CAUTION, model.constructs, evidence)
