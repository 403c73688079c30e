import doctest

from annotation.statistics import cautions
from annotation.statistics.cautions import caution


def test_examples_in_docstrings_hold():
    assert doctest.testmod(cautions).failed == 0


def test_a_caution_tells_in_figures_how_narrow_intervals_from_few_clusters_are():
    assert [caution(few) for few in (0, 1, 40, 100)] == [None] * 4
    for few, words in [
        (2, ("far too narrow", "with 2,", "in 22 %")),
        (9, ("far too narrow", "with 5,", "65 %")),
        (10, ("somewhat narrow", "with 10,", "82 %")),
        (39, ("somewhat narrow", "with 20,", "89 %")),
    ]:
        assert all(word in str(caution(few)) for word in words)
    assert caution(20, method="jackknife") is None and "jackknife" not in str(caution(2))
    assert "jackknife intervals hold better, in 82 %" in str(caution(2, jackknife=True))
    assert "in 89 %" in str(caution(6, method="jackknife"))
