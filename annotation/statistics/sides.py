"""Side bias: how often the answer shown first wins."""

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import cluster_index
from annotation.statistics.intervals import Estimate, mean_estimate


def side_bias(
    left_wins: npt.ArrayLike,
    *,
    people: npt.ArrayLike | None,
    ties_as_half: bool = False,
    replicates: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """How often the answer on the left, which is read first, wins; .5 is no bias.

    Parameters
    ----------
    left_wins : array_like of float, shape (labels,)
        1 where the left answer won, 0 where the right one did, .5 for a tie; NaN: no answer, or its sides are
        not known.
    people : array_like, shape (labels,), or None
        Whose label it is, as anything that sorts: what is resampled. None: nobody is known, and each label
        is resampled on its own.
    ties_as_half : bool
        Whether a tie counts as half a win of each side; by default only answers that took a side count.
    replicates, rng, confidence
        As for `krippendorff_alpha`.

    Returns
    -------
    Estimate
        `n` counts the labels. Undefined, with its reason, where none took a side.

    Raises
    ------
    ValueError
        If a number is none of those above, or people are not one a label.

    Notes
    -----
    People have habits, so a person's answers are alike. Sides are drawn anew for every label, which makes the
    labels of one item as likely to lean left as right, whichever answer is better: items and queries need no
    resampling. Simulated coverage at nominal 95 %, 15 answers by each of 20 to 1,000 people and answers of
    very different worth: resampling people 91 to 96 %; items or single labels as little as 77 % where habits
    differ by a standard deviation of 1 on the logit scale, and 53 % where by 2. Where everybody saw an item
    with the same sides, better answers may have stood left by chance, which this interval does not know of.

    Examples
    --------
    >>> side_bias([1, 1, 0, 0.5, 1], people=["a", "a", "b", "b", "c"]).value
    0.75
    """
    won = np.asarray(left_wins, dtype=np.float64)
    if won.ndim != 1 or not np.isin(won[~np.isnan(won)], (0, 0.5, 1)).all():
        raise ValueError("left_wins must be a list of 1, 0, .5 and NaN")
    counted = won if ties_as_half else np.where(won == 0.5, np.nan, won)
    if np.isnan(counted).all():
        return Estimate(None, None, None, 0, "no answer is known to take a side")
    index, _ = cluster_index(people, len(won))
    return mean_estimate(counted, clusters=index, replicates=replicates, rng=rng, confidence=confidence)
