import doctest

import numpy as np
import pytest

from calibration.metrics.distribution import refits
from calibration.metrics.distribution.distances import MEASURES, distances
from calibration.metrics.distribution.ordered_logit import ordered_logit
from calibration.metrics.distribution.refits import loss_slopes, refit


def test_examples_in_docstrings_hold():
    assert doctest.testmod(refits).failed == 0


def lost(measure, shares, counts):
    if measure == "entropy":
        return -(shares * np.log2(shares)).sum(axis=1)
    return getattr(distances(shares, counts), measure)


@pytest.mark.parametrize("measure", [*MEASURES, "entropy"])
@pytest.mark.parametrize("told", [True, False], ids=["scores", "overall shares"])
def test_pulls_are_what_a_fit_changes_to_which_some_items_weigh_more(measure, told):
    rng = np.random.default_rng(0)
    scores = rng.normal(size=3000) * told
    below = 1 / (1 + np.exp(1.5 * scores[:, None] - np.array([-1.5, -0.5, 0.5, 1.5])))
    # Few labels, and another relation than the fit's: nothing is at its least but what it minimises.
    below = np.sort(np.clip(below + rng.normal(scale=0.15, size=below.shape), 0.01, 0.99), axis=1)
    counts = rng.multinomial(4, np.diff(below, axis=1, prepend=0, append=1))
    scores[:9], counts[9:20] = np.nan, 0
    shares = ordered_logit(scores, counts).shares(scores)
    pulls = refit(scores, counts).pulls(loss_slopes(measure, shares, counts), shares)
    assert (pulls[:20] == 0).all() and abs(pulls.sum()) < 0.01 * np.abs(pulls).sum()
    more = pulls > np.quantile(pulls, 0.8)
    # A fifth of the items weigh a thousandth more than the others; the ridge weighs nothing.
    fit, again = (
        ordered_logit(scores, counts * weight[:, None]) for weight in (1000 + 0 * more, 1000 + more)
    )
    moved = lost(measure, again.shares(scores), counts) - lost(measure, fit.shares(scores), counts)
    assert 1000 * np.nansum(moved) == pytest.approx(pulls[more].sum(), rel=0.02, abs=0.1)
