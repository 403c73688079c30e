from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.models import Act, Item, Study
from calibration.importers import import_scores
from calibration.models import Score, Scorer
from calibration.runs.simple import score_simply
from calibration.scorers.simple import SIMPLE, document_frequencies, similarity_to_others
from generation.files import FileError
from generation.runs.errors import RunError
from tests.factory import make_items, make_response, make_study

pytestmark = pytest.mark.django_db

ENGLISH = "This is what there was to be said of it, and then it was over. "


def study_of(texts: dict[str, list[str]], slug: str = "answers", **fields: Any) -> Study:
    """A study of a query's responses each."""
    study = make_study(slug, **fields)
    rows = [make_response(query, text, sample=n) for query in texts for n, text in enumerate(texts[query])]
    pairs = study.kind == Study.Kind.COMPARISON
    for n, row in enumerate(rows[:-1] if pairs else rows):
        shown = {"response_1": row, "response_2": rows[n + 1]} if pairs else {"response": row}
        Item.objects.create(study=study, external_id=f"i{n}", position=n, query=row.query, **shown)
    return study


def scores(study: Study, name: str) -> dict[str, float | None]:
    found = Score.objects.filter(study=study, scorer__name=SIMPLE[name].name)
    return dict(found.values_list("response__text", "value"))


def stored(study: Study) -> list[tuple[str, int, float | None]]:
    rows = Score.objects.filter(study=study).values_list("scorer__name", "response", "item", "value")
    return sorted((name, response or item, value) for name, response, item, value in rows)


RIVER, THIEF = "time is a river", "time is a thief"
TEXTS = {"Time?": [RIVER, THIEF, "时间是河"], "Why?": [ENGLISH * 4], "What?": ["🙂", "a"]}


@pytest.mark.parametrize("kind", ["rating", "comparison"])
def test_each_response_has_the_number_that_its_text_has_and_none_where_that_is_undefined(kind: str) -> None:
    study = study_of(TEXTS, kind=kind)
    found = score_simply(study=study)
    assert scores(study, "words") == {
        RIVER: 4, THIEF: 4, ENGLISH * 4: 60, "🙂": 0, "a": 1,
    }  # fmt: skip
    assert scores(study, "characters")["时间是河"] == 4
    assert scores(study, "readability").keys() == {ENGLISH * 4}
    assert scores(study, "diversity").keys() == {ENGLISH * 4}
    every = [text for texts in TEXTS.values() for text in texts]
    alike = similarity_to_others(TEXTS["Time?"], *document_frequencies(every))
    assert [scores(study, "similarity")[text] for text in TEXTS["Time?"]] == pytest.approx(alike)
    assert len(scores(study, "similarity")) == 3
    assert [(scorer.name, scorer.scored) for scorer in found.scorers] == [
        (SIMPLE[name].name, number)
        for name, number in [
            ("words", 5),
            ("characters", 6),
            ("diversity", 1),
            ("readability", 1),
            ("similarity", 3),
        ]
    ]
    assert found.sentence().startswith("Scored 6 responses by 5 simple scorers. length in words: 1 without")
    words = Scorer.objects.get(name="length in words")
    here = {"version": 1, "scored": 5, "unscored": {"its script puts no spaces between words": 1}}
    assert words.metadata["studies"] == {str(study.pk): here}
    assert (words.family, words.metadata["definition"]) == ("other", SIMPLE["words"].definition)


def test_scoring_again_replaces_its_own_scores_of_this_study_and_touches_no_others() -> None:
    study, other = study_of(TEXTS), study_of({"Time?": [RIVER, "a cat"]}, "others")
    score_simply(study=other)
    reward = Scorer.objects.create(name="reward", family="reward_model")
    Score.objects.create(study=study, scorer=reward, response=make_response("Why?", ENGLISH * 4), value=1)
    score_simply(study=study)
    before, first = stored(other), stored(study)
    added = make_response("Why?", "It is new.")
    Item.objects.create(study=study, external_id="new", position=99, query=added.query, response=added)
    found = score_simply(study=study, names=["words"])
    assert stored(study) == sorted([*first, ("length in words", added.pk, 3.0)])
    assert stored(other) == before
    assert [scorer.name for scorer in found.scorers] == ["length in words"]
    assert Scorer.objects.get(name="length in words").metadata["studies"].keys() == {
        str(study.pk),
        str(other.pk),
    }


def test_a_response_in_many_items_is_scored_once_and_the_same_text_twice_is_two_responses() -> None:
    study = make_study(kind="comparison")
    first, second, third = (make_response("Time?", "time is time", sample=n) for n in range(3))
    for n, (one, two) in enumerate([(first, second), (second, third), (third, first)]):
        Item.objects.create(
            study=study, external_id=f"i{n}", position=n, query=one.query, response_1=one, response_2=two
        )
    score_simply(study=study)
    found = Score.objects.filter(scorer__name=SIMPLE["similarity"].name)
    assert sorted(found.values_list("response", flat=True)) == sorted([first.pk, second.pk, third.pk])
    assert [*found.values_list("value", flat=True)] == pytest.approx([1, 1, 1])


def test_the_log_says_who_scored_and_what_makes_no_sense_is_refused_in_a_line(researcher: User) -> None:
    study = study_of(TEXTS)
    score_simply(study=study, names=["similarity", "words"], by=researcher)
    act = Act.objects.get(study=study)
    names = ["length in words", "similarity to the query's other responses"]
    assert (act.by, act.what, act.detail) == (
        "researcher",
        "scored simply",
        {"scorers": names, "responses": 6},
    )
    empty = make_study("empty")
    for wanted, where, line in [
        (["beauty"], study, "There is no simple scorer beauty: choose among words, characters,"),
        ([], study, "Choose at least one simple scorer."),
        (None, empty, "The study empty has no responses yet: import some first."),
    ]:
        with pytest.raises(RunError, match=line):
            score_simply(study=where, names=wanted)


def test_scores_of_a_file_are_never_overwritten_and_a_file_never_writes_into_simple_ones(
    tmp_path: Path,
) -> None:
    study = study_of(TEXTS)
    path = tmp_path / "scores.jsonl"
    path.write_text('{"item_id": "i0", "scorer": "length in words", "score": 7}\n')
    import_scores(path=path, slug=study.slug)
    with pytest.raises(RunError, match="length in words is a scorer of other scores"):
        score_simply(study=study, names=["characters", "words"])
    assert stored(study)[0][2] == 7 and len(stored(study)) == 1
    path.write_text('{"item_id": "i0", "scorer": "length in characters", "score": 7}\n')
    score_simply(study=study, names=["characters"])
    with pytest.raises(FileError, match="'length in characters' is one asked here"):
        import_scores(path=path, slug=study.slug, replace=True)


def test_reads_do_not_grow_with_responses() -> None:
    numbers = []
    score_simply(study=study_of(TEXTS))
    for size in (10, 400):
        study = make_study(f"of-{size}")
        make_items(study, size)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            score_simply(study=study, names=["words", "similarity"])
        numbers.append(sum(query["sql"].startswith("SELECT") for query in queries))
    assert numbers[0] == numbers[1]
