import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from annotation.models import Item, Study
from annotation.studies import StudyError
from calibration.importers import import_scores
from calibration.models import Score, Scorer
from generation.files import FileError
from generation.models import Response
from tests.factory import make_items, make_response, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    study = make_study("s")
    make_items(study, 3)
    return study


@pytest.fixture
def pairs() -> Study:
    study = make_study("pairs", kind="comparison")
    make_items(study, 2)
    return study


def write(tmp_path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path = tmp_path / "scores.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def row(item: str = "i0", **columns: Any) -> dict[str, Any]:
    return {"item_id": item, "scorer": "rm", "family": "reward_model", "score": 1.5} | columns


def test_a_score_belongs_to_an_item_a_response_id_or_texts(tmp_path: Path, study: Study) -> None:
    Response.objects.filter(text="answer 1").update(external_id="r1")
    rows = [
        row("i0"),
        row("", response_id="r1", score="2.5"),
        row("", query="Query 2 of s", response="answer 2", score=-3),
    ]
    report = import_scores(path=write(tmp_path, rows), slug="s")
    assert report.sentence() == "Imported 3 scores and 1 scorer into s."
    found = Score.objects.order_by("pk").values_list("item__external_id", "response__text", "value")
    assert list(found) == [("i0", None, 1.5), (None, "answer 1", 2.5), (None, "answer 2", -3.0)]
    assert Scorer.objects.get().family == "reward_model"


def test_scores_of_comparisons_belong_to_a_response_or_to_the_pair(tmp_path: Path, pairs: Study) -> None:
    query = {"item_id": "", "user_query": "Query 0 of pairs"}
    rows = [
        row(**query, response="answer 0"),
        row(**query, response="other answer 0", score=2),
        row(
            **query,
            response_1="answer 0",
            response_2="other answer 0",
            scorer="judge",
            family="lm_judge",
            score=-1,
        ),
        row("i1", scorer="judge", family="lm_judge", score=1),
    ]
    import_scores(path=write(tmp_path, rows), slug="pairs")
    found = Score.objects.order_by("pk").values_list(
        "scorer__name", "item__external_id", "response__text", "value"
    )
    assert list(found) == [
        ("rm", None, "answer 0", 1.5), ("rm", None, "other answer 0", 2.0),
        ("judge", "i0", None, -1.0), ("judge", "i1", None, 1.0),
    ]  # fmt: skip


def test_a_perplexity_of_a_comparison_has_no_side_and_is_refused(tmp_path: Path, pairs: Study) -> None:
    texts = {"query": "Query 0 of pairs", "response_1": "answer 0", "response_2": "other answer 0"}
    for named in ({}, {"item_id": None} | texts):
        path = write(tmp_path, [row("i0") | named | {"scorer": "ppl", "family": "perplexity"}])
        with pytest.raises(FileError, match="line 1: a perplexity of a comparison has no side: give one for"):
            import_scores(path=path, slug="pairs")
    assert not Score.objects.exists()


def test_distributions_and_votes_are_stored_as_given_also_from_tables(tmp_path: Path, study: Study) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(
        "item_id,scorer,distribution,votes\n"
        'i0,a,"[0, 0.5, 0.5, 0, 0]",\n'
        'i1,a,,"[5, 5, 1]"\n'
    )  # fmt: skip
    import_scores(path=path, slug="s", family="lm_judge")
    assert list(Score.objects.order_by("pk").values_list("value", "distribution", "votes")) == [
        (None, [0, 0.5, 0.5, 0, 0], None), (None, None, [5, 5, 1])
    ]  # fmt: skip
    table = tmp_path / "scores.parquet"
    parquet.write_table(pa.table({"item_id": ["i2"], "score": [0.25]}), table)
    import_scores(path=table, slug="s", scorer="b", family="perplexity")
    assert Score.objects.get(scorer__name="b").value == 0.25
    assert set(Scorer.objects.values_list("name", "family")) == {("a", "lm_judge"), ("b", "perplexity")}


def test_the_options_stand_for_rows_that_name_no_scorer(tmp_path: Path, study: Study) -> None:
    rows = [row("i0"), {"item_id": "i0", "score": 1}]
    import_scores(path=write(tmp_path, rows), slug="s", scorer="own", family="other")
    assert set(Scorer.objects.values_list("name", "family")) == {("rm", "reward_model"), ("own", "other")}


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"score": None}, "no score: a row gives one of score, distribution, votes"),
        ({"score": "high"}, "score 'high' is not a number"),
        ({"score": "nan"}, "score 'nan' is not a finite number"),
        ({"score": True}, "score True is not a number"),
        ({"score": float("inf")}, "Infinity is not JSON"),
        ({"score": 10**400}, "is not a number"),
        ({"votes": [1]}, "score and votes: a row gives one of"),
        ({"score": None, "votes": []}, "votes is an empty list"),
        ({"score": None, "votes": [1, 6]}, "vote 6 is outside the scale 1..5"),
        (
            {"score": None, "distribution": [0.5, 0.5]},
            "distribution has 2 shares, but the scale has 5 values",
        ),
        ({"score": None, "distribution": [0.5, 0.4, 0, 0, 0]}, "distribution sums to 0.9, not to 1"),
        ({"score": None, "distribution": [1.5, -0.5, 0, 0, 0]}, "distribution has a share below 0: -0.5"),
        ({"score": None, "distribution": [0.5, "x", 0, 0, 0]}, "share 'x' is not a number"),
        ({"item_id": "i9"}, "item 'i9' is not in the study"),
        ({"item_id": None, "response_id": "r9"}, "response 'r9' is not in the study"),
        ({"item_id": None, "response_id": "twice"}, "response_id 'twice' names 2 different responses"),
        (
            {"item_id": None, "query": "q", "response": "r"},
            "the study has no item of this query and response",
        ),
        ({"item_id": None, "query": "q"}, "no item_id, no response_id, and not both query and response"),
        ({"scorer": None}, "no scorer; name it in the row, or one for the whole file"),
        (
            {"family": "oracle"},
            "the family is reward_model, lm_judge, perplexity, persona_panel, other, not 'oracle'",
        ),
        ({"family": "other"}, "scorer 'rm' is of the family reward_model, not other"),
        ({"item_id": "i0"}, "the same scorer scored this in line 1"),
        ({"scorer": "ppl", "family": "perplexity", "score": 0}, "score 0.0 is no perplexity"),
    ],
)
def test_bad_scores_are_refused_by_line_and_nothing_is_written(
    tmp_path: Path, study: Study, bad: dict[str, Any], says: str
) -> None:
    Response.objects.exclude(text="answer 0").update(external_id="twice")
    with pytest.raises(FileError) as caught:
        import_scores(path=write(tmp_path, [row("i0"), row("i1") | bad]), slug="s")
    assert str(caught.value).startswith("scores.jsonl, line 2: ")
    assert says in str(caught.value)
    assert not Score.objects.exists()
    assert not Scorer.objects.exists()


def test_a_scorer_scores_once_unless_its_scores_are_replaced(tmp_path: Path, study: Study) -> None:
    import_scores(path=write(tmp_path, [row("i0"), row("i1")]), slug="s")
    more = write(tmp_path, [row("i2", score=7), row("i1", score=8)])
    with pytest.raises(FileError, match="line 2: 'rm' has a score of item 'i1' already; choose replace"):
        import_scores(path=more, slug="s")
    import_scores(path=more, slug="s", replace=True)
    assert set(Score.objects.values_list("item__external_id", "value")) == {("i2", 7.0), ("i1", 8.0)}
    with pytest.raises(FileError, match="scorer 'rm' is of the family reward_model, not perplexity"):
        import_scores(path=write(tmp_path, [row("i0", family="perplexity")]), slug="s", replace=True)


def test_scores_of_another_study_are_left_alone(tmp_path: Path, study: Study, pairs: Study) -> None:
    path = write(tmp_path, [row("i0")])
    import_scores(path=path, slug="s")
    import_scores(path=path, slug="pairs")
    import_scores(path=path, slug="s", replace=True)
    assert Score.objects.count() == 2
    with pytest.raises(StudyError, match="There is no study other"):
        import_scores(path=path, slug="other")


def test_a_text_that_two_models_gave_gets_the_score_for_both(tmp_path: Path) -> None:
    study = make_study("s")
    for position, model in enumerate(("a", "b")):
        response = make_response("q", "same text", model)
        Item.objects.create(
            study=study, external_id=model, position=position, query=response.query, response=response
        )
    path = write(tmp_path, [{"query": "q", "response": "same text", "score": 1}])
    assert import_scores(path=path, slug="s", scorer="rm").created == {"scores": 2, "scorers": 1}


def test_bad_rows_are_skipped_when_asked(tmp_path: Path, study: Study) -> None:
    rows = [row("i0"), row("i9"), row("i0"), row("i1", scorer="b", score="x"), row("i1")]
    report = import_scores(path=write(tmp_path, rows), slug="s", skip_bad_rows=True)
    assert (report.rows, report.created) == (2, {"scores": 2, "scorers": 1})
    assert [line.split(":")[0] for line in report.skipped] == ["line 2", "line 3", "line 4"]
    assert list(Scorer.objects.values_list("name", flat=True)) == ["rm"]
