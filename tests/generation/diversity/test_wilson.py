import pytest
from statsmodels.stats.proportion import proportion_confint

from generation.diversity.wilson import wilson


@pytest.mark.parametrize(("hits", "n"), [(0, 9), (9, 9), (74, 100)])
def test_a_plain_share_has_wilsons_interval(hits, n):
    found = wilson(hits, n)
    assert (found.low, found.high) == pytest.approx(proportion_confint(hits, n, method="wilson"), abs=1e-9)


def test_a_share_of_nothing_is_undefined():
    assert wilson(0, 0).as_dict() == {
        "value": None,
        "low": None,
        "high": None,
        "n": 0,
        "reason": "nothing was counted",
    }


def test_more_hits_than_trials_are_refused():
    with pytest.raises(ValueError, match="from 0 to 3, not 4"):
        wilson(4, 3)
