"""k-means, which finds groups of vectors around their means."""

import numpy as np
import numpy.typing as npt

from generation.diversity.responses import FloatArray, Indices, Vectors

ROUNDS = 100


def kmeans(vectors: npt.ArrayLike, k: int, *, seed: int = 0, starts: int = 4) -> Indices:
    """Put vectors into k clusters, each around its mean.

    Parameters
    ----------
    vectors : array_like of float, shape (n, d)
    k : int
        From 1 to n.
    seed : int
    starts : int
        The best of so many runs is taken.

    Returns
    -------
    ndarray of intp, shape (n,)
        Clusters from 0, the largest first. With fewer than k different vectors some clusters are empty.

    Raises
    ------
    ValueError
        If k is not from 1 to n, or a vector is not finite.

    Notes
    -----
    Lloyd's algorithm from greedy k-means++ seeds. Vectors are put into an order of their own first, so that
    the clusters, and their numbers, are the same in whatever order they come.

    References
    ----------
    Arthur & Vassilvitskii (2007). k-means++: the advantages of careful seeding. SODA.

    Examples
    --------
    >>> kmeans([[0, 1], [1, 0], [0, 1]], 2).tolist()
    [0, 1, 0]
    """
    x = as_vectors(vectors, k)
    order = own_order(x)
    labels = np.empty(len(x), np.intp)
    labels[order] = numbered(fitted(x[order], k, seed=seed, starts=starts)[0], k)
    return labels


def inertia(vectors: npt.ArrayLike, labels: Indices) -> float:
    """Add up the squared distances of vectors from the means of their clusters.

    Parameters
    ----------
    vectors : array_like of float, shape (n, d)
    labels : ndarray of intp, shape (n,)

    Examples
    --------
    >>> inertia([[0, 0], [2, 0], [5, 5]], np.array([0, 0, 1]))
    2.0
    """
    x = np.asarray(vectors, np.float64)
    return float(np.square(x - means(x, labels, int(labels.max(initial=0)) + 1)[labels]).sum())


def as_vectors(vectors: npt.ArrayLike, k: int) -> Vectors:
    """Return vectors as float32, or raise ValueError if they cannot be put into k clusters."""
    x = np.ascontiguousarray(vectors, np.float32)
    if x.ndim != 2 or not 1 <= k <= len(x):
        raise ValueError(f"from 1 to {len(x)} clusters can be made of {len(x)} vectors, not {k}")
    if not np.isfinite(x).all():
        raise ValueError("a vector is not finite")
    return x


def own_order(x: Vectors) -> Indices:
    """Return an order of the vectors that does not depend on how they come: that of their bytes."""
    # Adding 0 makes -0 the same as 0.
    rows = np.ascontiguousarray(x + np.float32(0))
    return np.argsort(rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel(), kind="stable")


def numbered(labels: Indices, k: int) -> Indices:
    """Number clusters anew, the larger first, and of equal ones that whose first item comes first."""
    sizes = np.bincount(labels, minlength=k)
    first = np.full(k, len(labels))
    np.minimum.at(first, labels, np.arange(len(labels)))
    numbers = np.empty(k, np.intp)
    numbers[np.lexsort([first, -sizes])] = np.arange(k)
    return numbers[labels]


def fitted(x: Vectors, k: int, *, seed: int, starts: int) -> tuple[Indices, Vectors]:
    """Return the clusters and centres of the best of several runs on vectors in their own order."""
    rng = np.random.default_rng(seed)
    squares = np.einsum("nd,nd->n", x, x)
    runs = [_lloyd(x, squares, _seeds(x, squares, k, rng)) for _ in range(starts)]
    return min(runs, key=lambda run: run[2])[:2]


def distances(x: Vectors, centres: npt.NDArray[np.floating], squares: Vectors | None = None) -> Vectors:
    """Return the squared distance of each vector from each centre, shape (n, k)."""
    own = np.einsum("nd,nd->n", x, x) if squares is None else squares
    theirs = np.einsum("kd,kd->k", centres, centres)
    found: Vectors = own[:, None] - 2 * (x @ centres.T.astype(x.dtype)) + theirs.astype(x.dtype)
    return np.maximum(found, 0, out=found)


def means(x: npt.NDArray[np.floating], labels: Indices, k: int) -> FloatArray:
    """Return the mean of each cluster, shape (k, d); 0 of an empty one."""
    member = np.zeros((k, len(x)), x.dtype)
    member[labels, np.arange(len(x))] = 1
    sizes = np.maximum(np.bincount(labels, minlength=k), 1)
    return np.asarray(member @ x / sizes[:, None].astype(x.dtype))


def _lloyd(x: Vectors, squares: Vectors, centres: Vectors) -> tuple[Indices, Vectors, float]:
    """Move centres to the means of what is nearest to them until nothing changes."""
    labels = np.full(len(x), -1)
    for _ in range(ROUNDS):
        away = distances(x, centres, squares)
        nearest = away.argmin(axis=1)
        if (nearest == labels).all():
            break
        labels = nearest
        centres = means(x, labels, len(centres)).astype(x.dtype)
        _refill(x, away, labels, centres)
    return labels, centres, float(distances(x, centres, squares).min(axis=1).sum(dtype=np.float64))


def _refill(x: Vectors, away: Vectors, labels: Indices, centres: Vectors) -> None:
    """Put the centres that nothing is nearest to where vectors are farthest from theirs."""
    empty = np.flatnonzero(np.bincount(labels, minlength=len(centres)) == 0)
    if len(empty):
        farthest = np.argsort(-away.min(axis=1), kind="stable")[: len(empty)]
        centres[empty] = x[farthest]


def _seeds(x: Vectors, squares: Vectors, k: int, rng: np.random.Generator) -> Vectors:
    """Draw first centres: of several drawn by their squared distance, each time the one that helps most."""
    tried = 2 + int(np.log(k))
    chosen = [int(rng.integers(len(x)))]
    nearest = distances(x, x[chosen], squares)[:, 0].astype(np.float64)
    for _ in range(k - 1):
        sums = np.cumsum(nearest)
        drawn = np.searchsorted(sums, rng.random(tried) * sums[-1], side="right").clip(max=len(x) - 1)
        left = np.minimum(nearest[:, None], distances(x, x[drawn], squares))
        best = int(left.sum(axis=0).argmin())
        chosen.append(int(drawn[best]))
        nearest = left[:, best]
    return x[chosen]
