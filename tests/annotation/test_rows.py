from typing import Any

import numpy as np
import pytest

from annotation.frames import label_frame
from annotation.models import Participant, Study
from annotation.quality.exclusion import exclude
from annotation.rows import LabelRows, label_rows
from tests.factory import make_items, make_labels, make_participant, make_study

pytestmark = pytest.mark.django_db

LABELS = [[1, 4, 4], [2, 2, 5], [5, 1, 3]]


def labelled(slug: str, order: tuple[int, ...]) -> tuple[Study, list[Participant]]:
    """Three people label three items; `order` is that in which people came to the database."""
    study = make_study(slug)
    people = {n: make_participant(study, f"person {n}") for n in order}
    for item, values in zip(make_items(study, 3), LABELS, strict=True):
        make_labels(item, [values[n] for n in order], people=[people[n] for n in order])
    return study, [people[n] for n in sorted(people)]


def rows_of(study: Study, **asked: Any) -> LabelRows:
    return label_rows(study, label_frame(study, **asked))


def test_rows_tell_who_gave_which_label_of_which_item() -> None:
    study, people = labelled("answers", (0, 1, 2))
    rows = rows_of(study)
    table = np.zeros((3, 3), dtype=int)
    table[rows.item, rows.person] = rows.value
    pks = rows.person_pks.tolist()
    assert [table[:, pks.index(person.pk)].tolist() for person in people] == np.transpose(LABELS).tolist()
    assert (rows.people, rows.unknown) == (3, 0)


def test_people_are_numbered_by_what_they_labelled_not_by_when_they_came() -> None:
    first, second = (
        rows_of(labelled(f"came-{n}", order)[0]) for n, order in enumerate([(0, 1, 2), (2, 0, 1)])
    )
    assert first.digest == second.digest
    assert np.array_equal(first.person, second.person) and np.array_equal(first.value, second.value)


def test_the_digest_changes_with_who_gave_a_label_even_where_the_counts_do_not() -> None:
    study, people = labelled("answers", (0, 1, 2))
    before = rows_of(study)
    item = study.items.all()[0]
    one, other = (item.labels.get(participant=person) for person in people[:2])
    type(one).objects.filter(pk=one.pk).update(value=other.value)
    type(one).objects.filter(pk=other.pk).update(value=one.value)
    assert rows_of(study).digest != before.digest


def test_labels_of_nobody_known_are_counted_beside_and_excluded_people_are_left_out() -> None:
    study, people = labelled("answers", (0, 1, 2))
    make_labels(study.items.all()[0], [3, 3])
    exclude(participant=people[0], reason="careless")
    rows = rows_of(study)
    assert (rows.people, len(rows.value)) == (2, 6)
    assert rows_of(study, with_excluded=True).people == 3
    assert rows.unknown in (0, 2)


def test_a_study_without_labels_has_no_rows() -> None:
    study = make_study()
    make_items(study, 2)
    rows = rows_of(study)
    assert (rows.people, len(rows.person), rows.unknown) == (0, 0, 0)
