import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Q

from annotation.models import Label, Session, Study
from annotation.rehearsal import rehearse
from annotation.studies import StudyError, open_study
from tests.factory import make_items, make_participant, make_study

pytestmark = pytest.mark.django_db


def rehearsed(slug: str, *, seed: int = 1, **fields: object) -> Study:
    study = make_study(slug, **({"labels_per_item": 5, "session_size": 6, "seed": 8} | fields))
    make_items(study, 20)
    call_command("rehearse", slug, "--participants", "14", "--seed", str(seed))
    study.refresh_from_db()
    return study


def shape(study: Study) -> list[tuple[object, ...]]:
    labels = Label.objects.filter(item__study=study).order_by("pk")
    return list(
        labels.values_list("item__position", "participant__code", "position", "swapped", "value", "status")
    )


@pytest.mark.parametrize("kind", ["rating", "comparison"])
@pytest.mark.parametrize("design", ["random", "blocks"])
def test_simulated_people_fill_every_slot_and_every_row_says_that_they_are_simulated(
    kind: str, design: str
) -> None:
    study = rehearsed("r", kind=kind, design=design)
    assert (study.simulated, study.state) == (True, "closed")
    counted = study.items.annotate(n=Count("labels", filter=Q(labels__status="counted"))).values_list(
        "n", flat=True
    )
    assert set(counted) == {5}
    assert not Label.objects.filter(simulated=False).exists()
    assert not study.participants.filter(simulated=False).exists()


def test_the_same_seed_gives_the_same_labels_and_another_seed_others() -> None:
    first = shape(rehearsed("a"))
    Study.objects.filter(slug="a").update(slug="b")
    study = make_study("a", labels_per_item=5, session_size=6, seed=8)
    make_items(study, 20)
    rehearse(study=study, participants=14, seed=1)
    assert shape(study) == first
    assert shape(rehearsed("c", seed=2)) != first


def test_they_walk_the_path_of_people_leaving_correcting_and_pressing_twice() -> None:
    study = make_study("long", labels_per_item=10, session_size=10, seed=8)
    make_items(study, 60)
    given = rehearse(study=study, participants=20, seed=3)
    assert given.labels == study.slots.filter(filled=True).count() == Label.objects.counted().count()
    assert given.corrections == Label.objects.filter(status="superseded").count() > 0
    assert Session.objects.filter(outcome="stopped").exists()
    assert Label.objects.filter(cannot_judge=True).exists()


def test_a_study_with_real_people_is_refused_and_a_rehearsed_one_never_opens_for_them() -> None:
    real = make_study("real")
    make_items(real, 4)
    make_participant(real, "somebody")
    with pytest.raises(CommandError, match="labels of real people"):
        call_command("rehearse", "real", "--participants", "3")
    real.refresh_from_db()
    assert not real.simulated and not Label.objects.exists()
    with pytest.raises(StudyError, match="simulated"):
        open_study(study=rehearsed("done"))
