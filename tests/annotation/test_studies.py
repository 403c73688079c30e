import pytest
from django.core.management import CommandError, call_command

from annotation.models import Item, Label, Study
from annotation.rehearsal import rehearse
from annotation.studies import (
    StudyError,
    close_study,
    create_study,
    open_study,
    pause_study,
    study_from_responses,
    update_study,
)
from generation.models import Response
from tests.factory import make_items, make_labels, make_participant, make_response, make_study

pytestmark = pytest.mark.django_db


def test_a_study_gets_its_kinds_question_scale_and_words() -> None:
    rating = create_study(slug="r", name="R", kind="rating")
    comparison = create_study(slug="c", name="C", kind="comparison")
    assert (rating.values, rating.word_for(5)) == ([1, 2, 3, 4, 5], "excellent")
    assert (comparison.values, comparison.word_for(2)) == ([-2, -1, 0, 1, 2], "A is much better")
    assert create_study(slug="s", name="S", kind="rating", scale_high=7).scale_words == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "ranking"}, "rating, comparison, pair or query"),
        ({"slug": "not a slug"}, "slug"),
        ({"scale_low": 5, "scale_high": 5}, "scale"),
        ({"labels_per_item": 0}, "label"),
        ({"scale_words": ["bad", "good"]}, "5 values but 2 words"),
    ],
)
def test_what_makes_no_study_is_refused_in_one_line(fields: dict[str, object], words: str) -> None:
    with pytest.raises(StudyError, match=words) as refused:
        create_study(**({"slug": "s", "name": "S", "kind": "rating"} | fields))  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)
    assert not Study.objects.exists()


def test_a_study_can_be_made_of_responses_that_are_there() -> None:
    for query, text in [("q1", "a"), ("q1", "b"), ("q1", "c"), ("q2", "d")]:
        make_response(query, text)
    ratings = study_from_responses(responses=Response.objects.all(), slug="r", name="R", kind="rating")
    pairs = study_from_responses(responses=Response.objects.all(), slug="p", name="P", kind="comparison")
    assert ratings.items.count() == 4
    assert [(i.response_1.text, i.response_2.text) for i in pairs.items.all()] == [
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    ]
    with pytest.raises(StudyError, match="no item"):
        study_from_responses(responses=Response.objects.none(), slug="n", name="N", kind="rating")
    assert not Study.objects.filter(slug="n").exists()


def test_states_follow_each_other_and_opening_again_keeps_the_slots() -> None:
    study = make_study(labels_per_item=2)
    with pytest.raises(StudyError, match="no items"):
        open_study(study=study)
    with pytest.raises(StudyError, match="never opened"):
        close_study(study=study)
    make_items(study, 3)
    assert open_study(study=study).state == "open"
    assert pause_study(study=study).state == "paused"
    assert close_study(study=study).closed_at is not None
    again = open_study(study=study)
    assert (again.state, again.closed_at, again.slots.count()) == ("open", None, 6)


def test_an_import_or_a_rehearsal_can_be_deleted_and_what_people_gave_never() -> None:
    imported, rehearsed, real = (
        make_study("imported", imported=True),
        make_study("rehearsed"),
        make_study("real"),
    )
    for study in (imported, rehearsed, real):
        items = make_items(study, 3)
    make_labels(
        imported.items.first(), [1, 2, 3], people=[make_participant(imported, f"{n}") for n in range(3)]
    )
    rehearse(study=rehearsed, participants=2, seed=1)
    make_participant(open_study(study=real), "somebody")
    for study in (imported, rehearsed):
        call_command("delete_study", study.slug)
    with pytest.raises(CommandError, match="never deleted"):
        call_command("delete_study", "real")
    assert list(Study.objects.values_list("slug", flat=True)) == ["real"]
    assert Item.objects.count() == len(items) and not Label.objects.exists()


def test_imported_labels_are_not_mixed_with_new_ones() -> None:
    study = make_study(imported=True)
    make_items(study, 1)
    with pytest.raises(StudyError, match="imported"):
        open_study(study=study)


def test_once_open_only_texts_codes_and_limits_change_and_a_new_consent_has_a_new_version() -> None:
    study = make_study(consent="first")
    make_items(study, 1)
    assert update_study(study=study, labels_per_item=7, consent="second").consent_version == 1
    study = open_study(study=study)
    with pytest.raises(StudyError, match="labels per item"):
        update_study(study=study, labels_per_item=9)
    changed = update_study(study=study, consent="third", completion_code="NEW")
    assert (changed.consent_version, changed.completion_code, changed.labels_per_item) == (2, "NEW", 7)
