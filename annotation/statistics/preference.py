"""Strengths of models from comparisons: Bradley and Terry's model, and Davidson's with its tie parameter."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from annotation.statistics.strengths import Strengths, strengths_of
from annotation.statistics.wins import as_comparisons

# A prior with standard deviation 10: beside a hundred labels a model it weighs next to nothing.
RIDGE = 0.01


def bradley_terry(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    counts: npt.ArrayLike,
    *,
    values: npt.ArrayLike,
    models: Sequence[str],
    clusters: npt.ArrayLike | None = None,
    ridge: float = RIDGE,
    replicates: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> Strengths:
    """Strengths of models by Bradley and Terry's model, a tie as half a win of each.

    The chance that a wins against b is 1 / (1 + exp(strength of b - strength of a)).

    Parameters
    ----------
    first, second, counts, values, models
        As for `win_matrix`.
    clusters : array_like of shape (items,), optional
        What is resampled: the query, or the form, of each item. By default each item.
    ridge : float
        Precision of a normal prior around 0 on each strength. 0: maximum likelihood, which is undefined
        unless a chain of wins or ties leads from every model to every other. The usual .01 changes
        strengths by less than a hundredth where models have a hundred labels, and keeps those of a model
        that lost, or won, everything finite: 25 labels put it about 6 away from its rivals. How far away
        is then the prior's saying, and `reason` says so.
    replicates : int
        0 for the strengths alone.
    rng : numpy.random.Generator, optional
        Needed if there are replicates.
    confidence : float

    Returns
    -------
    Strengths

    Raises
    ------
    ValueError
        If the comparisons are not as for `win_matrix`, the ridge is negative, or rng is missing.

    Notes
    -----
    A resample is left out, and counted, where models that the data link are not linked in it; without a
    ridge also where it is not strongly connected, which cuts off the ends of intervals. With a ridge those
    are kept, held by the prior, and counted too.

    Simulated coverage at nominal 95 %, models being better at some queries: with 10, 20, 40 and 100 queries
    88, 91, 94 and 94 %. Resampling items: 79 to 83 %. Where models are no better at one query than at
    another, as strengths should be, 92 to 95 %. Intervals of ranks hold the true rank in 96 % and more.

    References
    ----------
    Bradley & Terry (1952), Biometrika 39, 324-345. Ford (1957), American Mathematical Monthly 64, 28-33.

    Examples
    --------
    >>> found = bradley_terry([0], [1], [[1, 3]], values=[-1, 1], models=["a", "b"], ridge=0)
    >>> found.beats[0, 1].round(6), found.strength.round(3).tolist()
    (np.float64(0.75), [0.549, -0.549])
    """
    if not ridge >= 0:
        raise ValueError(f"the ridge must not be negative, but it is {ridge}")
    return strengths_of(
        as_comparisons(first, second, counts, values=values, models=models),
        with_ties=False,
        models=models,
        clusters=clusters,
        ridge=ridge,
        replicates=replicates,
        rng=rng,
        confidence=confidence,
    )


def davidson(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    counts: npt.ArrayLike,
    *,
    values: npt.ArrayLike,
    models: Sequence[str],
    clusters: npt.ArrayLike | None = None,
    ridge: float = RIDGE,
    replicates: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> Strengths:
    """Strengths of models, and how readily people call a tie, by Davidson's model.

    With worths, the exponentials of strengths, of p and q the chances of a win, a loss and a tie are as
    p : q : tie sqrt(p q).

    Parameters
    ----------
    first, second, counts, values, models, clusters, replicates, rng, confidence
        As for `bradley_terry`.
    ridge : float
        As there, but above 0.

    Returns
    -------
    Strengths
        With `tie`. Undefined if every label is a tie. Strengths lie further apart than those of
        `bradley_terry`, where ties pull them together; `beats` and `win_share` are alike.

    Raises
    ------
    ValueError
        As for `bradley_terry`; also without a ridge.

    References
    ----------
    Davidson (1970), Journal of the American Statistical Association 65, 317-328.

    Examples
    --------
    >>> found = davidson([0], [1], [[4, 4, 4]], values=[-1, 0, 1], models=["a", "b"])
    >>> round(found.tie.value, 6)
    1.0
    """
    if not ridge > 0:
        raise ValueError(f"Davidson's model needs a ridge above 0, not {ridge}")
    return strengths_of(
        as_comparisons(first, second, counts, values=values, models=models),
        with_ties=True,
        models=models,
        clusters=clusters,
        ridge=ridge,
        replicates=replicates,
        rng=rng,
        confidence=confidence,
    )
