from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.frames import label_frame
from annotation.models import Study
from annotation.quality.exclusion import exclude
from annotation.statistics.agreement import krippendorff_alpha
from annotation.studies import open_study
from tests.factory import make_items, make_labels, make_participant, make_response, make_study

pytestmark = pytest.mark.django_db


def test_counts_are_of_counted_labels_in_the_items_order_with_cannot_judge_beside() -> None:
    study = make_study()
    items = make_items(study, 3)
    make_labels(items[2], [5, 5, 1, None])
    surplus = make_labels(items[0], [4])[0]
    type(surplus).objects.filter(pk=surplus.pk).update(status="surplus")
    frame = label_frame(study)
    assert frame.item_ids == ["i0", "i1", "i2"]
    assert frame.counts.tolist() == [[0] * 5, [0] * 5, [1, 0, 0, 0, 2]]
    assert frame.cannot_judge.tolist() == [0, 0, 1]
    assert frame.annotators is None


def test_excluded_people_are_left_out_unless_asked_for() -> None:
    study = make_study()
    (item,) = make_items(study, 1)
    people = [make_participant(study, code) for code in "ab"]
    exclude(participant=people[1], reason="careless")
    make_labels(item, [1, 5], people=people)
    assert (label_frame(study).counts.tolist(), label_frame(study).annotators) == ([[1, 0, 0, 0, 0]], 1)
    both = label_frame(study, with_excluded=True)
    assert (both.counts.tolist(), both.annotators) == ([[1, 0, 0, 0, 1]], 2)


def in_forms(slug: str, items: int, *, queries: int) -> Study:
    study = make_study(slug, design="blocks", session_size=6)
    make_items(study, items, queries=queries)
    open_study(study=study)
    return study


def test_intervals_resample_queries_or_forms_where_every_query_lies_whole_in_one() -> None:
    random = make_study("random")
    make_items(random, 6, queries=3)
    spread, whole = label_frame(in_forms("spread", 12, queries=6)), label_frame(in_forms("w", 12, queries=12))
    for frame in (label_frame(random), spread):
        assert frame.cluster_unit == "query"
        assert frame.clusters.tolist() == frame.queries.tolist()
    assert whole.cluster_unit == "form"
    assert sorted(whole.clusters.tolist()) == [0] * 6 + [1] * 6


def test_queries_and_clusters_are_numbered_as_they_come_up_whatever_their_keys() -> None:
    for number in reversed(range(3)):
        make_response(f"Query {number} of answers")
    study = make_study()
    make_items(study, 5, queries=3)
    frame = label_frame(study)
    assert frame.queries.tolist() == frame.clusters.tolist() == [0, 1, 2, 0, 1]


def test_in_a_block_design_the_interval_of_alpha_holds_the_truth_as_resampling_forms_would_not() -> None:
    study = in_forms("forms", 240, queries=40)
    clusters = label_frame(study).clusters
    forms = list(study.items.order_by("position").values_list("block", flat=True))
    values = np.arange(1.0, 6)
    rng = np.random.default_rng(1)

    def labelled(query: Any) -> Any:
        quality = rng.normal(size=query.max() + 1)[query] + 0.5 * rng.normal(size=len(query))
        heard = quality[:, None] + rng.normal(3, 1, (len(query), 8))
        label = np.clip(np.round(heard), 1, 5)
        return (label[:, :, None] == values).sum(axis=1)

    truth = krippendorff_alpha(labelled(np.repeat(np.arange(4000), 6)), values=values, level="ordinal").value
    covered = {"clusters": 0, "forms": 0}
    for _ in range(100):
        counts = labelled(np.arange(240) % 40)  # the query of each item, as `make_items` has it
        for name, unit in (("clusters", clusters), ("forms", forms)):
            found = krippendorff_alpha(
                counts, values=values, level="ordinal", clusters=unit, replicates=100, rng=rng
            )
            assert truth and found.low and found.high
            covered[name] += found.low <= truth <= found.high
    # About 91 % is what percentiles reach with 40 queries.
    assert covered["clusters"] >= 84
    assert covered["forms"] <= covered["clusters"] - 15


def test_the_number_of_queries_does_not_grow_with_the_study() -> None:
    counts = []
    for size in (2, 40):
        study = make_study(f"s{size}")
        for item in make_items(study, size):
            make_labels(item, [1, 2, 3])
        with CaptureQueriesContext(connection) as queries:
            label_frame(study)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 4
