"""One query's responses as points of a plane."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

from generation.diversity.responses import FloatArray

# Of the sum of squares: a direction with less is rounding.
ROUNDING = 1e-12
# Coefficients as large as each other but for rounding.
TIED = 1e-6


@dataclass(frozen=True, eq=False)
class PlaneMap:
    """Vectors on their two principal components.

    Attributes
    ----------
    points : ndarray of float, shape (n, 2)
    explained : tuple of two floats, or None
        The share of the vectors' variance along each. None where they do not vary.
    reason : str or None
        Why it is undefined.
    """

    points: FloatArray
    explained: tuple[float, float] | None
    reason: str | None = None


def plane_map(vectors: npt.ArrayLike) -> PlaneMap:
    """Project vectors on the plane in which they vary most.

    Parameters
    ----------
    vectors : array_like of float, shape (n, d)

    Notes
    -----
    Principal components, from the smaller of the matrices of inner products between vectors and between
    dimensions. Each points to where its largest coefficient is positive (of several as large, the first), so
    that a map is the same each time it is drawn, in whatever order vectors come.

    References
    ----------
    Jolliffe & Cadima (2016). Principal component analysis: a review and recent developments. Philosophical
    Transactions of the Royal Society A 374, 20150202.

    Examples
    --------
    >>> found = plane_map([[0, 0, 1], [4, 0, 1], [2, 1, 1], [2, -1, 1]])
    >>> found.points.round(6).tolist()
    [[-2.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, -1.0]]
    >>> found.explained
    (0.8, 0.2)
    """
    x = np.asarray(vectors, np.float64)
    n = len(x)
    centred = x - x.mean(axis=0) if n else x
    total = float(np.square(centred).sum())
    if total <= ROUNDING * max(float(np.square(x).sum()), 1e-300):
        return PlaneMap(np.zeros((n, 2)), None, "all vectors are the same" if n else "there are no vectors")
    axes = _axes(centred, total)
    points = np.zeros((n, 2))
    points[:, : len(axes)] = centred @ axes.T
    # What is 0 but for rounding has no sign.
    points[np.abs(points) < ROUNDING * np.sqrt(total)] = 0.0
    first, second = np.minimum(np.square(points).sum(axis=0) / total, 1).tolist()
    return PlaneMap(points, (first, second))


def _axes(centred: FloatArray, total: float) -> FloatArray:
    """Return unit vectors along the first two principal components; fewer if they vary along fewer."""
    n, d = centred.shape
    inner = centred @ centred.T if n < d else centred.T @ centred
    size = len(inner)
    values, found = eigh(inner, subset_by_index=[max(size - 2, 0), size - 1])
    values, found = values[::-1], found[:, ::-1]
    kept = found[:, values > ROUNDING * total]
    axes = (centred.T @ kept if n < d else kept).T
    axes = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    largest = np.abs(axes).max(axis=1, keepdims=True) * (1 - TIED)
    first = (np.abs(axes) >= largest).argmax(axis=1)
    return np.asarray(axes * np.sign(axes[np.arange(len(axes)), first])[:, None])
