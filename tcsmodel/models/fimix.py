"""`fimix`: hidden segments with paths of their own, by a finite mixture (FIMIX-PLS)."""

from __future__ import annotations

from collections.abc import Iterable

from tcsmodel.errors import SurveyError
from tcsmodel.kernels import mixture as kernel
from tcsmodel.kernels.batch import map_chunks
from tcsmodel.models.fimix_result import FIMIX
from tcsmodel.models.hidden_segments import require_scores
from tcsmodel.models.mixture_search import search_of
from tcsmodel.models.pls_result import PLSResult
from tcsmodel.options import is_whole, require, require_whole

# Searches with fewer memberships than these to find get into each other's way on several cores.
SMALL = 50_000


def fimix(
    result: PLSResult,
    segments: int | Iterable[int] = range(1, 6),
    *,
    starts: int = 20,
    seed: int = 0,
    intercepts: bool = True,
) -> FIMIX:
    """Return hidden segments of respondents whose paths differ, and whether there are any.

    The scores of the constructs stay those of the model; the regressions among them become a
    mixture of so many segments, and each respondent has a probability of being in each.

    Parameters
    ----------
    result : PLSResult
        A model fitted to respondents, not corrected for unreliability.
    segments : int or iterable of int
        The numbers of segments to try; one segment is always tried beside them.
    starts : int
        Random starts for each number of segments above one: the likelihood has many maxima.
    seed : int
        Seed of the starts. More starts with the same seed begin with the fewer.
    intercepts : bool
        Whether segments may differ in level as well as in paths. False is the mixture as
        Hahn et al. wrote it, of regressions through the overall mean.

    Returns
    -------
    FIMIX
        Criteria by number of segments; paths, shares and members of each solution; a verdict.

    Raises
    ------
    OptionError
        When the result is no PLS model, or corrected for unreliability, or an option is out of
        range.
    SurveyError
        When there are too few respondents for so many segments.
    TcsError
        When the model was fitted to moments alone, or did not converge.

    Notes
    -----
    Hahn, Johnson, Herrmann & Huber (2002, Schmalenbach Business Review 54, 243-269). EM steps
    are accelerated; a start ends when a step adds less than 1e-8 to the mean log-likelihood of
    a respondent, and the best one goes on to 1e-12. With more than 5,000 respondents the starts
    see a random 5,000. Survey weights multiply the log-likelihood of a respondent. A start is
    degenerate when a segment keeps no more respondents than one of its regressions has
    coefficients, or explains a construct but for a millionth: the likelihood has no maximum
    there.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> model = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi())
    >>> found = tcs.fimix(model, segments=[1, 2, 3], starts=10)
    >>> found.table().set_index("segments")["bic"].round(1).to_dict()
    {1: 3591.0, 2: 3469.7, 3: 3521.8}
    """
    require_scores(result, "fimix()", stages=True)
    numbers = _numbers(segments)
    require_whole(starts, "starts", 1)
    require_whole(seed, "seed", 0)
    require(isinstance(intercepts, bool), f"intercepts={intercepts!r} must be True or False.")
    design = kernel.design_of(result.estimator.model.paths, intercepts)
    _require_respondents(result.sample.n, numbers[-1], int(design.sum(axis=0).max()))
    search = search_of(result, result.scores().to_numpy(), None, design, starts, seed)
    is_small = result.sample.n * starts * numbers[-1] < SMALL
    solutions = tuple(map_chunks(search.solution, numbers, workers=1 if is_small else None))
    return FIMIX(result, numbers, solutions, starts, seed, intercepts)


def _numbers(segments: int | Iterable[int]) -> tuple[int, ...]:
    given = list(segments) if isinstance(segments, Iterable) else [segments]
    require(
        len(given) > 0 and all(is_whole(number, 1) for number in given),
        f"segments={segments!r} must be whole numbers, 1 or more, as range(1, 6).",
    )
    return tuple(sorted({1, *(int(number) for number in given)}))


def _require_respondents(n: int, most: int, coefficients: int) -> None:
    needed = most * (coefficients + 2)
    if n < needed:
        raise SurveyError(
            f"{n} respondents are too few for {most} segments, each with a regression of "
            f"{coefficients} coefficients: {needed} is the least. Try fewer segments, as "
            f"segments=range(1, {max(n // (coefficients + 2), 1) + 1})."
        )
