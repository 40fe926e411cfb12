"""Answers to ordinal items: which items these are, their categories, and what is required."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError
from tcsmodel.kernels.polychoric import Answers
from tcsmodel.models.estimator import Sample
from tcsmodel.spec.model import ModelSpec, Op
from tcsmodel.spec.ordinal import OrdinalItems

Array = NDArray[np.float64]

# More categories than these are hardly ordinal: thresholds become as many as there are values.
MOST = 15


def ordered_items(spec: ModelSpec, ordered: bool | Sequence[str]) -> tuple[str, ...]:
    """Return the ordinal items of a model: those named, all indicators, or with thresholds."""
    cut = [term.lhs for term in spec.terms if term.op is Op.THRESHOLD]
    if not ordered and not cut:
        return ()
    constructs = set(spec.construct_names)
    indicators = [i for c in spec.constructs for i in c.items if i not in constructs]
    named = indicators if ordered is True else list(ordered or ())
    return tuple(name for name in spec.items if name in {*named, *cut})


def assumed(
    spec: ModelSpec, ordered: Sequence[str], theta: bool, partial: Sequence[str] = ()
) -> OrdinalItems:
    """Return ordinal items with the categories that a model names, to check it by.

    In its text or, of thresholds that differ between groups, in `partial`. At least three, since
    how many there are is not known before there are data.
    """
    last = dict.fromkeys(ordered, 2)
    named = [(term.lhs, term.rhs) for term in spec.terms if term.op is Op.THRESHOLD]
    for item, _, cut in (name.partition("|") for name in partial):
        if item in last and cut[:1] == "t" and cut[1:].isdigit():
            named.append((item, cut))
    for item, cut in named:
        last[item] = max(last[item], int(cut[1:]))
    return OrdinalItems(tuple((name, count + 1) for name, count in last.items()), theta)


def found(sample: Sample, ordered: Sequence[str], theta: bool) -> OrdinalItems:
    """Return ordinal items with the categories that occur in a sample.

    Raises
    ------
    SurveyError
        When an item is not ordinal, or a group lacks a category; the message names both.
    """
    counts: list[tuple[str, int]] = []
    if not ordered:
        return OrdinalItems()
    values = sample.respondents("ordered=")
    for name in ordered:
        answers = values[:, sample.names.index(name)]
        occurring = np.unique(answers[np.isfinite(answers)])
        _check_categories(name, occurring)
        for part, label in _told_apart(sample):
            own = part.respondents("ordered=")[:, sample.names.index(name)]
            absent = np.setdiff1d(occurring, own)
            if len(absent):
                raise SurveyError(
                    f"Nobody in group {label!r} gave the answer {absent[0]:g} to {name!r}, so its "
                    "thresholds are not those of the other groups. Join categories, as "
                    f"{absent[0]:g} with its neighbour, in all groups; or leave {name!r} out of "
                    "ordered."
                )
        counts.append((name, len(occurring)))
    return OrdinalItems(tuple(counts), theta)


def _told_apart(sample: Sample) -> Iterator[tuple[Sample, str]]:
    """Yield the groups with their labels; none without groups."""
    if sample.strata is not None:
        yield from zip(sample.by_group, sample.groups, strict=True)


def _check_categories(name: str, occurring: Array) -> None:
    if (occurring != np.round(occurring)).any():
        value = occurring[occurring != np.round(occurring)][0]
        raise SurveyError(
            f"Item {name!r} is in ordered, but has answers such as {value:g} that are no whole "
            "numbers. Leave it out of ordered, or round it."
        )
    if len(occurring) > MOST:
        raise SurveyError(
            f"Item {name!r} is in ordered, but has {len(occurring)} categories; at most {MOST} are "
            "taken. Leave it out of ordered, so that it counts as continuous, or join categories."
        )


def coded(sample: Sample, ordinal: OrdinalItems) -> Answers:
    """Return the answers with the categories of ordinal items as 0, 1, ..."""
    x = np.array(sample.respondents("ordered="))
    categories = np.zeros(x.shape[1], dtype=np.intp)
    for name, count in ordinal.categories:
        j = sample.names.index(name)
        there = np.isfinite(x[:, j])
        x[there, j] = np.unique(x[there, j], return_inverse=True)[1]
        categories[j] = count
    return Answers(x, categories)


def category_values(sample: Sample, ordinal: OrdinalItems) -> Array | None:
    """Return the answers (p, C) that the categories of items stand for; None of continuous items.

    nan beyond the last category of an item, and for an item that is continuous.
    """
    if not ordinal:
        return None
    x = sample.respondents("ordered=")
    out = np.full((len(sample.names), max(ordinal.counts.values())), np.nan)
    for name, count in ordinal.categories:
        j = sample.names.index(name)
        out[j, :count] = np.unique(x[np.isfinite(x[:, j]), j])
    return out
