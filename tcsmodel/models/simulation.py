"""Surveys drawn from a specification whose population is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import SpecError
from tcsmodel.kernels import implied as kernel
from tcsmodel.options import did_you_mean, require, require_whole
from tcsmodel.spec.features import Feature, refuse_features
from tcsmodel.spec.model import Construct, ModelSpec, Op, Term
from tcsmodel.survey.moments import read_only
from tcsmodel.survey.survey import Survey

Array = NDArray[np.float64]
Key = tuple[str, Op, str]

LOADING = 0.8
EXPLAINED = 0.8
CORRELATION = 0.3
SPREAD = 0.25
# Variances that are zero but for rounding.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False, repr=False)
class Population:
    """What a specification says about everybody.

    Parameters
    ----------
    items : tuple of str
        The p observed variables.
    latents : tuple of str
        The m constructs, then observed variables with a place in the structural part.
    loading_array : ndarray (p, m)
        Loadings; those of a composite are the correlations of its items with it.
    path_array : ndarray (m, m)
        Direct effects, target x source.
    latent_array : ndarray (m, m)
        Covariances of the latent variables.
    cov_array : ndarray (p, p)
        Covariances of the items.
    """

    items: tuple[str, ...]
    latents: tuple[str, ...]
    loading_array: Array
    path_array: Array
    latent_array: Array
    cov_array: Array

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """Loadings, item x construct."""
        return pd.DataFrame(self.loading_array, list(self.items), list(self.latents))

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Direct effects, source x target."""
        return pd.DataFrame(self.path_array.T, list(self.latents), list(self.latents))

    @cached_property
    def construct_corr(self) -> pd.DataFrame:
        """Correlations of the constructs."""
        scale = 1 / np.sqrt(np.diag(self.latent_array))
        corr = self.latent_array * np.outer(scale, scale)
        return pd.DataFrame(corr, list(self.latents), list(self.latents))

    @cached_property
    def cov(self) -> pd.DataFrame:
        """Covariances of the items."""
        return pd.DataFrame(self.cov_array, list(self.items), list(self.items))

    def __repr__(self) -> str:
        return f"Population({len(self.latents)} constructs, {len(self.items)} items)"


def simulate(
    spec: ModelSpec,
    n: int,
    seed: int,
    *,
    parameters: Mapping[str, float] | None = None,
    scale: tuple[float, float] | None = None,
) -> Survey:
    """Draw a survey of n respondents from a specification.

    Answers are multivariate normal with the covariances of `population`, means of zero
    and, where the specification says nothing else, variances of one.

    Parameters
    ----------
    spec : ModelSpec
        Its fixed and starting values (``0.7*x``, ``start(0.7)*x``) are the population's.
    n : int
        Number of respondents, at least 2.
    seed : int
        The same seed draws the same survey.
    parameters : dict of str to float, optional
        Values by statement, such as ``{"Loyalty ~ Satisfaction": 0.6}``; they go before
        those of the text. See `population` for what is assumed about the rest.
    scale : (low, high), optional
        Round the answers to whole numbers from low to high: the mean at the middle of the
        scale, a standard deviation of a quarter of its length, what lies beyond moved to the
        ends. Rounding lowers correlations, by about 3 percent on ten points and 9 percent
        on five. Without it answers are continuous and the survey has no scale.

    Raises
    ------
    SpecError
        When the values describe no population: a construct or item explained beyond its
        variance, covariances that are not positive definite, an unknown statement.
    OptionError
        When `n`, `seed` or `scale` is out of range.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse('''
    ...     Image =~ 0.9*i1 + 0.8*i2 + 0.7*i3
    ...     Loyalty =~ l1 + l2
    ...     Loyalty ~ 0.5*Image
    ... ''')
    >>> survey = tcs.simulate(spec, n=500, seed=1, scale=(1, 10))
    >>> survey
    Survey(500 respondents, 5 items, 0 missing answers, simulated)
    """
    require_whole(n, "n", 2)
    require_whole(seed, "seed", 0)
    people = population(spec, parameters=parameters)
    root = np.linalg.cholesky(people.cov_array)
    generator = np.random.default_rng(seed)
    drawn = generator.standard_normal((n, len(people.items))) @ root.T
    if scale is None:
        return Survey(pd.DataFrame(drawn, columns=list(people.items)), simulated=True)
    low, high = scale
    require(
        low < high and float(low).is_integer() and float(high).is_integer(),
        f"scale={scale!r} must be two whole numbers, low below high, as (1, 10).",
    )
    answers = np.rint((low + high) / 2 + SPREAD * (high - low) * drawn).clip(low, high)
    frame = pd.DataFrame(answers, columns=list(people.items))
    return Survey(frame, scale=(low, high), simulated=True)


def population(spec: ModelSpec, *, parameters: Mapping[str, float] | None = None) -> Population:
    """Return the population that a specification describes.

    Latent variables and items have a variance of one unless the text gives a (residual)
    variance (``x ~~ 0.5*x``), so loadings and paths are standardized. What neither the text
    nor `parameters` states is assumed: loadings .8, and 1 where a construct has a single
    item; paths .8 divided by the number of sources of their target; correlations .3 among
    exogenous constructs and among the items of a composite; other covariances 0. The values
    on a composite's items (``<~``) are weights relative to each other, equal by default;
    what its items share with other items they share through it (Dijkstra 2017, in Latan &
    Noonan, Partial Least Squares Path Modeling, 57-80).

    Parameters
    ----------
    spec : ModelSpec
        The model.
    parameters : dict of str to float, optional
        Values by statement, such as ``{"Loyalty ~ Satisfaction": 0.6}``.

    Raises
    ------
    SpecError
        When the values describe no population.
    """
    refuse_features(spec, "simulate() and power()", known=(Feature.DEFINITION,))
    return _Builder(spec, _values(spec, parameters or {})).population()


def _values(spec: ModelSpec, parameters: Mapping[str, float]) -> dict[Key, float]:
    """Return what is stated: values of the text, then those of `parameters`."""
    stated = {
        _key(term): term.fixed if term.fixed is not None else term.start for term in spec.terms
    }
    values = {key: value for key, value in stated.items() if value is not None}
    for text, value in parameters.items():
        terms = ModelSpec.parse(text).terms
        key = _key(terms[0])
        if len(terms) > 1 or key not in stated:
            known = [" ".join(term) for term in stated]
            raise SpecError(
                f"parameters names {text!r}, which is not one statement of the model."
                f"{did_you_mean(' '.join(key), known)}"
            )
        if not np.isfinite(value):
            raise SpecError(f"parameters[{text!r}] is {value!r}; give a finite number.")
        values[key] = float(value)
    return values


def _key(term: Term) -> Key:
    if term.op is Op.COVARIANCE:
        lhs, rhs = sorted((term.lhs, term.rhs))
        return lhs, term.op, rhs
    return term.lhs, term.op, term.rhs


class _Builder:
    """Fills the matrices of one population: Lambda, B, Psi and Theta."""

    def __init__(self, spec: ModelSpec, values: Mapping[Key, float]) -> None:
        self.spec, self.values = spec, values
        self.items = spec.items
        self.latents = _latents(spec)
        self.item_at = {name: i for i, name in enumerate(self.items)}
        self.latent_at = {name: i for i, name in enumerate(self.latents)}
        p, m = len(self.items), len(self.latents)
        self.loading, self.path = np.zeros((p, m)), np.zeros((m, m))
        self.latent, self.residual = np.zeros((m, m)), np.zeros((p, p))
        made = [c for c in spec.constructs if c.composite]
        self.wholes = [c for c in made if set(c.items) <= set(spec.construct_names)]
        self.composites = [c for c in made if c not in self.wholes]

    def population(self) -> Population:
        for name in set(self.latents) & set(self.items):
            self.loading[self.item_at[name], self.latent_at[name]] = 1.0
        self.paths()
        for construct in self.spec.constructs:
            if not construct.composite:
                self.reflective(construct)
            elif construct in self.wholes:
                self.whole(construct)
        self.latent_moments()
        self.covariances()
        for construct in self.composites:
            self.composite(construct)
        self.item_variances()
        implied = self.implied()
        if np.linalg.eigvalsh(implied.sigma)[0] < 1e-10:
            raise SpecError(
                "The population covariance of the items is not positive definite. Try smaller "
                "covariances (~~), or loadings below 1."
            )
        return Population(
            self.items,
            self.latents,
            read_only(self.loading),
            read_only(self.path),
            read_only(implied.phi),
            read_only(implied.sigma),
        )

    def value(self, lhs: str, op: Op, rhs: str, default: float) -> float:
        if op is Op.COVARIANCE:
            lhs, rhs = sorted((lhs, rhs))
        return self.values.get((lhs, op, rhs), default)

    def paths(self) -> None:
        for path in self.spec.paths:
            sources = sum(other.target == path.target for other in self.spec.paths)
            self.path[self.latent_at[path.target], self.latent_at[path.source]] = self.value(
                path.target, Op.REGRESSION, path.source, EXPLAINED / sources
            )

    def reflective(self, construct: Construct) -> None:
        default = 1.0 if len(construct.items) == 1 else LOADING
        at = self.latent_at[construct.name]
        for item in construct.items:
            value = self.value(construct.name, Op.REFLECTIVE, item, default)
            if item in self.latent_at:
                self.path[self.latent_at[item], at] = value
            else:
                self.loading[self.item_at[item], at] = value

    def whole(self, construct: Construct) -> None:
        """Make a composite of constructs the sum of its parts, without a residual."""
        explained = {path.target for path in self.spec.paths}
        for part in construct.items:
            others = [
                c.name for c in self.spec.constructs if c is not construct and part in c.items
            ]
            if part in explained or others:
                raise SpecError(
                    f"{part!r} in composite {construct.name!r} has sources or another whole, which "
                    "is not simulated yet. Write the composite with =~, or leave out the other."
                )
        parts = construct.items
        weights = np.array([self.value(construct.name, Op.COMPOSITE, part, 1.0) for part in parts])
        among = np.array(
            [
                [1.0 if a == b else self.value(a, Op.COVARIANCE, b, CORRELATION) for b in parts]
                for a in parts
            ]
        )
        size = weights @ among @ weights
        if np.linalg.eigvalsh(among)[0] < 1e-10 or not size > 0:
            raise SpecError(
                f"The parts of composite {construct.name!r} have no positive definite covariance, "
                "or its weights are all zero. Try smaller covariances among its parts."
            )
        at = [self.latent_at[part] for part in parts]
        self.path[self.latent_at[construct.name], at] = weights / np.sqrt(size)

    def composite(self, construct: Construct) -> None:
        """Give a composite's items their covariances and its loadings on them."""
        own = self.item_block(construct)
        block = self.residual[np.ix_(own, own)]
        weights = np.array(
            [self.value(construct.name, Op.COMPOSITE, item, 1.0) for item in construct.items]
        )
        size = weights @ block @ weights
        if np.linalg.eigvalsh(block)[0] < 1e-10 or not size > 0:
            raise SpecError(
                f"The items of composite {construct.name!r} have no positive definite covariance, "
                "or its weights are all zero. Try smaller covariances among its items."
            )
        at = self.latent_at[construct.name]
        variance = self.implied().phi[at, at]
        shared = block @ weights / np.sqrt(size)
        self.loading[own, at] = shared / np.sqrt(variance)
        self.residual[np.ix_(own, own)] = block - np.outer(shared, shared)

    def item_block(self, construct: Construct) -> list[int]:
        elsewhere = [i for c in self.spec.constructs if c is not construct for i in c.items]
        for item in construct.items:
            if item in self.latent_at or item in elsewhere:
                raise SpecError(
                    f"{item!r} in composite {construct.name!r} is also a construct, in a path or "
                    "in another construct, which is not simulated yet. Give the composite items "
                    "of its own."
                )
        return [self.item_at[item] for item in construct.items]

    def latent_moments(self) -> None:
        """Fill Psi: stated values, correlated exogenous constructs, and unit total variances."""
        if not self.latents:
            return
        explained = {path.target for path in self.spec.paths}
        explained |= {
            name for c in self.spec.constructs if c not in self.wholes for name in c.items
        }
        explained |= {c.name for c in self.wholes}
        for i, first in enumerate(self.latents):
            for j, second in enumerate(self.latents[:i]):
                default = 0.0 if {first, second} & explained else CORRELATION
                value = self.value(first, Op.COVARIANCE, second, default)
                self.latent[i, j] = self.latent[j, i] = value
        total = self.implied().total
        if not np.isfinite(total).all():
            raise SpecError("The paths form a cycle that never settles. Try smaller values in it.")
        given = np.array([(name, Op.COVARIANCE, name) in self.values for name in self.latents])
        stated = np.array([self.value(n, Op.COVARIANCE, n, 0.0) for n in self.latents])
        others = np.diag(total @ (self.latent + np.diag(stated)) @ total.T)
        open_ = np.flatnonzero(~given)
        spread = np.square(total)[np.ix_(open_, open_)]
        variance = stated
        variance[open_] = np.linalg.lstsq(spread, (1 - others)[open_])[0]
        variance[np.abs(variance) < ROUNDING] = 0.0
        for i in np.flatnonzero(variance < 0).tolist():
            raise SpecError(
                f"The sources of {self.latents[i]!r} explain more than all of its variance "
                f"(R2 = {1 - variance[i]:.2f}). Try smaller paths, or smaller correlations among "
                "the sources."
            )
        self.latent += np.diag(variance)
        if np.linalg.eigvalsh(self.latent)[0] < -1e-10:
            raise SpecError(
                "The population covariances of the constructs are not positive definite. Try "
                "smaller values of ~~."
            )

    def covariances(self) -> None:
        """Fill the stated part of Theta, and the correlations within composites."""
        for construct in self.composites:
            own = self.item_block(construct)
            self.residual[np.ix_(own, own)] = CORRELATION
            self.residual[own, own] = 1.0
        for lhs, op, rhs in self.values:
            if op is Op.COVARIANCE and lhs not in self.latent_at and rhs not in self.latent_at:
                i, j = self.item_at[lhs], self.item_at[rhs]
                self.residual[i, j] = self.residual[j, i] = self.values[lhs, op, rhs]

    def item_variances(self) -> None:
        """Give each item the error that makes its variance one, unless it is stated."""
        composed = {i for c in self.spec.constructs if c.composite for i in c.items}
        settled = composed | (set(self.items) & set(self.latents))
        shared = np.diag(self.loading @ self.implied().phi @ self.loading.T)
        for i, name in enumerate(self.items):
            if name in settled or (name, Op.COVARIANCE, name) in self.values:
                continue
            if shared[i] > 1 + 1e-12:
                raise SpecError(
                    f"The loadings of {name!r} explain more than all of its variance "
                    f"({shared[i]:.2f}). Loadings are standardized here: try values below 1."
                )
            self.residual[i, i] = max(1 - shared[i], 0.0)

    def implied(self) -> kernel.Implied:
        """Return what the matrices imply so far."""
        parts = (self.loading, self.path, np.tril(self.latent), np.tril(self.residual))
        places = [np.nonzero(part) for part in parts]
        matrix = [code for code, (rows, _) in enumerate(places) for _ in rows]
        layout = kernel.layout(
            len(self.items),
            len(self.latents),
            matrix=matrix,
            row=np.concatenate([rows for rows, _ in places]).tolist(),
            column=np.concatenate([columns for _, columns in places]).tolist(),
            free=[-1] * len(matrix),
            fixed=np.concatenate([part[place] for part, place in zip(parts, places, strict=True)]),
        )
        return kernel.implied(layout, np.empty(0))


def _latents(spec: ModelSpec) -> tuple[str, ...]:
    """Return the constructs, then observed variables in paths or covarying with a latent."""
    latents = set(spec.construct_names)
    latents |= {name for path in spec.paths for name in (path.source, path.target)}
    pairs = [{t.lhs, t.rhs} for t in spec.terms if t.op is Op.COVARIANCE]
    while joined := {name for pair in pairs if pair & latents for name in pair} - latents:
        latents |= joined
    return (*spec.construct_names, *(name for name in spec.items if name in latents))
