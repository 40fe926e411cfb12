"""Which estimator a covariance-based model has, and which options go with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcsmodel.models.ordinal_sample import ordered_items
from tcsmodel.options import (
    Engine,
    Estimator,
    Parameterization,
    SEMMissing,
    choose,
    did_you_mean,
    require,
)

if TYPE_CHECKING:
    from tcsmodel.models.sem import SEM

ORDINAL = tuple(member.value for member in Estimator if member.is_ordinal)


def resolve(options: SEM) -> None:
    """Fill in the estimator, and check what goes with it and with ordinal items.

    Raises
    ------
    OptionError
        When an option is outside its vocabulary, or two do not go together.
    """
    _name_items(options)
    is_ordinal = bool(ordered_items(options.spec, options.ordered))
    default = Estimator.WLSMV if is_ordinal else Estimator.ML
    estimator = default if options.estimator is None else options.estimator
    object.__setattr__(options, "estimator", choose(Estimator, estimator, "estimator"))
    chosen = choose(Parameterization, options.parameterization, "parameterization")
    object.__setattr__(options, "parameterization", chosen)
    if is_ordinal:
        _check_ordinal(options)
    else:
        _check_continuous(options)
    _check_missing(options)


def _check_missing(options: SEM) -> None:
    estimator, missing = options.estimator, options.missing
    cure = "leave out estimator=" if missing.is_staged else "use estimator='mlr' or 'ml'"
    require(
        estimator in (Estimator.ML, Estimator.MLR)
        or missing in (SEMMissing.LISTWISE, SEMMissing.PAIRWISE),
        f"estimator={estimator.value!r} needs complete answers; with missing={missing.value!r} "
        f"{cure}.",
    )
    require(
        estimator is Estimator.ML or not missing.is_staged,
        f"missing={missing.value!r} has standard errors and a scaled test of its own, beside "
        "estimates by 'ml', under normality ('two_stage') or not ('robust_two_stage'). Leave out "
        "estimator=.",
    )
    require(
        (estimator is Estimator.ML and not missing.is_staged) or options.information is None,
        "information= is a choice for estimator='ml' with missing='listwise' or 'fiml'; robust "
        "and two-stage standard errors have their own.",
    )


def _name_items(options: SEM) -> None:
    """Turn `ordered` into True or a tuple of items of the model."""
    given = options.ordered
    if isinstance(given, bool):
        object.__setattr__(options, "ordered", given or ())
        return
    names = (given,) if isinstance(given, str) else tuple(given)
    items = options.spec.items
    for name in names:
        hint = did_you_mean(name, items) or f" Its items are {', '.join(items)}."
        require(name in items, f"ordered names {name!r}, which is not an item of the model.{hint}")
    object.__setattr__(options, "ordered", names)


def _check_ordinal(options: SEM) -> None:
    name = options.estimator.value
    require(
        options.estimator.is_ordinal,
        f"estimator={name!r} is for continuous items, and some are ordered. Use "
        f"{', '.join(ORDINAL)} (the default is 'wlsmv'), or leave out ordered.",
    )
    require(
        options.missing in (SEMMissing.LISTWISE, SEMMissing.PAIRWISE),
        f"missing={options.missing.value!r} is for continuous items, and some are ordered. Use "
        "missing='pairwise', which takes each correlation from those who answered both items, or "
        "'listwise'.",
    )
    require(
        options.information is None,
        "information= is a choice for estimator='ml'; standard errors with ordered items come "
        "from the sampling covariances of correlations. Leave it out.",
    )
    known = [name for name in options.reliability or () if name in options.spec.construct_names]
    items = {item for name in known for item in options.spec.construct(name).items}
    stated = items & set(ordered_items(options.spec, options.ordered))
    require(
        not stated,
        f"reliability= is given for {', '.join(sorted(stated))}, which is ordered, so that its "
        "variance is a convention. Leave it out of ordered, or of reliability.",
    )
    require(
        options.engine is Engine.NATIVE,
        f"engine={str(options.engine)!r} does not fit ordered items. Leave out engine=, or "
        "ordered=.",
    )


def _check_continuous(options: SEM) -> None:
    require(
        options.missing is not SEMMissing.PAIRWISE,
        "missing='pairwise' is for ordered items. Use missing='fiml', which uses every answer of "
        "continuous items.",
    )
    require(
        options.estimator is not Estimator.WLSM,
        "estimator='wlsm' is for ordered items. Name them in ordered=[...], or use 'wlsmv'.",
    )
    require(
        options.parameterization is Parameterization.DELTA,
        "parameterization='theta' is a choice for ordered items. Name them in ordered=[...], or "
        "leave it out.",
    )
