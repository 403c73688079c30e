import doctest
from functools import partial

import numpy as np
import pytest

from annotation.statistics import clusters
from annotation.statistics.agreement import fleiss_kappa, krippendorff_alpha, percent_agreement
from annotation.statistics.clusters import cluster_index, cluster_weights
from annotation.statistics.reliability import intraclass_correlation, split_half_reliability
from annotation.statistics.subsampling import labels_curve


def test_examples_in_docstrings_hold():
    assert doctest.testmod(clusters).failed == 0


def test_clusters_that_are_not_one_an_item_are_refused():
    with pytest.raises(ValueError, match="clusters"):
        cluster_index(["a"], 2)
    counts, values = np.full((3, 2), 4), [1, 2]
    for measure in (
        partial(krippendorff_alpha, level="ordinal", values=values),
        fleiss_kappa,
        percent_agreement,
        partial(intraclass_correlation, values=values),
        partial(split_half_reliability, values=values, rng=np.random.default_rng(0)),
        partial(labels_curve, values=values, rng=np.random.default_rng(0)),
    ):
        for wrong in (["a"] * 2, ["a"] * 4, "a"):
            with pytest.raises(ValueError, match="clusters"):
                measure(counts, clusters=wrong)


def test_weights_resample_whole_clusters_with_replacement():
    queries = np.array(["q2", "q1", "q2", "q3", "q1", "q2"])
    weights = cluster_weights(queries, replicates=4000, rng=np.random.default_rng(2))
    assert weights.shape == (4000, 6)
    assert (weights[:, 0] == weights[:, 2]).all() and (weights[:, 1] == weights[:, 4]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    # One of three clusters drawn three times: binomial (3, 1/3), mean 1 and variance 2/3.
    assert weights.mean(axis=0) == pytest.approx(1, abs=0.05)
    assert weights.var(axis=0) == pytest.approx(2 / 3, abs=0.05)
