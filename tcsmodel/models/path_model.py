"""`PathModel`: a specification as PLS needs it, constructs and paths as arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import combinations_with_replacement, product

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import OptionError, SpecError, TcsError
from tcsmodel.models.composed_spec import refuse_higher_order, refuse_products
from tcsmodel.options import Interaction, Mode, did_you_mean
from tcsmodel.spec.features import Feature, refuse_features
from tcsmodel.spec.model import ModelSpec, Op, Term, product_name

Mask = NDArray[np.bool_]

KNOWN = (Feature.INTERCEPT, Feature.DEFINITION, Feature.PRODUCT)


@dataclass(frozen=True, eq=False)
class PathModel:
    """Blocks of items and the directed paths among their composites.

    Parameters
    ----------
    constructs : tuple of str
        The k constructs, in the order of the specification, and interactions behind them.
    items : tuple of str
        The p items, construct by construct; those of a higher-order construct are constructs,
        those of an interaction products.
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
    parts : dict of int to tuple of int
        The constructs that each higher-order construct is made of.
    factors : dict of int to (int, int)
        The constructs that each interaction is the product of.
    interaction : Interaction
        How products come about.
    """

    constructs: tuple[str, ...]
    items: tuple[str, ...]
    block: NDArray[np.intp]
    paths: Mask
    written: tuple[tuple[int, int], ...]
    modes: tuple[Mode, ...]
    ignored: tuple[str, ...]
    parts: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    factors: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    interaction: Interaction = Interaction.TWO_STAGE

    @classmethod
    def of(
        cls,
        spec: ModelSpec,
        modes: Mapping[str, Mode],
        interaction: Interaction = Interaction.TWO_STAGE,
    ) -> PathModel:
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
        refuse_features(spec, "PLS", known=KNOWN)
        _refuse_terms(spec)
        _refuse_structure(spec)
        names = (*spec.construct_names, *spec.products)
        at = {name: i for i, name in enumerate(names)}
        written = tuple((at[path.source], at[path.target]) for path in spec.paths)
        paths = np.zeros((len(names), len(names)), dtype=bool)
        for source, target in written:
            paths[source, target] = True
        own = [Mode.B if construct.composite else Mode.A for construct in spec.constructs]
        own += [Mode.A] * len(spec.products)
        final = tuple(modes.get(name, mode) for name, mode in zip(names, own, strict=True))
        items = [construct.items for construct in spec.constructs]
        factors = [(at[first], at[second]) for first, second in spec.products.values()]
        for name, pair in zip(spec.products, factors, strict=True):
            items.append(_product_items(name, [items[c] for c in pair], interaction))
        return cls(
            names,
            tuple(item for block in items for item in block),
            np.repeat(np.arange(len(names)), [len(block) for block in items]),
            paths,
            written,
            final,
            _ignored(spec),
            {
                at[c.name]: tuple(at[part] for part in c.items)
                for c in spec.constructs
                if c.items[0] in at
            },
            {at[name]: pair for name, pair in zip(spec.products, factors, strict=True)},
            interaction,
        )

    @property
    def is_staged(self) -> bool:
        """Whether constructs are made of constructs, so that one run is not enough."""
        return bool(self.parts or self.factors)

    def require_linear(self, what: str) -> None:
        """Raise TcsError, naming `what` needs it, when the model has interactions."""
        if self.factors:
            raise TcsError(
                f"{what} rests on the correlations that linear paths imply, and those with a "
                f"product such as {self.constructs[next(iter(self.factors))]!r} are not of that "
                "kind (Dijkstra & Schermelleh-Engel 2014, Psychometrika 79(4)). Look at the model "
                "of the main effects alone."
            )

    def require_one_stage(self, what: str) -> None:
        """Raise TcsError, naming `what` needs it, when the model has parts or interactions."""
        if self.is_staged:
            why = "higher-order constructs" if self.parts else "interactions"
            raise TcsError(
                f"{what} fits each segment anew to residuals of items and scores, which is defined "
                f"for models of one run (Esposito Vinzi et al. 2008; Becker et al. 2013), and not "
                f"for {why}. Use tcs.fimix(), which takes scores as they are, or fit the "
                f"{'parts' if self.parts else 'main effects'} alone."
            )

    @cached_property
    def made(self) -> Mask:
        """Which constructs (k,) are measured by constructs or products, not by answers."""
        made = np.zeros(len(self.constructs), dtype=bool)
        made[[*self.parts, *self.factors]] = True
        return made

    @cached_property
    def is_product(self) -> Mask:
        """Which constructs (k,) are interactions."""
        found = np.zeros(len(self.constructs), dtype=bool)
        found[list(self.factors)] = True
        return found

    @cached_property
    def lower(self) -> tuple[int, ...]:
        """The constructs that higher-order ones are made of."""
        return tuple(part for parts in self.parts.values() for part in parts)

    @cached_property
    def answered(self) -> NDArray[np.intp]:
        """The items that respondents answered, which are all unless the model is staged."""
        return np.flatnonzero(~self.made[self.block])

    @cached_property
    def observed(self) -> tuple[str, ...]:
        """Names of the items that respondents answered."""
        return tuple(self.items[i] for i in self.answered)

    @property
    def scored(self) -> tuple[str, ...]:
        """The constructs that are no interactions: those whose scores are sums of answers."""
        return self.constructs[: len(self.constructs) - len(self.factors)]

    @cached_property
    def stands_behind(self) -> Mask:
        """Which answered item (row) stands behind which scored construct (p, c).

        Behind a higher-order construct stand the items of its parts.
        """
        behind = np.zeros((len(self.answered), len(self.scored)), dtype=bool)
        for c in range(len(self.scored)):
            behind[self.behind(c), c] = True
        return behind

    @cached_property
    def home(self) -> NDArray[np.intp]:
        """The construct with paths that each answered item (p,) is of: the whole, not the part."""
        whole = np.arange(len(self.constructs))
        for c, parts in self.parts.items():
            whole[list(parts)] = c
        return whole[self.block[self.answered]]

    @cached_property
    def homes(self) -> NDArray[np.intp]:
        """The constructs that may have paths: neither parts nor interactions."""
        scored = range(len(self.scored))
        return np.array([c for c in scored if c not in self.lower], dtype=np.intp)

    @cached_property
    def needs(self) -> Mask:
        """Which answered item (row) the score of which construct (p, k) is made of.

        Those of interactions are made of the items of both factors.
        """
        factors = [
            self.stands_behind[:, first] | self.stands_behind[:, second]
            for first, second in self.factors.values()
        ]
        return np.column_stack([self.stands_behind, *factors])

    @property
    def width(self) -> int:
        """The number of answered items and of products of them that interactions need."""
        return len(self.answered) + len(self.pairs)

    def behind(self, construct: int) -> NDArray[np.intp]:
        """Return the places among `observed` of the items that a construct is made of."""
        own = np.isin(self.block[self.answered], self.parts.get(construct, (construct,)))
        return np.flatnonzero(own)

    @cached_property
    def pairs(self) -> NDArray[np.intp]:
        """The pairs (q, 2) of places among `observed` whose products interactions need."""
        found: dict[tuple[int, int], None] = {}
        for first, second in self.factors.values():
            for i in self.behind(first):
                for j in self.behind(second):
                    if (j, i) not in found:
                        found[i, j] = None
        return np.array(list(found), dtype=np.intp).reshape(-1, 2)

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

    def multiplied(self, interaction: int) -> NDArray[np.intp]:
        """Return the columns, behind those of answers, of the products an interaction is of."""
        at = {frozenset(pair): q for q, pair in enumerate(self.pairs.tolist())}
        first, second = (self.behind(c).tolist() for c in self.factors[interaction])
        own = dict.fromkeys(frozenset((i, j)) for i in first for j in second)
        return len(self.answered) + np.array([at[pair] for pair in own], dtype=np.intp)

    def own_items(self, construct: int) -> tuple[str, ...]:
        """Return the items of a construct."""
        return tuple(self.items[i] for i in np.flatnonzero(self.block == construct))

    def sources(self, target: int) -> tuple[str, ...]:
        """Return the names of the antecedents of a construct."""
        return tuple(self.constructs[i] for i in np.flatnonzero(self.paths[:, target]))


def _product_items(
    name: str, items: list[tuple[str, ...]], interaction: Interaction
) -> tuple[str, ...]:
    """Return the names of the items of an interaction of constructs with these items."""
    if interaction is Interaction.TWO_STAGE:
        return (name,)
    first, second = items
    if first == second:
        return tuple(product_name(*pair) for pair in combinations_with_replacement(first, 2))
    return tuple(product_name(*pair) for pair in product(first, second))


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
    refuse_higher_order(spec)
    names = spec.construct_names
    home: dict[str, str] = {}
    for construct in spec.constructs:
        for item in construct.items:
            if item in home:
                raise SpecError(
                    f"Item {item!r} belongs to {home[item]!r} and to {construct.name!r}; in PLS an "
                    "item has one construct. Keep it in one of them."
                )
            home[item] = construct.name
    for path in spec.paths:
        for name in (path.source, path.target):
            if name not in (*names, *spec.products):
                raise SpecError(_not_a_construct(name, path.source, path.target, spec))
    refuse_products(spec)
    _refuse_cycle(spec)
    linked = {name for path in spec.paths for name in (path.source, path.target)}
    for name in names:
        if name not in linked and home.get(name) is None:
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
