import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.frames import label_frame
from annotation.studies import open_study
from tests.factory import make_items, make_labels, make_participant, make_study

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
    people = [make_participant(study, "a"), make_participant(study, "b", excluded_at=timezone.now())]
    make_labels(item, [1, 5], people=people)
    assert (label_frame(study).counts.tolist(), label_frame(study).annotators) == ([[1, 0, 0, 0, 0]], 1)
    both = label_frame(study, with_excluded=True)
    assert (both.counts.tolist(), both.annotators) == ([[1, 0, 0, 0, 1]], 2)


def test_intervals_resample_queries_and_forms_in_a_block_design() -> None:
    random, blocks = make_study("random"), make_study("blocks", design="blocks", session_size=2)
    for study in (random, blocks):
        make_items(study, 6, queries=3)
        open_study(study=study)
    assert label_frame(random).cluster_unit == "query"
    frame = label_frame(blocks)
    assert frame.cluster_unit == "form"
    assert sorted(frame.clusters.tolist()) == [1, 1, 2, 2, 3, 3]


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
