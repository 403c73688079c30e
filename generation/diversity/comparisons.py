"""Whether one source's responses are more alike than another's: paired tests over queries."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from generation.diversity.responses import FloatArray

FLIPS = 9_999
# Signs held at once: 8 million, 64 MB, whatever the number of queries.
CHUNK = 8_000_000


def sign_flip(differences: npt.ArrayLike, *, flips: int = FLIPS, seed: int = 0) -> FloatArray:
    """Two-sided p of paired differences, if the two of a pair could as well be exchanged.

    Parameters
    ----------
    differences : array_like of float, shape (queries, ...)
        NaN where a query has none; such do not count.
    flips : int
        Random assignments of signs, at least 1; the same ones for all columns. Where there are no more than
        that (of up to 14 queries, by default) each is taken once instead, and p is exact.
    seed : int

    Returns
    -------
    ndarray of float64, shape (...)
        From 1/(flips + 1), or 2^(1 - queries), to 1; NaN where fewer than 2 queries have a difference.

    Raises
    ------
    ValueError
        If there is no flip.

    Notes
    -----
    The statistic is the absolute sum; the observed assignment counts as one of them, so that p is never 0 and
    the test keeps its size. With fewer than 6 queries no p is below .05, whatever they say. What differs from
    the observed sum by rounding alone counts as large as it.

    References
    ----------
    Phipson & Smyth (2010), Permutation P-values should never be zero, Statistical Applications in Genetics
    and Molecular Biology 9, 39.

    Examples
    --------
    >>> sign_flip([[0.1, 0.0]] * 5).tolist()
    [0.0625, 1.0]
    """
    if flips < 1:
        raise ValueError(f"a test takes at least 1 flip, not {flips}")
    given = np.asarray(differences, dtype=np.float64)
    flat = given.reshape(len(given), -1)
    known = ~np.isnan(flat)
    filled = np.where(known, flat, 0.0)[known.any(axis=1)]
    least = np.abs(filled.sum(axis=0)) - 1e-12 * np.abs(filled).sum(axis=0)
    as_large, signs = np.zeros(flat.shape[1]), 0
    for part in signs_of(len(filled), flips, np.random.default_rng(seed)):
        as_large += (np.abs(part @ filled) >= least).sum(axis=0)
        signs += len(part)
    p = np.where(known.sum(axis=0) >= 2, as_large / signs, np.nan)
    found: FloatArray = p.reshape(given.shape[1:])
    return found


def signs_of(queries: int, flips: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Assignments of signs to queries, a row each, as many at a time as memory should hold.

    Yields
    ------
    ndarray of float64, shape (r, queries)
        Every assignment, one of each two that are opposite; or, of many, the observed one, all 1, and random
        ones.
    """
    if queries <= 1 or 2 ** (queries - 1) <= flips:
        places = np.arange(2 ** max(0, queries - 1))[:, None] >> np.arange(queries)
        yield np.where(places & 1, -1.0, 1.0)
        return
    yield np.ones((1, queries))
    rows = max(1, CHUNK // queries)
    for start in range(0, flips, rows):
        yield rng.choice([-1.0, 1.0], size=(min(rows, flips - start), queries))


def benjamini_hochberg(p: npt.ArrayLike) -> FloatArray:
    """Adjust p-values so that of those below a level, at most that share are false discoveries on average.

    Parameters
    ----------
    p : array_like of float, shape (tests,)
        NaN for what was not tested; it stays NaN and does not count.

    Returns
    -------
    ndarray of float64, shape (tests,)

    References
    ----------
    Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03, np.nan]).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    given = np.asarray(p, dtype=np.float64)
    adjusted = np.full(given.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(given))
    order = tested[np.argsort(given[tested])]
    scaled = given[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted[order] = np.minimum(1, np.minimum.accumulate(scaled[::-1])[::-1])
    return adjusted


def ensemble_pairs(models: int, n: int) -> float:
    """Share of pairs that are of one model, among n responses shared out evenly over models.

    Parameters
    ----------
    models, n : int
        At least 1 model, at least 2 responses.

    Returns
    -------
    float
        From 0, with as many models as responses, to 1 with one model.

    Raises
    ------
    ValueError
        If there is no model or no pair.

    Examples
    --------
    >>> ensemble_pairs(2, 4)
    0.3333333333333333
    """
    if models < 1 or n < 2:
        raise ValueError(f"pairs take at least 1 model and 2 responses, not {models} and {n}")
    each, more = divmod(n, models)
    same = more * (each + 1) * each + (models - more) * each * (each - 1)
    return same / (n * (n - 1))
