"""PLS in stages: constructs of constructs, and products of constructs, from moments alone.

What a stage gives the next are weights: the scores of a construct are a weighted sum of the
standardized answers (and of their products), so covariances of scores with anything are sums of
covariances of answers. Nothing is read again and a thousand replicates are one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import products
from tcsmodel.kernels.available import prorated
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.pls import Composites
from tcsmodel.kernels.regression import sweep
from tcsmodel.models.path_model import PathModel
from tcsmodel.options import HigherOrder, Interaction, Mode

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Run = Callable[..., Composites]

# Products of standardized answers with less variance than this do not vary.
ROUNDING = 1e-12
# Products of which factors leave a smaller share unexplained repeat them, but for rounding.
REPEATED = 1e-8
# Quantities of a fit in stages that replicates do not keep.
KEPT = {"spread", "product_weights"}


@dataclass(frozen=True, eq=False)
class Staged:
    """What the stages ended with, of all constructs and items of the model.

    Parameters
    ----------
    found : Composites
        Weights, cross-loadings and correlations of all constructs, variances of one.
    corr : ndarray (..., p, p)
        Correlations of the items: answers, scores of lower constructs, products.
    mean, sd : ndarray (..., p)
        Their means and standard deviations.
    spread : ndarray (..., k)
        Standard deviations of interactions, 1 of the other constructs.
    score_weights, product_weights : ndarray (..., p, k), (..., q, k) or None
        Weights of the standardized answers and of their products, of scores of variance 1; None
        where the model needs no stages.
    """

    found: Composites
    corr: Array
    mean: Array
    sd: Array
    spread: Array
    score_weights: Array | None = None
    product_weights: Array | None = None

    @property
    def kept(self) -> dict[str, Array]:
        """The quantities that only models in stages have."""
        if self.score_weights is None or self.product_weights is None:
            return {}
        return {
            "spread": self.spread,
            "score_weights": self.score_weights,
            "product_weights": self.product_weights,
        }


@dataclass(frozen=True, eq=False)
class Stage:
    """One run of PLS: which constructs, from which columns, along which paths.

    Columns are numbered: the P answers and products, then the scores of the k constructs, then
    the products without what answers explain of them.
    """

    constructs: list[int]
    columns: dict[int, Index]
    paths: NDArray[np.bool_]

    @property
    def block(self) -> Index:
        """The construct of each column, numbered within the stage."""
        sizes = [len(self.columns[c]) for c in self.constructs]
        return np.repeat(np.arange(len(sizes)), sizes)

    @property
    def all_columns(self) -> Index:
        """The columns, construct by construct."""
        return np.concatenate([self.columns[c] for c in self.constructs])


def staged(
    model: PathModel,
    how: HigherOrder,
    held: Array,
    run: Run,
    mean: Array,
    cov: Array,
    n: int | Index,
    *,
    again: bool = True,
) -> Staged:
    """Return the composites of a model that needs stages.

    Parameters
    ----------
    model : PathModel
        With parts or factors.
    how : HigherOrder
        How higher-order constructs come about.
    held : ndarray (p,)
        Given weights of the items, nan where they are estimated.
    run : callable
        Takes correlations, block, paths, which constructs are Mode B, and given weights.
    mean, cov : ndarray (..., P), (..., P, P)
        Moments of the answers and of the products of the model's pairs.
    n : int or ndarray (..., 1)
        Number of respondents.
    again : bool
        Whether items are weighted once more beside products of scores; consistent PLS needs the
        scores of which the products are.
    """
    with np.errstate(all="ignore"):
        work = _Work(model, held, run, products.standardized(mean, cov, model.pairs))
        for stage in _stages(model, how, again):
            work.do(stage)
        if not again:
            work.add_products()
        return work.result(mean, cov, n)


def _stages(model: PathModel, how: HigherOrder, again: bool) -> list[Stage]:
    """Return the runs in their order; each takes the scores of those before."""
    plain = [c for c in range(len(model.constructs)) if not model.is_product[c]]
    main, columns, stages = _structural(model, how, plain)
    before = Stage(main, columns, _paths(model, how, main))
    if not (model.factors and again):
        return [*stages, before]
    if model.interaction is Interaction.TWO_STAGE:
        stages.append(before)
    final = [*main, *model.factors]
    return [*stages, Stage(final, columns | _product_columns(model), _paths(model, how, final))]


def _structural(
    model: PathModel, how: HigherOrder, plain: list[int]
) -> tuple[list[int], dict[int, Index], list[Stage]]:
    """Return the constructs and columns of the main run, and the run that it needs before."""
    own = {c: model.behind(c) for c in plain}
    if not model.parts or how is HigherOrder.REPEATED:
        return plain, own, []
    disjoint = how is HigherOrder.DISJOINT
    first = [c for c in plain if not (disjoint and c in model.parts)]
    stages = [Stage(first, own, _paths(model, how, first))]
    main = [c for c in plain if c not in model.lower]
    columns = {
        c: np.array([model.width + part for part in model.parts.get(c, (c,))], dtype=np.intp)
        for c in main
    }
    if disjoint:
        columns |= {c: own[c] for c in main if c not in model.parts}
    return main, columns, stages


def _product_columns(model: PathModel) -> dict[int, Index]:
    """Return the columns of the items of interactions."""
    if model.interaction is Interaction.TWO_STAGE:
        return {c: np.array([model.width + c]) for c in model.factors}
    shift = 0
    if model.interaction is Interaction.ORTHOGONALIZING:
        shift = model.width + len(model.constructs) - len(model.observed)
    return {c: model.multiplied(c) + shift for c in model.factors}


def _paths(model: PathModel, how: HigherOrder, constructs: list[int]) -> NDArray[np.bool_]:
    """Return the paths among constructs of a run, with those that stand for measurement."""
    links = model.paths.copy()
    for c, parts in model.parts.items():
        for part in parts:
            if c not in constructs:
                links[:, part] |= model.paths[:, c]
                links[part] |= model.paths[c]
            elif model.modes[c] is Mode.B:
                links[part, c] = True
            else:
                links[c, part] = True
    for c, parts in model.parts.items():
        if c not in constructs:
            for other, others in model.parts.items():
                if model.paths[c, other]:
                    links[np.ix_(parts, others)] = True
    return links[np.ix_(constructs, constructs)]


class _Work:
    """The columns that a run may take, and the scores so far."""

    def __init__(self, model: PathModel, held: Array, run: Run, cov: Array) -> None:
        self.model, self.held, self.run, self.cov = model, held, run, cov
        batch, size = cov.shape[:-2], cov.shape[-1]
        self.scores = np.zeros((*batch, size, len(model.constructs)))
        self.spread = np.ones((*batch, len(model.constructs)))
        self.residuals = self._residuals()
        self.status = np.zeros(batch, dtype=np.intp)
        self.iterations = np.zeros(batch, dtype=np.intp)

    def _residuals(self) -> Array:
        model, p = self.model, len(self.model.observed)
        out = np.zeros((*self.cov.shape[:-1], len(model.pairs)))
        if model.interaction is not Interaction.ORTHOGONALIZING:
            return out[..., :0]
        for c, (first, second) in model.factors.items():
            own = model.multiplied(c)
            items = np.union1d(model.behind(first), model.behind(second))
            out[..., own - p] = products.residualized(self.cov, items, own)
        return out

    def _columns(self, columns: Index) -> Array:
        """Return the weights (..., P, m) of answers and products in columns."""
        width, k = self.model.width, len(self.model.constructs)
        take = np.zeros((*self.cov.shape[:-1], len(columns)))
        plain, scored = np.flatnonzero(columns < width), (columns >= width) & (columns < width + k)
        take[..., columns[plain], plain] = 1.0
        take[..., scored] = self.scores[..., columns[scored] - width]
        left = columns >= width + k
        take[..., left] = self.residuals[..., columns[left] - width - k]
        return take

    def _among(self, columns: Index, take: Array) -> Array:
        """Return the covariances (..., m, m) of columns; those of answers are only picked."""
        plain = columns < self.model.width
        picked, made = columns[plain], np.flatnonzero(~plain)
        out = np.empty((*self.cov.shape[:-2], len(columns), len(columns)))
        at = np.flatnonzero(plain)
        out[..., at[:, None], at] = self.cov[..., picked[:, None], picked]
        with_made = self.cov @ take[..., made]
        out[..., at[:, None], made] = with_made[..., picked, :]
        out[..., made[:, None], at] = np.swapaxes(with_made[..., picked, :], -1, -2)
        out[..., made[:, None], made] = np.swapaxes(take[..., made], -1, -2) @ with_made
        return out

    def do(self, stage: Stage) -> None:
        """Run a stage and keep the weights of its scores."""
        model = self.model
        if model.interaction is Interaction.TWO_STAGE:
            self._multiply([c for c in stage.constructs if c in model.factors])
        take, block = self._columns(stage.all_columns), stage.block
        cov = self._among(stage.all_columns, take)
        variance = np.diagonal(cov, axis1=-2, axis2=-1)
        sd = np.sqrt(np.where(variance > ROUNDING, variance, np.nan))
        corr = cov / (sd[..., :, None] * sd[..., None, :])
        chosen = np.array(stage.constructs, dtype=np.intp)
        found = self.run(corr, block, stage.paths, model.mode_b[chosen], self._held(stage))
        member = block[:, None] == np.arange(len(chosen))
        self.scores[..., chosen] = take @ ((found.weights / sd)[..., None] * member)
        for c in set(stage.constructs) & set(model.factors):
            own = block == stage.constructs.index(c)
            size = np.abs(found.cross_loadings[..., own, stage.constructs.index(c)])
            self.spread[..., c] = (size * sd[..., own]).sum(-1) / size.sum(-1)
        self.status = np.maximum(self.status, found.status)
        self.iterations = found.iterations

    def add_products(self) -> None:
        """Add products of the scores so far as scores of interactions."""
        own = [*self.model.factors]
        self._multiply(own)
        made = self.scores[..., own]
        sd = np.sqrt((made * (self.cov @ made)).sum(axis=-2))
        self.scores[..., own], self.spread[..., own] = made / sd[..., None, :], sd

    def _multiply(self, factors: list[int]) -> None:
        """Put products of scores in the place of the scores of interactions."""
        p = len(self.model.observed)
        for c in factors:
            first, second = (self.scores[..., :p, f] for f in self.model.factors[c])
            made = products.score_product(first, second, self.model.pairs)
            own = [*dict.fromkeys(self.model.factors[c])]
            take = np.concatenate([self.scores[..., own], made[..., None]], axis=-1)
            among = np.swapaxes(take, -1, -2) @ self.cov @ take
            left = sweep(among, len(own))[..., -1, -1] / among[..., -1, -1]
            self.scores[..., c] = np.where((left > REPEATED)[..., None], made, np.nan)

    def _held(self, stage: Stage) -> Array:
        model, parts = self.model, []
        for c in stage.constructs:
            own, size = np.flatnonzero(model.block == c), len(stage.columns[c])
            if c in model.factors or len(own) != size:
                parts.append(np.full(size, 1.0 if model.modes[c] is Mode.UNIT else np.nan))
            else:
                parts.append(self.held[own])
        return np.concatenate(parts)

    def result(self, mean: Array, cov: Array, n: int | Index) -> Staged:
        """Return all constructs and items together."""
        model = self.model
        p = len(model.observed)
        take = self._columns(self._item_columns())
        if model.interaction is Interaction.TWO_STAGE:
            take[..., model.is_product[model.block]] *= self.spread[..., None, [*model.factors]]
        scores = self.scores
        items = np.swapaxes(take, -1, -2) @ self.cov
        among = items @ take
        sd = np.sqrt(np.diagonal(among, axis1=-2, axis2=-1))
        cross = (items @ scores) / sd[..., None]
        corr = np.swapaxes(scores, -1, -2) @ self.cov @ scores
        diagonal = np.arange(len(model.constructs))
        own = corr[..., diagonal, diagonal]
        corr[..., diagonal, diagonal] = np.where(np.isfinite(own), 1.0, np.nan)
        within = to_corr(among)
        found = Composites(
            self._weights(within, cross, sd), cross, corr, self.iterations, self.status
        )
        means = self._means(mean, take, n)
        sd[..., model.answered] = np.sqrt(np.diagonal(cov, axis1=-2, axis2=-1)[..., :p])
        answers, made = scores[..., :p, :], scores[..., p:, :]
        return Staged(found, within, means, sd, self.spread, answers, made)

    def _weights(self, corr: Array, cross: Array, sd: Array) -> Array:
        """Return the weight (..., p) of each standardized item in its construct."""
        model, scores, p = self.model, self.scores, len(self.model.observed)
        weights = np.ones(sd.shape)
        weights[..., model.answered] = scores[..., np.arange(p), model.block[model.answered]]
        for c in model.parts:
            own = np.flatnonzero(model.block == c)
            weights[..., own] = _regression(corr, cross[..., c], own)
        if model.interaction is not Interaction.TWO_STAGE:
            for c in model.factors:
                own = np.flatnonzero(model.block == c)
                weights[..., own] = scores[..., model.multiplied(c), c] * sd[..., own]
        return weights

    def _means(self, mean: Array, take: Array, n: int | Index) -> Array:
        """Return the means (..., p) of items: of products those of their standardized factors."""
        model, p = self.model, len(self.model.observed)
        means = np.zeros((*mean.shape[:-1], len(model.items)))
        means[..., model.answered] = mean[..., :p]
        if model.interaction is not Interaction.ORTHOGONALIZING:
            made = np.flatnonzero(model.is_product[model.block])
            known = products.product_means(self.cov, model.pairs, n)
            means[..., made] = (known[..., None, :] @ take[..., p:, made])[..., 0, :]
        return means

    def _item_columns(self) -> Index:
        """Return the column of each item of the model."""
        model = self.model
        columns = np.empty(len(model.items), dtype=np.intp)
        columns[model.answered] = np.arange(len(model.observed))
        for c, parts in model.parts.items():
            columns[model.block == c] = model.width + np.array(parts)
        if model.factors:
            for c, own in _product_columns(model).items():
                columns[model.block == c] = own
        return columns


def _regression(corr: Array, loadings: Array, own: Index) -> Array:
    """Return the weights (..., m) of standardized items in a composite of theirs."""
    m = len(own)
    right = loadings[..., own]
    above = np.concatenate([corr[..., own[:, None], own], right[..., None]], axis=-1)
    below = np.concatenate([right, np.ones((*right.shape[:-1], 1))], axis=-1)
    return sweep(np.concatenate([above, below[..., None, :]], axis=-2), m)[..., :m, m]


def answer_weights(model: PathModel, values: Mapping[str, Array]) -> Array:
    """Return the weights (..., p, c) of standardized answers in the scores of constructs.

    Of all constructs but interactions; those of a higher-order construct are of the answers to
    the items of its parts.
    """
    if model.is_staged:
        return values["score_weights"][..., : len(model.scored)]
    return values["outer_weights"][..., :, None] * model.member


def column_weights(model: PathModel, values: Mapping[str, Array]) -> Array:
    """Return the weights (..., P, k) of standardized answers and their products in scores.

    The products are about their means; scores of interactions are in units of their factors.
    """
    if not model.is_staged:
        return answer_weights(model, values)
    both = np.concatenate([values["score_weights"], values["product_weights"]], axis=-2)
    return both * values["spread"][..., None, :]


def scores_of(
    model: PathModel,
    values: Mapping[str, Array],
    mean: Array,
    answers: Array,
    applies: NDArray[np.bool_],
) -> Array:
    """Return scores (n, k) of answers (n, p), of the items that apply (n, p).

    Means (P,) of the fit include those of products. An answer that is missing counts as the mean
    of the item.
    """
    at, p = model.answered, len(model.answered)
    sd = values["item_sds"][at]
    z = np.nan_to_num((answers - values["item_means"][at]) / sd)
    weights = column_weights(model, values)
    scores = prorated(z, weights[:p], applies)
    if not model.factors:
        return scores
    columns = products.centered(z, products.centers(mean, sd, model.pairs), model.pairs)
    return scores + columns[:, p:] @ weights[p:]
