"""Standard errors and test traces that do not rely on normality: sandwiches.

D (B, s, q) are the derivatives of the implied moments by the parameters, W the weight of the
discrepancy (V, the normal-theory weight at the implied Sigma, for maximum likelihood) and Gamma
n times the sampling covariance of the sample moments. With ``E = D'W D``

    vcov   = E^-1 D'W Gamma W D E^-1 / n             lavaan's robust.sem (Browne 1984)
    vcov   = A^-1 B A^-1 / n                         robust.huber.white, A the observed information
    U      = W - W D E^-1 D'W                        residual weight (Satorra & Bentler 1994)

B = D'V Gamma V D is the covariance of casewise scores: with Gamma at the implied moments in
general, at the sample's where the model leaves the means free, since scores then sum to zero.

n is the number of respondents for maximum likelihood and one less for least squares, ordinal
items included; that is what lavaan 0.7 divides by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import linalg
from tcsmodel.kernels.least_squares import weighted

Array = NDArray[np.float64]


def _t(a: Array) -> Array:
    return np.swapaxes(a, -1, -2)


def information(delta: Array, weight: Array) -> Array:
    """Return E (B, q, q): the expected information of one respondent.

    delta (B, s, q) and W (B, s, s) or its diagonal (B, s).
    """
    return _t(delta) @ weighted(weight, delta)


def score_products(delta: Array, weight: Array, gamma: Array) -> Array:
    """Return B (B, q, q): the mean product of casewise scores, ``D'W Gamma W D``."""
    wide = weighted(weight, delta)
    return _t(wide) @ gamma @ wide


def sandwich(bread: Array, products: Array, n: float) -> Array:
    """Return ``A^-1 B A^-1 / n`` (B, q, q); nan where A is singular.

    A is `information` for robust.sem, and the observed information for robust.huber.white.
    """
    inverse = linalg.inverse(bread)
    return inverse @ products @ inverse / n


@dataclass(frozen=True, slots=True)
class Traces:
    """first (B,) tr(U Gamma), second (B,) tr(U Gamma U Gamma)."""

    first: Array
    second: Array


def residual_traces(delta: Array, weight: Array, gamma: Array) -> Traces:
    """Return the traces that scale a chi-square; nan where E is singular."""
    wide = weighted(weight, delta)
    inverse = linalg.inverse(_t(delta) @ wide)
    product = weighted(weight, gamma) - wide @ (inverse @ (_t(wide) @ gamma))
    return Traces(
        np.trace(product, axis1=-2, axis2=-1),
        np.einsum("bij,bji->b", product, product),
    )


def difference_traces(delta: Array, restricted: Array, bread: Array, products: Array) -> Traces:
    """Return the traces that scale the difference of two nested chi-squares (Satorra 2000).

    With H the parameters of the restricted model as directions of those of the other, A spans
    what H leaves out, and ``U = A' (A E^-1 A')^-1 A`` between two E^-1.

    Parameters
    ----------
    delta : ndarray (B, s, q)
        Derivatives of the less restricted model, at its estimates.
    restricted : ndarray (B, s, r)
        Those of the restricted model, at its own.
    bread, products : ndarray (B, q, q)
        E (the observed information for MLR) and B of the less restricted model.
    """
    r = restricted.shape[-1]
    square = linalg.inverse(_t(delta) @ delta)
    tangent = square @ (_t(delta) @ restricted)
    left = _t(np.linalg.qr(tangent, mode="complete")[0][..., r:])
    inverse = linalg.inverse(bread)
    along = left @ inverse
    middle = linalg.inverse(along @ _t(left))
    product = middle @ (along @ products @ _t(along))
    return Traces(
        np.trace(product, axis1=-2, axis2=-1),
        np.einsum("bij,bji->b", product, product),
    )


def yuan_bentler_trace(saturated: Array, bread: Array, products: Array) -> Array:
    """Return ``tr(A1^-1 B1) - tr(A0^-1 B0)`` (B,), which over df is Mplus's scaling factor.

    Yuan & Bentler (2000, Sociological Methodology 30, 165-200) as Asparouhov & Muthen (2005). The
    original, lavaan's ``yuan.bentler``, is the first of `residual_traces` with
    `gamma.observed_weight` for W.

    Parameters
    ----------
    saturated : ndarray (B,)
        tr(A1^-1 B1) of the saturated model: ``saturated_trace``.
    bread : ndarray (B, q, q)
        A0, the observed information of the model, of one respondent.
    products : ndarray (B, q, q)
        B0, `score_products` with V at the implied covariances.
    """
    inverse = linalg.inverse(bread)
    return saturated - np.einsum("bij,bji->b", inverse, products)


def saturated_trace(weight: Array, gamma: Array) -> Array:
    """Return tr(V Gamma) (B,) of normal-theory V and distribution-free Gamma, both at S."""
    return np.einsum("bij,bji->b", weight, gamma)
