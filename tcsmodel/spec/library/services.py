"""Models of service quality, of industries, and of the firm."""

from __future__ import annotations

from tcsmodel.spec.library.blueprint import Blueprint, Items, numbered
from tcsmodel.spec.model import ModelSpec

DIMENSIONS = numbered(Tangibles=4, Reliability=5, Responsiveness=4, Assurance=4, Empathy=5)
SERVQUAL = Blueprint("servqual", DIMENSIONS, above={"ServiceQuality": tuple(DIMENSIONS)})

CONTACTS = numbered(
    Network=3, Tariff=3, Promotion=3, ServiceHall=3, Hotline=3, Billing=3, OnlineChannel=3
)
TELECOM = Blueprint(
    "telecom",
    {**CONTACTS, **numbered(Value=2, Satisfaction=3, SwitchingCost=3, Loyalty=3)},
    (
        (("Quality",), "Value"),
        (("Quality", "Value"), "Satisfaction"),
        (("Satisfaction", "SwitchingCost"), "Loyalty"),
    ),
    formed=(*CONTACTS, "Quality"),
    above={"Quality": tuple(CONTACTS)},
)

BANK = Blueprint(
    "bank",
    numbered(Image=5, Expectation=5, Quality=5, Value=4, Satisfaction=4, Loyalty=4),
    (
        (("Image",), "Expectation"),
        (("Expectation",), "Quality"),
        (("Expectation", "Quality"), "Value"),
        (("Image", "Expectation", "Quality", "Value"), "Satisfaction"),
        (("Image", "Satisfaction"), "Loyalty"),
    ),
)

SERVICE_PROFIT_CHAIN = Blueprint(
    "service_profit_chain",
    {
        "EmployeeSatisfaction": ("employee1", "employee2", "employee3"),
        **numbered(Quality=3, Satisfaction=3, Loyalty=3, Revenue=1),
    },
    (
        (("EmployeeSatisfaction",), "Quality"),
        (("Quality",), "Satisfaction"),
        (("Satisfaction",), "Loyalty"),
        (("Loyalty",), "Revenue"),
    ),
)


def servqual(items: Items | None = None) -> ModelSpec:
    """Return SERVQUAL: service quality above five dimensions, for `CFA` and `SEM`.

    Tangibles, reliability, responsiveness, assurance and empathy measured by 22 items
    (Parasuraman, Zeithaml & Berry 1988, Journal of Retailing 64(1), 12-40), and a
    second-order construct ServiceQuality measured by the five. Answers are perceptions, or
    perceptions minus expectations.

    Parameters
    ----------
    items : mapping of str to sequence of str, optional
        The item columns of the five dimensions. By default generic names in the numbers of the
        questionnaire: ``tangibles1`` to ``tangibles4``, ``reliability1`` to ``reliability5``,
        ``responsiveness1`` to 4, ``assurance1`` to 4, ``empathy1`` to 5.

    Raises
    ------
    SpecError
        When a dimension is missing from `items`, unknown, or has no items.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.library.servqual()
    >>> spec.construct("ServiceQuality").items
    ('Tangibles', 'Reliability', 'Responsiveness', 'Assurance', 'Empathy')

    What quality acts on is added to the terms:

    >>> longer = tcs.ModelSpec.of(
    ...     spec.terms,
    ...     tcs.reflective("Satisfaction", ["sat1", "sat2", "sat3"]),
    ...     tcs.paths("ServiceQuality", "Satisfaction"),
    ... )
    >>> longer
    ModelSpec(7 constructs, 25 items, 1 path)
    """
    return SERVQUAL.spec(items)


def telecom(items: Items | None = None) -> ModelSpec:
    """Return a template for telecommunication: 12 constructs, 5 paths, for `PLS`.

    Seven points of contact (network, tariff, promotion, service hall, hotline, billing and
    the online channel), each formed by its questions (``<~``), form perceived quality, which is
    of second order; it acts on value and satisfaction, and on loyalty the cost of
    switching acts too. A template of ours in the wording of the industry, not a
    published model; that quality is better formed than reflected is Liao's finding for a
    Chinese operator (2009, Journal of Applied Statistics and Management 1, 89-97).

    For `SEM` write quality and the seven with ``=~``.

    Parameters
    ----------
    items : mapping of str to sequence of str, optional
        The item columns of each construct. By default generic names: ``network1``, ...,
        ``service_hall3``, ``switching_cost3``; three for each construct, two for value.

    Raises
    ------
    SpecError
        When a construct is missing from `items`, unknown, or has no items.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> tcs.library.telecom()
    ModelSpec(12 constructs, 32 items, 5 paths)
    """
    return TELECOM.spec(items)


def bank(items: Items | None = None) -> ModelSpec:
    """Return the model of a bank's customers: ECSI without complaints, 6 constructs, 10 paths.

    Image, expectation, perceived quality, perceived value, satisfaction and loyalty, as in
    the study of a Spanish credit institution that the R package plspm made known (Sanchez
    2013, PLS Path Modeling with R).

    Parameters
    ----------
    items : mapping of str to sequence of str, optional
        The item columns of each construct. By default those of `tcsmodel.datasets.bank`
        (simulated): ``image1`` to 5, ``expectation1`` to 5, ``quality1`` to 5, ``value1`` to
        4, ``satisfaction1`` to 4, ``loyalty1`` to 4.

    Raises
    ------
    SpecError
        When a construct is missing from `items`, unknown, or has no items.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> tcs.library.bank()
    ModelSpec(6 constructs, 27 items, 10 paths)
    """
    return BANK.spec(items)


def service_profit_chain(items: Items | None = None) -> ModelSpec:
    """Return the service profit chain: 5 constructs, 4 paths; its rows are branches.

    Satisfied employees give quality, quality satisfies customers, satisfied customers are
    loyal, and loyalty earns revenue (Heskett, Jones, Loveman, Sasser & Schlesinger 1994,
    Harvard Business Review 72(2), 164-174). One row is one branch or unit, with the means of
    its employees' and of its customers' answers: the model has one level, and n is the
    number of branches.

    Parameters
    ----------
    items : mapping of str to sequence of str, optional
        The item columns of each construct. By default generic names: ``employee1`` to 3,
        ``quality1`` to 3, ``satisfaction1`` to 3, ``loyalty1`` to 3 and ``revenue``.

    Raises
    ------
    SpecError
        When a construct is missing from `items`, unknown, or has no items.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> tcs.library.service_profit_chain()
    ModelSpec(5 constructs, 13 items, 4 paths)
    """
    return SERVICE_PROFIT_CHAIN.spec(items)
