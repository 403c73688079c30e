"""Promises of the quality panel's numbers: whose labels they are of, what raises a flag, and what it says."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotation.models import Check, CheckAnswer, ComprehensionAttempt, Label, Participant, Session, Study
from annotation.quality.exclusion import exclude
from annotation.quality.flags import flags_in_words, flags_of
from annotation.quality.limits import RANGES, limits_of
from annotation.quality.measures import Quality, quality_of
from annotation.rights.identity import erase_identity
from annotation.studies import StudyError, update_study
from tests.factory import make_items, make_participant, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    cache.clear()
    return make_study(imported=True)


def say(study: Study, code: str, values: list[int | None], **fields: Any) -> Participant:
    """A person who gave these values to the first items, in their order."""
    person = make_participant(study, code)
    items = list(study.items.all()) or make_items(study, 12)
    Label.objects.bulk_create(
        Label(
            item=item,
            participant=person,
            value=value,
            cannot_judge=value is None,
            position=position,
            submitted_at=timezone.now(),
            **fields,
        )
        for position, (item, value) in enumerate(zip(items, values, strict=False), start=1)
    )
    return person


def words(study: Study, person: Participant, **options: Any) -> dict[str, str]:
    quality = quality_of(study, **options)
    return dict(flags_in_words(quality, limits_of(study), [quality.place_of(person)])[0])


RISING: list[int | None] = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2]


def test_each_flag_says_its_number_and_its_limit(study: Study) -> None:
    for n in range(3):
        say(study, f"usual{n}", RISING, active_seconds=9)
    falling = [6 - value for value in RISING if value]
    quick = say(study, "quick", RISING, active_seconds=0.2)
    same = say(study, "same", [3] * 12, active_seconds=9)
    against = say(study, "against", [*falling], active_seconds=9)
    unsure = say(study, "unsure", [*RISING[:6], *[None] * 6], active_seconds=9)
    usual = study.participants.get(code="usual0")
    assert words(study, usual) == {}
    assert words(study, quick) == {
        "quick": "median 0.2 s an item, below the 0.5 s that reading takes at 50 characters a second"
    }
    assert words(study, same) == {
        "one answer": "100 % of 12 answers are the same, above 90 %",
        "long run": "the same answer 12 times in a row, above 10",
    }
    assert words(study, against) == {
        "against the others": "correlation −1.00 with the others on 12 items, below 0.00",
        "far from the others": "2.27 steps from the others' mean on average, above 1.60",
    }
    assert words(study, unsure) == {"cannot judge": "could not judge 6 of 12 items, above 30 %"}


def test_few_answers_raise_no_flag(study: Study) -> None:
    say(study, "usual", RISING, active_seconds=9)
    few = say(study, "few", [5, 5, 5, None, None], active_seconds=0.1)
    assert words(study, few) == {}


def test_a_studys_own_limits_hold_in_place_of_the_usual_ones(study: Study) -> None:
    person = say(study, "p", RISING, active_seconds=2.1)
    assert words(study, person) == {}
    update_study(study=study, quality_limits={"seconds": 3})
    study.refresh_from_db()
    assert words(study, person) == {"quick": "median 2.1 s an item, below 3.0 s"}


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"speed": 3}, "there is no limit speed"),
        ({"modal_share": 2}, "modal_share is a number from 0 to 1, not 2"),
        ({"run": 2.5}, "run is a whole number, not 2.5"),
        ({"seconds": float("nan")}, "seconds is a number from 0 to 3600"),
        ({"seconds": "3"}, "seconds is a number from 0 to 3600, not '3'"),
        ({"labels": True}, "labels is a number"),
        ([3], "give names of limits"),
    ],
)
def test_limits_that_make_no_sense_are_refused(study: Study, limits: Any, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        update_study(study=study, quality_limits=limits)


def test_every_limit_that_a_study_may_set_has_a_usual_value_in_its_range() -> None:
    usual = limits_of(Study(scale_low=1, scale_high=5))
    for name, (low, high) in RANGES.items():
        value = getattr(usual, name)
        assert value is None or low <= value <= high


def test_checks_and_comprehension_are_told(study: Study) -> None:
    person = say(study, "p", RISING)
    session = Session.objects.create(participant=person, size=12, started_at=timezone.now())
    purposes = [Check.Purpose.ATTENTION, Check.Purpose.KNOWN, Check.Purpose.ATTENTION, Check.Purpose.PRACTICE]
    for n, purpose in enumerate(purposes):
        practice = purpose == Check.Purpose.PRACTICE
        CheckAnswer.objects.create(
            check_asked=Check.objects.create(study=study, purpose=purpose, query="?", response="!"),
            participant=person,
            session=None if practice else session,
            position=None if practice else n + 20,
            value=1,
            passed=n == 2,
            answered_at=timezone.now(),
        )
    assert words(study, person) == {"failed checks": "failed 2 of 3 checks, and the limit is 2"}
    for number in (1, 2):
        ComprehensionAttempt.objects.create(
            participant=person, number=number, passed=False, attempted_at=timezone.now(), answers={}
        )
    assert words(study, person)["comprehension"] == "failed the comprehension check 2 times"


def test_the_excluded_are_held_against_the_others_and_nobody_against_them(study: Study) -> None:
    one = say(study, "one", [1] * 3)
    two = say(study, "two", [2] * 3)
    loud = say(study, "loud", [5] * 3)
    assert severities(quality_of(study)) == [1 - 3.5, 2 - 3, 5 - 1.5]
    exclude(participant=loud, reason="shouts")
    assert severities(quality_of(study)) == [1 - 2, 2 - 1, 5 - 1.5]
    assert severities(quality_of(study, with_excluded=True)) == [1 - 3.5, 2 - 3, 5 - 1.5]
    Label.objects.filter(participant=loud).update(status=Label.Status.REPLACED)
    cache.clear()
    assert severities(quality_of(study)) == [1 - 2, 2 - 1, 5 - 1.5]
    assert severities(quality_of(study, with_excluded=True)) == [1 - 3.5, 2 - 3, 5 - 1.5]
    assert [one.pk, two.pk, loud.pk] == quality_of(study).pks.tolist()


def severities(quality: Quality) -> list[float]:
    found: list[float] = quality.measures.severity.tolist()
    return found


def test_an_answer_that_came_too_late_tells_of_its_person_and_not_of_the_others(study: Study) -> None:
    say(study, "one", [1])
    say(study, "late", [4], status=Label.Status.SURPLUS)
    say(study, "two", [3])
    quality = quality_of(study)
    assert (severities(quality), quality.answered.tolist()) == ([-2, 2, 2], [1, 1, 1])


def test_without_an_active_time_the_whole_time_stands(study: Study) -> None:
    say(study, "script", [1], active_seconds=2, wall_seconds=50)
    say(study, "plain", [1], wall_seconds=4)
    assert quality_of(study).measures.median_seconds.tolist() == [2, 4]


def test_who_always_presses_one_side_is_told_though_the_kept_values_differ(study: Study) -> None:
    pairs = make_study("pairs", imported=True, kind="comparison")
    items = make_items(pairs, 12)

    def press(code: str, shown: list[int]) -> Participant:
        """Every other item has its sides swapped; above 0 is the left side."""
        person = make_participant(pairs, code)
        for n, (item, value) in enumerate(zip(items, shown, strict=False)):
            Label.objects.create(
                item=item, participant=person, value=-value if n % 2 else value, swapped=n % 2 == 1,
                position=n, submitted_at=timezone.now() + timedelta(seconds=n),
            )  # fmt: skip
        return person

    left, right = press("left", [1] * 12), press("right", [-1, -2] * 6)
    assert words(pairs, left) == {
        "one answer": "100 % of 12 answers are the same, above 90 %",
        "long run": "the same answer 12 times in a row, above 10",
        "one side": "100 % of 12 answers took the left side, above 90 %",
    } | {name: said for name, said in words(pairs, left).items() if "others" in name}
    assert words(pairs, right)["one side"] == "100 % of 12 answers took the right side, above 90 %"
    assert "one side" not in words(pairs, press("few", [2, 0, 0] * 4)), "four answers took a side"
    assert "one side" not in words(pairs, press("both", [2, -1] * 6))
    # Somebody who always likes response_1 presses either side.
    assert not words(pairs, press("fond", [1, -1] * 6)).keys() & {"one answer", "long run", "one side"}
    usual = say(study, "ratings", [5] * 12)
    assert "one side" not in words(study, usual)


def test_an_erased_person_is_shown_under_the_new_code_at_once(study: Study) -> None:
    person = say(study, "p", RISING)
    assert quality_of(study).codes == ["p"]
    erase_identity(participant=person)
    assert quality_of(study).codes == [study.participants.get().code] != ["p"]


def test_people_without_a_label_and_labels_without_a_person(study: Study) -> None:
    make_participant(study, "came and went")
    assert quality_of(study).answered.tolist() == [0]
    assert not any(raised.any() for raised in flags_of(quality_of(study), limits_of(study)).values())
    (item,) = make_items(study, 1)
    Label.objects.create(item=item, value=2)
    quality = quality_of(study)
    assert quality.answered.tolist() == [0]
    assert quality_of(make_study("empty")).codes == []


def test_the_number_of_queries_does_not_grow_and_a_second_look_reads_little(
    study: Study, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(3):
        say(study, f"p{n}", RISING)
    with django_assert_num_queries(13):
        quality_of(study)
    with django_assert_num_queries(7):
        quality_of(study)
    for n in range(20):
        say(study, f"more{n}", RISING)
    with django_assert_num_queries(17):
        quality_of(study)
