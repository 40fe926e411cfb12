"""What the options of `SEM` that give constructs their scales may not say together."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING

from tcsmodel.options import Estimator, Likelihood, SEMMissing, require

if TYPE_CHECKING:
    from tcsmodel.models.sem import SEM


def require_one_way(model: SEM) -> None:
    """Raise OptionError when a model has two scales, or a likelihood or reliability it cannot.

    Stores the reliabilities as numbers.
    """
    require(
        not (model.std_lv and model.effect_coding),
        "std_lv=True and effect_coding=True give each construct two scales; choose one of them.",
    )
    is_plain = model.estimator is Estimator.ML and model.missing is SEMMissing.LISTWISE
    require(
        is_plain or model.likelihood is Likelihood.NORMAL,
        "likelihood='wishart' is about covariances of complete answers; use it with "
        "estimator='ml' and missing='listwise', or leave it out.",
    )
    if model.reliability is None:
        return
    for name, value in model.reliability.items():
        is_share = isinstance(value, Real) and 0 < float(value) <= 1
        require(
            is_share,
            f"reliability[{name!r}]={value!r} must be above 0 and at most 1, as 0.8.",
        )
    own = {name: float(value) for name, value in model.reliability.items()}
    object.__setattr__(model, "reliability", own or None)
