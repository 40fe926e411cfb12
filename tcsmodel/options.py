"""Closed vocabularies, and the helpers that check an option at birth."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from numbers import Integral, Real
from typing import TypeVar

from tcsmodel.errors import OptionError


class Missing(StrEnum):
    """What is done about missing answers."""

    LISTWISE = "listwise"


class SEMMissing(StrEnum):
    """What covariance-based models do about missing answers."""

    LISTWISE = "listwise"
    FIML = "fiml"
    TWO_STAGE = "two_stage"
    ROBUST_TWO_STAGE = "robust_two_stage"
    PAIRWISE = "pairwise"

    @property
    def uses_partial(self) -> bool:
        """Whether respondents who answered only some of the items are used."""
        return self is not SEMMissing.LISTWISE

    @property
    def is_staged(self) -> bool:
        """Whether moments are estimated first and the model fitted to them."""
        return self in (SEMMissing.TWO_STAGE, SEMMissing.ROBUST_TWO_STAGE)


class ReplicateKind(StrEnum):
    """How replicate weights were made."""

    BRR = "brr"
    FAY = "fay"
    JK1 = "jk1"
    JKN = "jkn"
    BOOTSTRAP = "bootstrap"
    OTHER = "other"


class Information(StrEnum):
    """Which information standard errors come from."""

    EXPECTED = "expected"
    OBSERVED = "observed"


class Extraction(StrEnum):
    """How factors are extracted."""

    MINRES = "minres"
    ML = "ml"


class Rotation(StrEnum):
    """How factors are rotated."""

    NONE = "none"
    VARIMAX = "varimax"
    OBLIMIN = "oblimin"


class FactorRule(StrEnum):
    """How the number of factors is found."""

    PARALLEL = "parallel"


class ScoreMethod(StrEnum):
    """How factor scores are made."""

    REGRESSION = "regression"
    BARTLETT = "bartlett"
    TEN_BERGE = "ten_berge"


class CCSIVariant(StrEnum):
    """The two reconstructions of the Chinese index."""

    A = "a"
    B = "b"


class Scheme(StrEnum):
    """The inner weighting scheme of PLS."""

    PATH = "path"
    FACTORIAL = "factorial"
    CENTROID = "centroid"


class Mode(StrEnum):
    """The outer weighting mode of a PLS construct."""

    A = "A"
    B = "B"
    UNIT = "unit"
    FIXED = "fixed"


class SignRule(StrEnum):
    """How a PLS construct is turned, whose sign the algorithm leaves open."""

    SUM = "sum"
    DOMINANT = "dominant"
    NONE = "none"


class HigherOrder(StrEnum):
    """How PLS estimates constructs that constructs measure."""

    DISJOINT = "disjoint"
    EMBEDDED = "embedded"
    REPEATED = "repeated"


class Interaction(StrEnum):
    """How PLS makes the product of two constructs."""

    TWO_STAGE = "two_stage"
    PRODUCT_INDICATOR = "product_indicator"
    ORTHOGONALIZING = "orthogonalizing"


class PLSMissing(StrEnum):
    """What PLS does about missing answers."""

    LISTWISE = "listwise"
    MEAN = "mean"
    PAIRWISE = "pairwise"
    FIML = "fiml"


class Technique(StrEnum):
    """Whose scores predict the items of a construct."""

    DIRECT = "direct"
    EARLIEST = "earliest"


class Regressors(StrEnum):
    """Which items the linear model beside PLS regresses an item on."""

    ANTECEDENTS = "antecedents"
    OTHERS = "others"


class Estimator(StrEnum):
    """The discrepancy of covariance-based SEM."""

    ML = "ml"
    MLR = "mlr"
    MLM = "mlm"
    MLMV = "mlmv"
    GLS = "gls"
    ULS = "uls"
    WLS = "wls"
    DWLS = "dwls"
    ULSMV = "ulsmv"
    WLSMV = "wlsmv"
    WLSM = "wlsm"

    @property
    def is_ordinal(self) -> bool:
        """Whether ordinal items have it."""
        return self.is_least_squares and self is not Estimator.GLS

    @property
    def is_least_squares(self) -> bool:
        """Whether squared residuals of the moments are minimized, not a likelihood maximized."""
        return self.value.endswith("ls") or self.is_shifted_squares or self is Estimator.WLSM

    @property
    def is_shifted_squares(self) -> bool:
        """Whether least squares come with a scaled and shifted test."""
        return self in (Estimator.ULSMV, Estimator.WLSMV)

    @property
    def is_distribution_free(self) -> bool:
        """Whether least squares take the sampling covariances of moments from the respondents."""
        return self is Estimator.WLS or self.is_shifted_squares

    @property
    def is_unweighted(self) -> bool:
        """Whether all squared residuals count alike."""
        return self in (Estimator.ULS, Estimator.ULSMV)

    @property
    def needs_respondents(self) -> bool:
        """Whether moments alone are not enough."""
        return self.is_distribution_free or self in (Estimator.MLR, Estimator.MLM, Estimator.MLMV)


class Engine(StrEnum):
    """Which program fits a covariance-based model."""

    NATIVE = "native"
    SEMOPY = "semopy"


class Likelihood(StrEnum):
    """What the likelihood of covariance-based models is about."""

    NORMAL = "normal"
    WISHART = "wishart"


class Bounds(StrEnum):
    """Which parameters a covariance-based model keeps within bounds by itself."""

    STANDARD = "standard"


class IntervalKind(StrEnum):
    """How bootstrap replicates become an interval."""

    PERCENTILE = "percentile"
    BCA = "bca"
    BASIC = "basic"
    STUDENTIZED = "studentized"


class Side(StrEnum):
    """Which limits an interval has."""

    BOTH = "both"
    LOWER = "lower"
    UPPER = "upper"


class GroupEqual(StrEnum):
    """Kinds of parameters that may be equal in all groups."""

    LOADINGS = "loadings"
    INTERCEPTS = "intercepts"
    RESIDUALS = "residuals"
    MEANS = "means"
    REGRESSIONS = "regressions"
    LV_VARIANCES = "lv_variances"
    LV_COVARIANCES = "lv_covariances"
    RESIDUAL_COVARIANCES = "residual_covariances"
    THRESHOLDS = "thresholds"


class Parameterization(StrEnum):
    """What is fixed of the variables behind ordinal items: their scales, or residual variances."""

    DELTA = "delta"
    THETA = "theta"


class GroupTest(StrEnum):
    """How a difference between two groups is tested."""

    PERMUTATION = "permutation"
    HENSELER = "henseler"
    PARAMETRIC = "parametric"
    WELCH = "welch"


class InvarianceStep(StrEnum):
    """Which step of invariance is to hold."""

    THRESHOLDS = "thresholds"
    METRIC = "metric"
    SCALAR = "scalar"
    STRICT = "strict"


class IndexKind(StrEnum):
    """Which item weights a satisfaction index uses."""

    ACSI = "acsi"
    STANDARDIZED = "standardized"
    METRIC4 = "metric4"
    EQUAL = "equal"


class DriverMethod(StrEnum):
    """How R2 is shared among drivers."""

    LMG = "lmg"


class Ceiling(StrEnum):
    """Which ceiling a necessary condition analysis draws over the scatter."""

    CE_FDH = "ce_fdh"
    CR_FDH = "cr_fdh"


class Scope(StrEnum):
    """What bounds the space that a necessary condition analysis looks at."""

    OBSERVED = "observed"
    SCALE = "scale"


class BottleneckUnit(StrEnum):
    """What the cells of a bottleneck table are in."""

    PERCENT = "percent"
    ACTUAL = "actual"
    RESPONDENTS = "respondents"


Vocabulary = TypeVar("Vocabulary", bound=StrEnum)


def did_you_mean(value: object, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest known word, or an empty string."""
    names = [str(name) for name in known]
    lowered = {name.lower(): name for name in reversed(names)}
    near = get_close_matches(str(value).lower(), list(lowered), n=1, cutoff=0.6)
    return f" Did you mean {lowered[near[0]]!r}?" if near else ""


def choose(vocabulary: type[Vocabulary], value: str, argument: str) -> Vocabulary:
    """Return the member of `vocabulary` that `value` names.

    Raises
    ------
    OptionError
        When `value` is none of the members; the message lists them.
    """
    if isinstance(value, vocabulary):
        return value
    try:
        return vocabulary(value)
    except ValueError:
        known = [member.value for member in vocabulary]
        raise OptionError(
            f"{argument}={value!r} is not one of {', '.join(known)}.{did_you_mean(value, known)}"
        ) from None


def require(condition: bool, message: str) -> None:
    """Raise `OptionError` with `message` unless `condition` holds."""
    if not condition:
        raise OptionError(message)


def is_whole(value: object, least: int) -> bool:
    """Tell whether `value` is a whole number of at least `least`."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def require_whole(value: object, argument: str, least: int) -> None:
    """Raise `OptionError` unless `value` is a whole number of at least `least`."""
    require(
        is_whole(value, least), f"{argument}={value!r} must be a whole number, {least} or more."
    )


def require_level(level: object) -> None:
    """Raise `OptionError` unless `level` is a confidence level."""
    inside = isinstance(level, Real) and 0 < float(level) < 1
    require(inside, f"level={level!r} must lie between 0 and 1, as 0.95.")
