"""Agreement of two classifications, against scikit-learn and planted ones."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, jaccard_score

from generation.taxonomy.agreement import agreement


def test_agreement_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    first = rng.random((60, 4)) < 0.4
    second = first ^ (rng.random((60, 4)) < 0.2)
    first[:5] = second[:5] = False
    found = agreement(first, second, replicates=50)
    assert found.exact.value == np.mean([list(a) == list(b) for a, b in zip(first, second, strict=True)])
    by_query = [jaccard_score(a, b, zero_division=1) for a, b in zip(first, second, strict=True)]
    assert found.jaccard.value == pytest.approx(np.mean(by_query))
    for column, kappa in enumerate(found.kappa):
        assert kappa.value == pytest.approx(cohen_kappa_score(first[:, column], second[:, column]))
        assert kappa.low is not None and kappa.high is not None and kappa.value is not None
        assert kappa.low < kappa.value < kappa.high
    cells = np.array([found.both, found.first, found.second])
    assert (cells.sum(axis=0) == (first | second).sum(axis=0)).all()


def test_the_same_answers_agree_wholly_and_what_is_constant_has_no_kappa() -> None:
    same = np.array([[True, False, True], [False, False, True], [True, False, True]])
    found = agreement(same, same, replicates=50)
    assert (found.exact.value, found.jaccard.value, found.kappa[0].value) == (1.0, 1.0, 1.0)
    assert [kappa.value for kappa in found.kappa[1:]] == [None, None]
    assert "every query, or to none" in found.kappa[1].reason
    nothing = agreement(same[:0], same[:0])
    assert (nothing.n, nothing.exact.value, nothing.kappa[0].value) == (0, None, None)
    with pytest.raises(ValueError, match="shapes differ"):
        agreement(same, same[:2])
