"""What to know about intervals from few clusters."""

from annotation.statistics.intervals import Method

# By clusters, how often (%) 95 % intervals of ordinal alpha held its true value in 4,000 simulated studies.
COVERAGE: dict[Method, dict[int, int]] = {
    "bootstrap": {2: 22, 3: 41, 5: 65, 10: 82, 20: 89, 40: 93},
    "jackknife": {2: 82, 3: 87, 5: 89, 10: 92, 20: 94, 40: 94},
}
FAR_TOO_FEW, FEW = 10, 40


def caution(clusters: int, *, method: Method = "bootstrap", jackknife: bool = False) -> str | None:
    """What to know about intervals that resample so few clusters; None for 40 or more, of a jackknife 20.

    Parameters
    ----------
    clusters : int
        With fewer than 2 there is no interval to be careful with.
    method : {"bootstrap", "jackknife"}
    jackknife : bool
        Whether a jackknife interval can be had in place of the bootstrap's.

    Returns
    -------
    str or None
        In how many simulated studies they held the truth, and if it can be had, the jackknife's.

    Examples
    --------
    >>> caution(12).split(": ")[0]
    'so few clusters make intervals somewhat narrow'
    """
    if not 2 <= clusters < (FEW if method == "bootstrap" else FEW / 2):
        return None
    narrow = "far too narrow" if method == "bootstrap" and clusters < FAR_TOO_FEW else "somewhat narrow"
    known = max(number for number in COVERAGE[method] if number <= clusters)
    held = f"held its true value in {COVERAGE[method][known]} % of simulated studies"
    words = f"so few clusters make intervals {narrow}: with {known}, 95 % intervals of ordinal alpha {held}"
    better = f"; jackknife intervals hold better, in {COVERAGE['jackknife'][known]} %"
    return words + (better if jackknife and method == "bootstrap" else "")
