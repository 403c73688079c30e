"""How alike the answers are that an arm's calls are expected to bring, without drawing them."""

from collections.abc import Sequence

import numpy as np

from generation.diversity.responses import Indices, Vectors
from generation.diversity.voices.calls import QueryCalls


def expected_similarity(
    query: QueryCalls, members: Sequence[Indices], vectors: Vectors, size: int
) -> float | None:
    """Expected mean similarity of the answers that so many calls bring, drawn as `arms.orders` does.

    Parameters
    ----------
    query : QueryCalls
    members : sequence of ndarray of intp
        Each source's calls, at least one.
    vectors : ndarray of float32, shape (n, d)
        Of all that these calls brought, one call after the other; of unit length.
    size : int
        Calls, no more than the sources can share evenly.

    Returns
    -------
    float or None
        None where calls bring different numbers of answers, since the mean is then one of ratios, or where
        fewer than two answers come.

    Notes
    -----
    With q_m of the n_m calls of source m, a call is among them with the chance E[q_m]/n_m, two of one source
    with E[q_m (q_m - 1)]/(n_m (n_m - 1)), two of different sources with E[q_m q_l]/(n_m n_l). For one answer
    a call, the pairs of one source have the share `comparisons.ensemble_pairs`.
    """
    calls = np.concatenate(members)
    each = np.unique(query.answers[calls])
    answers = size * int(each[0])
    if len(each) > 1 or answers < 2:
        return None
    owner = np.repeat(np.arange(len(members)), [len(own) for own in members])
    held = vectors.reshape(len(calls), int(each[0]), -1).astype(np.float64)
    sums = held.sum(axis=1)
    products = sums @ sums.T
    inside = products.diagonal() - np.einsum("cad,cad->c", held, held)
    one, same, across = _shares(len(members), size)
    n = np.array([len(own) for own in members], dtype=np.float64)[owner]
    two_of_one = same / np.maximum(n * (n - 1), 1)
    chance = np.where(owner[:, None] == owner, two_of_one[:, None], across / np.outer(n, n))
    np.fill_diagonal(chance, 0)
    total = (one / n) @ inside + (chance * products).sum()
    return float(total / (answers * (answers - 1)))


def _shares(sources: int, size: int) -> tuple[float, float, float]:
    """Of calls shared out evenly: E[q], E[q (q - 1)], and E[q_m q_l] of two sources."""
    each, more = divmod(size, sources)
    squares = more * (each + 1) ** 2 + (sources - more) * each**2
    across = (size**2 - squares) / (sources * (sources - 1)) if sources > 1 else 0.0
    return size / sources, (squares - size) / sources, across
