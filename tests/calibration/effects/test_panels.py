"""Promises of a scorer read as a panel: whose votes they are, of which item, and what other scorers give."""

import numpy as np
import pytest

from annotation.frames import label_frame
from annotation.models import Question, Reply
from calibration.effects.contrasts import Contrast, ContrastError
from calibration.effects.frames import column_values, effect_frame, item_values
from calibration.effects.panels import Scored, scored
from calibration.metrics.replication.panels import Personas
from calibration.models import Score, Scorer
from tests.factory import make_items, make_labels, make_participant, make_question, make_study

pytestmark = pytest.mark.django_db


def read(scorer: Scorer) -> Scored:
    study = scorer.scores.all()[0].study
    return scored(study, scorer, label_frame(study))


def test_votes_of_personas_stand_by_persona_and_item_an_items_own_first_and_two_of_one_are_their_mean() -> (
    None
):
    study = make_study()
    items = make_items(study, 4)
    panel = Scorer.objects.create(name="panel", family=Scorer.Family.PERSONA_PANEL)
    for n, votes, personas in ((0, [1, 5, 3], ["b", "a", "b"]), (1, [4], ["a"]), (3, [2, 2], None)):
        told = {"personas": personas} if personas else {}
        Score.objects.create(study=study, scorer=panel, item=items[n], votes=votes, metadata=told)
    for n in (1, 2):
        Score.objects.create(
            study=study, scorer=panel, response=items[n].response, votes=[1], metadata={"personas": ["b"]}
        )
    found = read(panel)
    assert isinstance(found.panel, Personas)
    np.testing.assert_array_equal(found.panel.votes, [[5, 4, np.nan, np.nan], [2, np.nan, 1, np.nan]])
    assert found.panel.spread is not None
    np.testing.assert_array_equal(found.panel.spread, [[0, 0, 0, 0], [1, 0, 0, 0]])
    assert (found.kind, found.items, found.without_personas) == ("votes of personas", 3, 1)
    assert found.attributes == [{}, {}]


def test_votes_without_personas_distributions_and_numbers_are_told_apart() -> None:
    study = make_study()
    (item,) = make_items(study, 1)
    given = {"votes": [1, 5, 5], "distribution": [0, 0, 0.5, 0.5, 0], "value": 2.0}
    for kind, value in given.items():
        scorer = Scorer.objects.create(name=kind)
        Score.objects.create(study=study, scorer=scorer, item=item, **{kind: value})
    found = {kind: read(Scorer.objects.get(name=kind)) for kind in given}
    assert [one.kind for one in found.values()] == ["votes", "distributions", "numbers"]
    assert [one.panel.own.value.tolist() for one in found.values()] == [[1, 5, 5], [3.5], [2]]


def test_a_column_is_of_the_item_its_response_or_its_query_and_what_people_typed_is_not_listed() -> None:
    study = make_study()
    items = make_items(study, 3)
    for place, (row, value) in enumerate([(items[0], 1), (items[1].response, True), (items[2].query, "x")]):
        assert row is not None, place
        row.metadata = {"topic": value}
        row.save()
    assert list(item_values(study, "topic").values()) == ["1", "true", "x"]
    assert column_values(study, "model") == ("items", ["model-a"])
    typed: Question = make_question(study, "job", options=[])
    for n in range(12):
        person = make_participant(study, f"p{n}")
        Reply.objects.create(
            participant=person, question=typed, value="baker", replied_at=person.consented_at
        )
    with pytest.raises(ContrastError, match="Fewer than two options of job"):
        column_values(study, "job")
    make_question(study, "topic")
    with pytest.raises(ContrastError, match="say which in a file"):
        column_values(study, "topic")


def test_people_with_the_same_labels_are_read_alike_whatever_their_keys() -> None:
    read = []
    for backwards in (False, True):
        study = make_study(f"study-{backwards}")
        items = make_items(study, 3)
        question = make_question(study, "age", options=["old", "young"])
        people = [make_participant(study, f"p{n}") for n in range(24)]
        for n, person in enumerate(people):
            n = 23 - n if backwards else n
            make_labels(items[n % 3], [3 if n < 12 else 4], people=[person])
            said = "old" if n % 2 else "young"
            Reply.objects.create(
                participant=person, question=question, value=said, replied_at=person.consented_at
            )
        scorer = Scorer.objects.create(name=f"panel {backwards}")
        Score.objects.create(study=study, scorer=scorer, item=items[0], value=1)
        frame = effect_frame(study, scorer, [Contrast("age", "people", "age", ("old",), ("young",))])
        assert frame.groups[0].asked is not None
        read.append(frame.groups[0].asked.among)
    np.testing.assert_array_equal(*read)
