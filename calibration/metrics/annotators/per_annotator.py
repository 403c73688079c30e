"""The correlation of a scorer with each annotator's own labels, and how far annotators differ in it."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray, cluster_index
from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import Estimate
from calibration.metrics.annotators.annotator_ranks import AnnotatorRanks
from calibration.metrics.annotators.spread import Spread, spread_beyond_noise

# Fewer people than this are told nothing about: a bar of the histogram would be somebody.
FEWEST_ANNOTATORS = 10
BINS = np.linspace(-1, 1, 11)
TOO_FEW = (
    f"fewer than {FEWEST_ANNOTATORS} people gave enough labels, not all alike, to answers that the scorer "
    "tells apart"
)


@dataclass(frozen=True)
class AnnotatorCorrelations:
    """Spearman's correlation of a scorer with each annotator's own labels.

    Attributes
    ----------
    mean : Estimate
        Over annotators, whom `n` counts. Its interval is for other people and other items.
    spread : Spread
        What annotators differ by beyond the noise of few labels each.
    bins : tuple of (float, float, int)
        Ends of each bin, and how many annotators' correlations lie in it, noise and all.
    left_out : int
        People with too few labels, labels all alike, or scores all alike.
    items_per_annotator : float or None
        Median.
    """

    mean: Estimate
    spread: Spread
    bins: tuple[tuple[float, float, int], ...]
    left_out: int
    items_per_annotator: float | None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON; nobody's own number is in it."""
        shown = {
            "n": self.mean.n,
            "left_out": self.left_out,
            "items_per_annotator": self.items_per_annotator,
            "mean": self.mean.as_dict(),
            "spread": {key: value for key, value in asdict(self.spread).items() if key != "reason" or value},
            "bins": [{"low": low, "high": high, "n": n} for low, high, n in self.bins],
        }
        return shown | ({"reason": self.mean.reason} if self.mean.value is None else {})


def annotator_correlations(
    ranks: AnnotatorRanks, scores: npt.ArrayLike, *, clusters: npt.ArrayLike | None = None
) -> AnnotatorCorrelations:
    """Correlate a scorer with each annotator's own labels, and tell what they differ by beyond noise.

    Parameters
    ----------
    ranks : AnnotatorRanks
        The annotators' labels of the items that the scorer scored: made once, for all scorers of those items.
    scores : array_like of float, shape (items,)
        NaN where there is no score.
    clusters : array_like of shape (items,), optional
        The query, or the form, of each item. By default each item is its own.

    Returns
    -------
    AnnotatorCorrelations
        Undefined, with the reason, with fewer than 10 annotators.

    Raises
    ------
    ValueError
        If an item whose labels were ranked has no score, or lengths differ.

    Notes
    -----
    Spearman's, since scorers differ in scale and people in how they use theirs: who is severe, or keeps to
    the middle, correlates as well as anybody. The interval of the mean adds up the variance between people
    and that between clusters of items, less that of single labels, which is in both (two-way clustering).

    Simulated, 60 and 200 people with 15 items each and 24 with 40: the interval of the mean holds it in 92 to
    96 % of studies.

    References
    ----------
    Cameron, Gelbach & Miller (2011), Journal of Business & Economic Statistics 29, 238-249, on two-way
    clustering; `spread_beyond_noise` for the rest.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.normal(size=60)
    >>> person, item = np.repeat(np.arange(12), 60), np.tile(np.arange(60), 12)
    >>> labels = np.round(truth[item] + rng.normal(size=720))
    >>> ranks = AnnotatorRanks.of(person, item, labels, items=60, permutations=99, rng=rng)
    >>> found = annotator_correlations(ranks, truth)
    >>> found.mean.n, round(found.mean.value, 1)
    (12, 0.6)
    """
    values = np.asarray(scores, dtype=np.float64)
    scored = ranks.scored(values)
    correlations = ranks.correlations(scored)
    defined = np.isfinite(correlations[0])
    n = int(defined.sum())
    left_out = ranks.people - n
    if n < FEWEST_ANNOTATORS:
        nothing = Estimate(None, None, None, n, TOO_FEW)
        return AnnotatorCorrelations(nothing, Spread(reason=TOO_FEW), (), left_out, None)
    index, _ = cluster_index(clusters, len(values))
    numbers, _ = np.histogram(correlations[0, defined], BINS)
    return AnnotatorCorrelations(
        mean=_mean(ranks, scored, correlations[0], index[ranks.item]),
        spread=spread_beyond_noise(correlations, ranks.sizes, kept=ranks.kept),
        bins=tuple(
            zip(BINS[:-1].round(1).tolist(), BINS[1:].round(1).tolist(), numbers.tolist(), strict=True)
        ),
        left_out=left_out,
        items_per_annotator=float(np.median(ranks.sizes[defined])),
    )


def _mean(ranks: AnnotatorRanks, scored: FloatArray, correlations: FloatArray, index: IntArray) -> Estimate:
    """The mean over annotators, with its two-way interval."""
    from scipy.special import stdtrit

    defined = np.isfinite(correlations)
    people, clusters = int(defined.sum()), len(np.unique(index))
    value = float(correlations[defined].mean())
    if clusters < 2:
        return Estimate(value, None, None, people, "no interval: fewer than two clusters to resample")
    # What each label adds to the mean: the influence of a point on a correlation.
    a, b = scored, ranks.standardised
    own = correlations[ranks.person]
    share = np.where(np.isfinite(own), a * b - own * (a * a + b * b) / 2, 0) / (
        people * ranks.sizes[ranks.person]
    )
    by_cluster = np.bincount(index, share)
    cells = np.unique(ranks.person * (int(index.max()) + 1) + index, return_inverse=True)[1]
    by_cell = np.bincount(cells, share)
    between = float(np.square(correlations[defined] - value).sum()) / (people * (people - 1))
    extra = float(np.square(by_cluster).sum() - np.square(by_cell).sum())
    error = np.sqrt(between + max(0.0, extra * clusters / (clusters - 1)))
    half = float(stdtrit(min(people, clusters) - 1, 0.975) * error)
    return Estimate(value, max(value - half, -1.0), min(value + half, 1.0), people, clusters=clusters)
