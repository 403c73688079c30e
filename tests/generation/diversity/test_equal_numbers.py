"""Promises of comparisons: what differs in the number of responses alone does not differ."""

from itertools import combinations

import numpy as np
import pytest

from generation.diversity.classes import CLASSES, distinct_k, rarefied_classes
from generation.diversity.floor import floor
from generation.diversity.homogeneity import over_sources, within
from generation.diversity.lexical import LEXICAL
from generation.diversity.report.asked import Measured
from generation.diversity.report.compared import compared_section
from generation.diversity.report.report import diversity_report
from generation.diversity.report.specification import Specification
from generation.diversity.responses import DataSet, Held, QueryResponses, Source, unit
from generation.diversity.scheduling import measure
from generation.diversity.similarity import SIMILARITY
from generation.diversity.spectrum import VENDI

IDEAS = 8


def alike(rng: np.random.Generator, counts: dict[Source, int], *, queries: int) -> DataSet:
    """Sources that draw their responses from one distribution, each so many a query."""
    held = []
    for query in range(queries):
        ideas = rng.normal(size=(IDEAS, 16))
        words = rng.integers(40, size=(IDEAS, 30))
        classes = rng.geometric(0.4, size=sum(counts.values())) % IDEAS
        noisy = np.where(
            rng.random((len(classes), 30)) < 0.3, rng.integers(40, size=(len(classes), 30)), words[classes]
        )
        held.append(
            QueryResponses(
                str(query),
                f"Query {query}",
                np.repeat(np.arange(len(counts)), list(counts.values())),
                [" ".join(f"w{word}" for word in row) for row in noisy],
                unit(ideas[classes] + rng.normal(size=(len(classes), 16))),
                classes,
            )
        )
    return DataSet(tuple(counts), [Held(held)], "planted")


def measured(data: DataSet) -> Measured:
    table = measure(data, [SIMILARITY, LEXICAL, VENDI, CLASSES], scheduler="synchronous")
    return Measured(data, table, Specification(replicates=200))


def test_sources_that_differ_in_their_number_of_responses_alone_do_not_differ() -> None:
    few, many = Source("m", "few"), Source("m", "many")
    found = measured(alike(np.random.default_rng(0), {few: 8, many: 40}, queries=24))
    rows = {row["measure"]: row for row in compared_section(found)["conditions"]}
    assert set(rows) == {"similarity", "self_bleu", "rarefied_2", "vendi", "distinct_k"}
    # Measured of all of them, there is no doubt.
    for name in ("vendi", "distinct_k", "self_bleu"):
        plain = np.diff(found.column(name), axis=1)
        assert plain.mean() > 4 * plain.std() / 24**0.5
    for row in rows.values():
        assert row["difference"]["low"] < 0 < row["difference"]["high"], row
        assert row["p"] > 0.05


def test_of_equal_numbers_all_responses_count() -> None:
    found = measured(alike(np.random.default_rng(1), {Source("a"): 6, Source("b"): 6}, queries=3))
    for row in compared_section(found)["models"]:
        if row["measure"] != "similarity":
            whole = found.column(row["measure"])
            expected = np.mean(whole[:, 0] - whole[:, 1])
            assert row["difference"]["value"] == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_a_report_says_that_numbers_differ_and_what_that_moves() -> None:
    asked = Specification(replicates=20)
    for more, said in (
        (4, None),
        (6, "to 2 of 2 queries sources gave different numbers of responses, from 4 to 6:"),
    ):
        data = alike(np.random.default_rng(1), {Source("a"): 4, Source("b"): more}, queries=2)
        unequal = diversity_report(data, asked, version="1", scheduler="synchronous")["unequal"]
        assert unequal is None if said is None else unequal.startswith(said)


def test_a_single_response_is_compared_with_nothing() -> None:
    found = measured(alike(np.random.default_rng(2), {Source("a"): 1, Source("b"): 6}, queries=3))
    for row in compared_section(found)["models"]:
        assert row["difference"]["value"] is None and row["p"] is None
        assert "enough responses" in row["difference"]["reason"]


def test_the_classes_expected_of_fewer_are_the_mean_over_all_choices() -> None:
    classes = [0, 0, 0, 1, 1, 2, -1]
    for size in range(1, 7):
        every = [distinct_k(list(one)) for one in combinations(classes[:6], size)]
        assert rarefied_classes(classes, size) == pytest.approx(np.mean(every))
    with pytest.raises(ValueError, match="from 1 to 6"):
        rarefied_classes(classes, 7)


def test_what_is_said_over_models_is_what_is_tested_and_its_p_is_adjusted() -> None:
    counts = {Source(model, condition): 4 for model in "ab" for condition in ("x", "y", "z")}
    data = alike(np.random.default_rng(3), counts, queries=5)
    *others, last = data.partitions[0].queries
    # One model did not answer the last query.
    half = DataSet(data.sources, [Held([*others, last.of(np.flatnonzero(last.source < 3))])], "planted")
    found = measured(half)
    rows = [row for row in compared_section(found)["conditions_over_models"] if row["measure"] == "vendi"]
    assert len(rows) == 3 and all(row["p_adjusted"] >= row["p"] for row in rows)
    # Five queries: 16 pairs of opposite signs, each taken once.
    assert all((row["p"] * 16) % 1 == 0 for row in rows)


def test_the_gap_of_the_mean_is_the_mean_less_the_floor_whatever_is_missing() -> None:
    data = alike(np.random.default_rng(4), {Source("a"): 4, Source("b"): 4}, queries=6)
    first, *others = data.partitions[0].queries
    partly = [query.of(np.flatnonzero(query.source == 0)) for query in others[:4]]
    found = measured(DataSet(data.sources, [Held([first, *partly, others[4]])], "planted"))
    cells = within(found.table)
    gap = found.gap_over_sources(cells)
    assert gap["value"] == pytest.approx(over_sources(cells).value - floor(found.table).value)
    assert gap["n"] == 6
