from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from annotation.statistics.resampling import percentile_interval
from calibration.measures import resamples
from calibration.measures.people import People
from calibration.measures.resamples import Resamples
from calibration.measures.specification import Specification
from tests.calibration.measures.test_distribution import studied

ASKED = Specification("standard", replicates=60)


def made(queries=12, per_query=8):
    rng = np.random.default_rng(3)
    clusters = rng.permutation(np.repeat(np.arange(queries), per_query))
    means = np.round(rng.normal(size=queries)[clusters] + rng.normal(size=len(clusters)), 1)
    means[:5] = np.nan
    scores = means + rng.normal(size=len(clusters))
    scores[7] = np.nan
    drawn = Resamples.drawn(means, clusters, replicates=60, rng=np.random.default_rng(4))
    return drawn, scores, rng.random(len(clusters)) < 0.4


def test_a_subset_is_resampled_with_the_studys_weights_as_far_as_the_scorer_covers_it():
    drawn, scores, inside = made()
    found = drawn.spearman(scores, inside)
    kept = np.flatnonzero(inside & ~np.isnan(scores + drawn.means))
    loop = []
    for weights in drawn.weights.astype(int):
        again = np.repeat(kept, weights[drawn.clusters[kept]])
        loop.append(stats.spearmanr(scores[again], drawn.means[again]).statistic)
    assert found.value == pytest.approx(stats.spearmanr(scores[kept], drawn.means[kept]).statistic)
    assert (found.low, found.high) == pytest.approx(percentile_interval(loop), abs=1e-12)
    assert (found.n, found.clusters) == (len(kept), len(set(drawn.clusters[kept])))


def test_what_is_held_of_the_labels_changes_no_number(monkeypatch):
    drawn, scores, inside = made()
    everything = np.ones(len(scores), dtype=bool)
    pairs = np.argwhere(drawn.clusters[:, None] == drawn.clusters)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]].astype(np.intp)
    monkeypatch.setattr(resamples, "MOST_HELD", 0)
    other = Resamples(drawn.means, drawn.clusters, drawn.weights)
    for _ in range(2):
        for items in (inside, everything):
            assert drawn.spearman(scores, items) == other.spearman(scores, items)
        assert drawn.pair_spearman(scores, pairs) == other.pair_spearman(scores, pairs)


def test_clusters_without_labels_never_come_up_and_the_others_as_often_as_they_are():
    drawn, _, _ = made()
    means = np.where(drawn.clusters < 9, drawn.means, np.nan)
    fewer = Resamples.drawn(means, drawn.clusters, replicates=60, rng=np.random.default_rng(4))
    assert not fewer.weights[:, 9:].any()
    assert (fewer.weights.sum(axis=1) == 9).all()


def test_few_items_or_pairs_have_a_value_and_the_reason_why_there_is_no_interval():
    drawn, scores, _ = made()
    five = np.flatnonzero(~np.isnan(scores + drawn.means))[:5]
    items = np.isin(np.arange(len(scores)), five)
    found = drawn.spearman(scores, items)
    assert found.value is not None and found.low is None and "6 items" in str(found.reason)
    pairs = np.stack([five[:4], five[1:]], axis=1)
    found = drawn.pair_spearman(scores, pairs)
    assert found.value is not None and found.low is None and "6 pairs" in str(found.reason)
    assert drawn.spearman(scores, np.zeros(len(scores), dtype=bool)).value is None


def test_pairs_are_resampled_by_query_where_items_are_the_clusters():
    """Two items of a pair that were drawn apart would make no pair."""
    frame, latents, _ = studied(queries=20, per_query=6)
    by_query = People(frame, ASKED)
    assert by_query.pair_resamples is by_query.resamples
    n = np.arange(len(latents))
    people = People(replace(frame, clusters=n, cluster_unit="item"), ASKED)
    assert people.resamples.weights.shape == (60, 120)
    assert people.pair_resamples.weights.shape == (60, 20)
    found = people.pair_resamples.pair_spearman(latents, people.all_pairs.pairs)
    assert found.clusters == 20 and found.low < found.value < found.high
