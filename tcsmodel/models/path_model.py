"""`PathModel`: a specification as PLS needs it, constructs and paths as arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import OptionError, SpecError
from tcsmodel.options import Mode, did_you_mean
from tcsmodel.spec.features import Feature, refuse_features
from tcsmodel.spec.model import ModelSpec, Op, Term

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PathModel:
    """Blocks of items and the directed paths among their composites.

    Parameters
    ----------
    constructs : tuple of str
        The k constructs, in the order of the specification.
    items : tuple of str
        The p items, construct by construct.
    block : ndarray (p,) of int
        The construct of each item.
    paths : ndarray (k, k) of bool
        True from source (row) to target (column).
    written : tuple of (int, int)
        The paths as (source, target), in the order written.
    modes : tuple of Mode
        The mode of each construct.
    ignored : tuple of str
        What the text states and PLS has no use for: labels, starting values, ``NA*``,
        intercepts (composites have means of zero) and defined parameters.
    """

    constructs: tuple[str, ...]
    items: tuple[str, ...]
    block: NDArray[np.intp]
    paths: Mask
    written: tuple[tuple[int, int], ...]
    modes: tuple[Mode, ...]
    ignored: tuple[str, ...]

    @classmethod
    def of(cls, spec: ModelSpec, modes: Mapping[str, Mode]) -> PathModel:
        """Return the path model of a specification; `modes` override its operators.

        Raises
        ------
        SpecError
            When the specification states what PLS does not estimate; the message names
            the construct and what to do.
        OptionError
            When `modes` names an unknown construct.
        """
        _refuse_unknown_modes(spec, modes)
        refuse_features(spec, "PLS", known=(Feature.INTERCEPT, Feature.DEFINITION))
        _refuse_terms(spec)
        _refuse_structure(spec)
        names = spec.construct_names
        at = {name: i for i, name in enumerate(names)}
        written = tuple((at[path.source], at[path.target]) for path in spec.paths)
        paths = np.zeros((len(names), len(names)), dtype=bool)
        for source, target in written:
            paths[source, target] = True
        own = [Mode.B if construct.composite else Mode.A for construct in spec.constructs]
        final = tuple(modes.get(name, mode) for name, mode in zip(names, own, strict=True))
        return cls(
            names,
            tuple(item for construct in spec.constructs for item in construct.items),
            np.repeat(np.arange(len(names)), [len(c.items) for c in spec.constructs]),
            paths,
            written,
            final,
            _ignored(spec),
        )

    @cached_property
    def mode_b(self) -> Mask:
        """Which constructs are Mode B (k,)."""
        return np.array([mode is Mode.B for mode in self.modes])

    @cached_property
    def member(self) -> Mask:
        """Which item belongs to which construct (p, k)."""
        return self.block[:, None] == np.arange(len(self.constructs))

    @cached_property
    def sizes(self) -> NDArray[np.intp]:
        """Number of items of each construct (k,)."""
        return self.member.sum(axis=0)

    @cached_property
    def ways(self) -> Mask:
        """Whether a directed way leads from row to column (k, k)."""
        reach = self.paths.copy()
        for via in range(len(self.constructs)):
            reach |= np.outer(reach[:, via], reach[via])
        return reach

    @cached_property
    def detours(self) -> Mask:
        """Whether a directed way of two or more paths leads from row to column (k, k)."""
        return (self.paths.astype(int) @ self.ways.astype(int)) > 0

    @cached_property
    def endogenous(self) -> Mask:
        """Which constructs have antecedents (k,)."""
        return np.array([self.paths[:, j].any() for j in range(len(self.constructs))])

    @cached_property
    def targets(self) -> tuple[int, ...]:
        """Constructs with at least one antecedent."""
        return tuple(int(j) for j in np.flatnonzero(self.paths.any(axis=0)))

    def own_items(self, construct: int) -> tuple[str, ...]:
        """Return the items of a construct."""
        return tuple(self.items[i] for i in np.flatnonzero(self.block == construct))

    def sources(self, target: int) -> tuple[str, ...]:
        """Return the names of the antecedents of a construct."""
        return tuple(self.constructs[i] for i in np.flatnonzero(self.paths[:, target]))


def _refuse_unknown_modes(spec: ModelSpec, modes: Mapping[str, Mode]) -> None:
    for name in modes:
        if name not in spec.construct_names:
            raise OptionError(
                f"modes names {name!r}, which is not a construct "
                f"({', '.join(spec.construct_names)}).{did_you_mean(name, spec.construct_names)}"
            )


def _refuse_terms(spec: ModelSpec) -> None:
    home = {item: c.name for c in reversed(spec.constructs) for item in c.items}
    for term in spec.terms:
        if term.op is Op.COVARIANCE:
            raise SpecError(
                f"'{term.lhs} ~~ {term.rhs}'{_of(term, home)} is a covariance, which PLS does not "
                "estimate: its composites correlate freely. Leave it out for PLS, or use SEM."
            )
        if term.fixed is not None:
            raise SpecError(
                f"{_with(term, f'{term.fixed:g}')} fixes a parameter of "
                f"{term.lhs!r}, but PLS estimates every weight, loading and path. Remove "
                f"'{term.fixed:g}*', or use SEM."
            )
    labels = Counter(term.label for term in spec.terms if term.label is not None)
    for label, times in labels.items():
        if times > 1:
            first = next(term for term in spec.terms if term.label == label)
            raise SpecError(
                f"Label {label!r} (first in {_with(first, label)}) appears "
                f"{times} times, which sets parameters equal; PLS cannot. Give each its own label "
                "or none, or use SEM."
            )


def _with(term: Term, modifier: str) -> str:
    """Return the statement with a modifier, in quotes: ``'B ~ 0.5*A'``."""
    if term.op is Op.INTERCEPT:
        return f"'{term.lhs} ~ {modifier}*1'"
    return f"'{term.lhs} {term.op} {modifier}*{term.rhs}'"


def _of(term: Term, home: Mapping[str, str]) -> str:
    owners = dict.fromkeys(home[name] for name in (term.lhs, term.rhs) if name in home)
    return f" (items of {' and '.join(repr(owner) for owner in owners)})" if owners else ""


def _refuse_structure(spec: ModelSpec) -> None:
    names = spec.construct_names
    home: dict[str, str] = {}
    for construct in spec.constructs:
        for item in construct.items:
            if item in names:
                raise SpecError(
                    f"Construct {construct.name!r} is second order (it is measured by construct "
                    f"{item!r}), which PLS does not fit yet. Give it items, or use CFA or SEM."
                )
            if item in home:
                raise SpecError(
                    f"Item {item!r} belongs to {home[item]!r} and to {construct.name!r}; in PLS an "
                    "item has one construct. Keep it in one of them."
                )
            home[item] = construct.name
    for path in spec.paths:
        for name in (path.source, path.target):
            if name not in names:
                raise SpecError(_not_a_construct(name, path.source, path.target, spec))
    _refuse_cycle(spec)
    linked = {name for path in spec.paths for name in (path.source, path.target)}
    for name in names:
        if name not in linked:
            raise SpecError(
                f"Construct {name!r} has no path, and PLS weights the items of a construct by its "
                f"neighbours. Connect it, as '{name} ~ Other' or 'Other ~ {name}', or leave it out."
            )


def _not_a_construct(name: str, source: str, target: str, spec: ModelSpec) -> str:
    return (
        f"{name!r} in '{target} ~ {source}' is not a construct, and PLS paths join constructs. "
        f"If it is an item, wrap it: single('My{name}', {name!r}), in text 'My{name} =~ {name}'. "
        f"If it is a construct, give it items: '{name} =~ item1 + item2'."
        f"{did_you_mean(name, spec.construct_names)}"
    )


def _refuse_cycle(spec: ModelSpec) -> None:
    graph: dict[str, list[str]] = {}
    for path in spec.paths:
        graph.setdefault(path.target, []).append(path.source)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise SpecError(
            f"The paths form a cycle: {' -> '.join(error.args[1])}. PLS needs every effect to run "
            "one way; drop one of these paths, or use SEM, which fits nonrecursive models."
        ) from None


def _ignored(spec: ModelSpec) -> tuple[str, ...]:
    found = []
    for term in spec.terms:
        parts = (
            ("label", term.label),
            ("starting value", None if term.start is None else f"{term.start:g}"),
            ("free parameter mark", "NA" if term.free else None),
        )
        if term.op is Op.INTERCEPT:
            found.append(f"intercept '{term.statement}'")
        found += [
            f"{what} {value!r} of '{term.statement}'" for what, value in parts if value is not None
        ]
    return (*found, *(f"defined parameter '{definition}'" for definition in spec.definitions))
