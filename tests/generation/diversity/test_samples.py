import numpy as np
import pytest

from generation.diversity.measures import Setting
from generation.diversity.responses import QueryResponses, UnusableResponses, unit
from generation.diversity.samples import NOTHING, Sample, Sampler, merge_samples


def asked(key: str, responses: int, dimensions: int = 3) -> QueryResponses:
    vectors = unit(np.random.default_rng(len(key)).normal(size=(responses, dimensions)))
    return QueryResponses(key, f"Query {key}", np.zeros(responses, dtype=int), (), vectors)


def drawn(queries, size=20):
    sampler = Sampler(size)
    for query in queries:
        sampler.add(query, Setting(1, seed=5))
    return sampler.sample()


def test_samples_of_parts_merge_into_the_sample_of_the_whole_in_any_order():
    queries = [asked(f"{number}" * (number + 1), 7 + number) for number in range(9)]
    whole = drawn(queries)
    for one, two in ((queries[:4], queries[4:]), (queries[7:], queries[:7][::-1])):
        merged = merge_samples([drawn(one), drawn(two)], size=20)
        assert np.array_equal(merged.priority, whole.priority)
        assert np.array_equal(merged.vectors, whole.vectors)
        assert merged.query.tolist() == whole.query.tolist()
    assert len(whole) == 20 and len(drawn(queries[:1])) == 7


def test_every_response_is_equally_likely_however_many_its_query_has():
    hits = []
    for seed in range(200):
        sampler = Sampler(10)
        for query in (asked("many", 90), asked("few", 10)):
            sampler.add(query, Setting(1, seed=seed))
        hits.append(np.count_nonzero(sampler.sample().query == "few"))
    assert np.mean(hits) == pytest.approx(1, abs=0.25)


def test_nothing_is_drawn_where_nothing_is_wanted_or_there():
    assert len(drawn([asked("q", 5)], size=0)) == 0
    assert merge_samples([NOTHING, NOTHING], size=3) is NOTHING


def test_vectors_of_different_dimensions_are_refused():
    held = [Sample(np.zeros(1), np.array(["a"]), np.ones((1, d), dtype=np.float32)) for d in (2, 3)]
    with pytest.raises(UnusableResponses, match=r"different dimensions .*\[2, 3\]"):
        merge_samples(held, size=5)
