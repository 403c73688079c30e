"""How many different responses a set is worth, by the spectrum of its similarities."""

from collections.abc import Callable
from math import inf, isinf

import numpy as np

from generation.diversity.equal_numbers import at_equal_numbers
from generation.diversity.measures import Columns, Measure, Setting
from generation.diversity.responses import FloatArray, Indices, QueryResponses, Vectors
from generation.diversity.similarity import by_source


def spectrum(vectors: Vectors) -> FloatArray:
    """Eigenvalues of the responses' cosine similarities, divided by their number.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Of unit length.

    Returns
    -------
    ndarray of float64, shape (min(n, d),)
        Ascending, at least 0, adding up to 1. The others, if d < n, are 0.

    Notes
    -----
    Those of the n x n and of the d x d matrix of products are the same but for zeros: the smaller is taken.

    Examples
    --------
    >>> spectrum(np.eye(2, dtype=np.float32))
    array([0.5, 0.5])
    """
    exact = vectors.astype(np.float64)
    wide = exact if len(exact) <= exact.shape[1] else exact.T
    values = np.clip(np.linalg.eigvalsh(wide @ wide.T.copy()), 0, None)
    total: FloatArray = values / values.sum()
    return total


def vendi_score(vectors: Vectors, *, order: float = 1.0) -> float:
    """Vendi score: the effective number of different responses.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Of unit length; n at least 1.
    order : float
        Of the Rényi entropy, at least 0: 1 is Shannon's; the higher, the less rare responses count. Infinity
        looks at the largest eigenvalue alone.

    Returns
    -------
    float
        From 1, all the same, to n, all orthogonal.

    Raises
    ------
    ValueError
        If there are no vectors, or the order is below 0.

    References
    ----------
    Friedman & Dieng (2023), The Vendi Score, Transactions on Machine Learning Research; Pasarkar & Dieng
    (2024), Cousins of the Vendi Score, AISTATS, for the orders.

    Examples
    --------
    >>> round(vendi_score(np.eye(3, dtype=np.float32)), 6)
    3.0
    """
    if not len(vectors):
        raise ValueError("no vectors: the Vendi score of nothing is undefined")
    return hill_number(spectrum(vectors), order=order)


def hill_number(shares: FloatArray, *, order: float = 1.0) -> float:
    """Effective number of kinds, from their shares: the exponential of their Rényi entropy.

    Parameters
    ----------
    shares : ndarray of float64
        At least 0, adding up to 1; shares of 1e-12 and less are rounding, and count as 0.
    order : float
        At least 0.

    Raises
    ------
    ValueError
        If the order is below 0.

    References
    ----------
    Hill (1973), Diversity and evenness, Ecology 54, 427-432.

    Examples
    --------
    >>> hill_number(np.array([0.5, 0.5]), order=2)
    2.0
    """
    if not order >= 0:
        raise ValueError(f"the order must be 0 or more, not {order}")
    held = shares[shares > 1e-12]
    if isinf(order):
        return float(1 / held.max())
    if order == 1:
        return float(np.exp(-(held * np.log(held)).sum()))
    return float((held**order).sum() ** (1 / (1 - order)))


def effective_rank(vectors: Vectors) -> float:
    """Effective rank: the exponential of the entropy of the singular values' shares.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Of unit length; n at least 1.

    Returns
    -------
    float
        From 1 to min(n, d). The Vendi score takes the squares of the singular values in their place, and is
        the smaller.

    References
    ----------
    Roy & Vetterli (2007), The effective rank, EUSIPCO.

    Examples
    --------
    >>> round(effective_rank(np.eye(3, dtype=np.float32)), 6)
    3.0
    """
    values = np.sqrt(spectrum(vectors))
    return hill_number(values / values.sum())


def columns(query: QueryResponses, setting: Setting) -> Columns:
    """Vendi scores of one query's cells.

    Returns
    -------
    dict
        "vendi", shape (sources,): of order 1. "vendi.2" and "vendi.inf": of those orders. "vendi.rank": the
        effective rank. NaN where a source has fewer than two responses: one alone is 1 whatever it says.
        And "vendi" of `at_equal_numbers`.
    """
    assert query.vectors is not None  # as the measure needs
    orders = {"vendi": 1.0, "vendi.2": 2.0, "vendi.inf": inf}
    found = {name: setting.cells() for name in (*orders, "vendi.rank")}
    for index, own in by_source(query.vectors, query.source):
        if len(own) > 1:
            shares = spectrum(own)
            for name, order in orders.items():
                found[name][index] = hill_number(shares, order=order)
            roots = np.sqrt(shares)
            found["vendi.rank"][index] = hill_number(roots / roots.sum())
    return found | at_equal_numbers(query, setting, {"vendi": found["vendi"]}, _vendi_of(query.vectors))


def _vendi_of(vectors: Vectors) -> Callable[[Indices], dict[str, float]]:
    return lambda rows: {"vendi": vendi_score(vectors[rows])}


VENDI = Measure("vendi", frozenset({"vectors"}), columns)
