"""Replies become scores, each as what it is, and what makes none is counted."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.models import Membership, Study
from annotation.studies import delete_study
from calibration.audit import create_audit
from calibration.importers import import_scores
from calibration.models import Audit, Call, Run, Score, Scorer
from calibration.runs.scores import collect
from calibration.runs.simple import score_simply
from calibration.scorers.perplexities.perplexity import PerplexityRecipe
from calibration.scorers.rewards.reward import RewardRecipe
from calibration.scorers.simple import SIMPLE
from generation.files import FileError
from generation.runs.asking import delete_run
from generation.runs.errors import RunError
from tests.calibration.runs.answered import REWARD, Back, come_back, draft, judge, number, said, stated
from tests.calibration.scored import finished
from tests.factory import make_items, make_labels, make_study

pytestmark = pytest.mark.django_db


def study_of(items: int = 6, slug: str = "answers", **fields: Any) -> Study:
    study = make_study(slug, **fields)
    make_items(study, items)
    return study


def stored(study: Study, name: str = "live") -> list[tuple[Any, ...]]:
    rows = Score.objects.filter(study=study, scorer__name=name).order_by("item", "response")
    return [*rows.values_list("value", "distribution", "votes")]


def here(study: Study, name: str = "live") -> dict[str, Any]:
    found: dict[str, Any] = Scorer.objects.get(name=name).metadata["studies"][str(study.pk)]
    return found


def test_numbers_shares_and_votes_on_the_studys_scale_are_each_stored_as_what_they_are() -> None:
    study = study_of(2)
    shares = [0.1, 0.2, 0.3, 0.4, 0.0]
    states, votes = judge(method="stated"), judge(method="votes", votes=3)
    collect(run=come_back(draft(study, scorer="reward"), lambda n, _: number(n + 0.5)))
    collect(run=come_back(draft(study, states, scorer="states"), lambda n, _: stated(*shares)))
    collect(run=come_back(draft(study, votes, scorer="votes"), lambda n, part: said(int(part[-1]) + n)))
    assert stored(study, "reward") == [(0.5, None, None), (1.5, None, None)]
    assert stored(study, "states") == [(None, shares, None)] * 2
    assert stored(study, "votes") == [(None, None, [1, 2, 3]), (None, None, [2, 3, 4])]
    families = Scorer.objects.order_by("name").values_list("family", flat=True)
    assert [*families] == ["reward_model", "lm_judge", "lm_judge"]


def test_shares_and_votes_on_another_scale_or_of_what_nobody_labelled_count_as_their_mean() -> None:
    shares = [0.1, 0.2, 0.3, 0.4, 0.0]
    wide, pairs = study_of(2, "wide", scale_high=7), study_of(1, "pairs", kind="comparison")
    same = study_of(1, "same-bounds", kind="comparison", scale_low=-5, scale_high=5)
    states, votes = judge(method="stated"), judge(method="votes", votes=2)
    for study in (wide, pairs, same):
        collect(run=come_back(draft(study, states, scorer="states"), lambda *_: stated(*shares)))
        collect(run=come_back(draft(study, votes, scorer="votes"), lambda _, part: said(int(part[-1]))))
        assert stored(study, "states") == [(pytest.approx(3.0), None, None)] * 2
        assert stored(study, "votes") == [(1.5, None, None)] * 2
        kept = [
            *Score.objects.filter(study=study).values_list("metadata", flat=True).order_by("scorer__name")
        ]
        assert kept[0]["distribution"] == shares and kept[0]["scale"] == [1, 5]
        assert kept[-1]["votes"] == [1, 2] and kept[-1]["votes_missing"] == 0
    assert Score.objects.exclude(study=wide).filter(item__isnull=False).count() == 0


def test_a_judge_of_pairs_scores_the_item_and_its_position_bias_stands_with_its_scorer() -> None:
    study = study_of(4, kind="comparison")
    run = draft(study, judge("pairwise overall"))
    # The first shown is one step better, whichever it is, and response_1 is another step better.
    collect(run=come_back(run, lambda n, part: said(2 if part == "first first" else 0)))
    assert [row[0] for row in stored(study)] == [1.0] * 4
    assert Score.objects.filter(item__study=study, response__isnull=True).count() == 4
    bias = here(study)["position_bias"]
    assert (bias["mean"]["value"], bias["mean"]["n"], bias["flips"]["value"]) == (1.0, 4, 1.0)


def test_each_head_is_a_scorer_of_its_own() -> None:
    study = study_of(3)
    recipe = PerplexityRecipe(model="small", dialect="vllm", definition="both")

    def back(n: int, part: str) -> Back:
        return "failed" if n == 2 and part == "chat" else {part: {"perplexity": 10 + n, "tokens": 4}}

    collect(run=come_back(draft(study, recipe, scorer="small"), back))
    heads = ["small · response given query", "small · whole chat"]
    assert [*Scorer.objects.order_by("name").values_list("name", "family")] == [
        (head, "perplexity") for head in heads
    ]
    assert [row[0] for row in stored(study, heads[0])] == [10, 11, 12]
    assert [row[0] for row in stored(study, heads[1])] == [10, 11]
    assert here(study, heads[1])["unscored"] == {"no score of this head": 1}


def test_what_has_no_score_is_counted_by_its_reason_beside_calls_tokens_and_money() -> None:
    study = study_of(7)
    run = draft(study, price_in=3)
    backs: list[Back] = [number(1), "refused", "unparsable", "failed", None, number("inf"), {"scores": {}}]
    collect(run=come_back(run, lambda n, _: backs[n]))
    reasons = {
        "refused": 1,
        "unparsable": 1,
        "failed": 1,
        "not asked yet": 1,
        "its score is no finite number": 1,
        "The reply has not the scores that the recipe names.": 1,
    }
    kept = here(study)
    assert kept["unscored"] == reasons and kept["scored"] == 1
    counts = ("answered", "refused", "unparsable", "failed", "waiting", "attempts", "tokens_in", "tokens_out")
    assert [kept[name] for name in counts] == [3, 1, 1, 1, 1, 6, 60, 30]
    assert (float(kept["money"]), kept["currency"], kept["run"]) == (60 * 3 / 1e6, "USD", run.pk)
    metadata = Scorer.objects.get(name="live").metadata
    assert metadata["recipe"] == run.recipe and len(metadata["digest"]) == 64


def test_a_target_is_scored_when_all_its_calls_have_ended_and_by_those_that_were_answered() -> None:
    study = study_of(3)
    run = draft(study, judge(method="votes", votes=2))
    backs: dict[tuple[int, str], Back] = {(0, "vote 2"): "unparsable", (1, "vote 2"): None}
    come_back(run, lambda n, part: backs.get((n, part), said(4)))
    collect(run=run)
    assert stored(study) == [(None, None, [4]), (None, None, [4, 4])]
    assert here(study)["unscored"] == {"not asked yet": 1}


def test_a_scorer_of_which_nothing_was_answered_says_so() -> None:
    study = study_of(2)
    collect(run=come_back(draft(study), lambda *_: "refused"))
    assert stored(study) == [] and here(study)["unscored"] == {"refused": 2}


def test_collecting_again_replaces_the_scores_of_this_run_and_study_alone() -> None:
    study, other = study_of(3), study_of(2, "other")
    elsewhere = come_back(draft(other), lambda *_: number(9))
    collect(run=elsewhere)
    collect(run=come_back(draft(study, scorer="live too"), lambda *_: number(7)))
    Score.objects.create(
        study=study, scorer=Scorer.objects.create(name="file"), item=study.items.first(), value=1
    )
    run = come_back(draft(study), lambda n, _: number(n) if n else None)
    collect(run=run)
    assert [row[0] for row in stored(study)] == [1, 2]
    come_back(run, lambda n, _: number(n + 1))
    for _ in range(2):
        collect(run=run)
        assert [row[0] for row in stored(study)] == [1, 2, 3]
    assert [row[0] for row in stored(other)] == [9, 9]
    assert [row[0] for row in stored(study, "live too")] == [7] * 3 and len(stored(study, "file")) == 1
    assert here(study)["run"] == run.pk and here(other)["run"] == elsewhere.pk


def test_another_recipe_takes_the_place_of_one_that_scored_nothing_but_this_study() -> None:
    study = study_of(2)
    heads = RewardRecipe(model="reward", dialect="json", heads=("good", "safe"), main="good")
    first = come_back(draft(study, heads), lambda n, _: {"scores": {"good": n, "safe": -n}})
    collect(run=first)
    assert Scorer.objects.count() == 2 and len(stored(study, "live · safe")) == 2
    delete_run(run=first)
    collect(run=come_back(draft(study), lambda *_: number(5)))
    assert [row[0] for row in stored(study)] == [5, 5] and stored(study, "live · safe") == []
    assert str(study.pk) not in Scorer.objects.get(name="live · safe").metadata["studies"]
    assert Scorer.objects.get(name="live").metadata["recipe"] == REWARD.as_dict()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("taken", "taken is another recipe’s in another study: choose another name."),
        ("file", "file is a scorer that was not asked live: choose another name."),
        ("filed", "filed · head is a scorer that was not asked live: choose another name."),
        ("length in words", "length in words is a scorer that was not asked live: choose another name."),
        ("a · b", "A name has no “ · ”: that stands before the names of heads."),
        ("l" * 131, "A scorer’s name has at most 130 characters."),
    ],
)
def test_a_name_is_refused_that_is_anothers(name: str, line: str) -> None:
    study, other = study_of(1), study_of(1, "other")
    first = come_back(draft(other, scorer="taken"), lambda *_: number(1))
    collect(run=first)
    delete_run(run=first)
    Scorer.objects.create(name="file")
    Scorer.objects.create(name="filed · head")
    score_simply(study=other, names=["words"])
    with pytest.raises(RunError) as refused:
        draft(study, RewardRecipe(model="another", dialect="json"), scorer=name)
    assert str(refused.value) == line
    draft(study, REWARD, scorer="taken")
    assert Run.objects.get().scorer == "taken"


def test_scores_of_a_file_are_never_overwritten_and_a_file_never_writes_into_a_run(tmp_path: Path) -> None:
    study = study_of(2)
    run = come_back(draft(study), lambda *_: number(1))
    path = tmp_path / "scores.jsonl"
    path.write_text('{"item_id": "i0", "scorer": "live", "score": 7}\n')
    import_scores(path=path, slug=study.slug)
    with pytest.raises(RunError, match="live is a scorer that was not asked live"):
        collect(run=run)
    assert stored(study) == [(7.0, None, None)]
    Scorer.objects.all().delete()
    collect(run=run)
    with pytest.raises(FileError, match="'live' is one asked here: give the file's another name"):
        import_scores(path=path, slug=study.slug, replace=True)
    assert [row[0] for row in stored(study)] == [1, 1]


def test_reads_do_not_grow_with_calls() -> None:
    numbers = []
    collect(run=come_back(draft(study_of(1, "first")), lambda *_: number(1)))
    for size in (3, 60):
        run = come_back(draft(study_of(size, f"of-{size}")), lambda n, _: number(n))
        with CaptureQueriesContext(connection) as queries:
            collect(run=run)
        numbers.append(sum(query["sql"].startswith("SELECT") for query in queries))
    assert numbers[0] == numbers[1]


def test_an_audit_takes_votes_stated_shares_and_simple_scorers_each_as_what_they_are() -> None:
    study = study_of(40)
    for n, item in enumerate(study.items.all()):
        make_labels(item, [n % 5 + 1, n % 5 + 1, min(5, n % 5 + 2), max(1, n % 5)])
    score_simply(study=study, names=["words", "characters", "similarity"])
    votes, states = judge(method="votes", votes=4), judge(method="stated")

    def vote(n: int, part: str) -> Back:
        return said((n + int(part[-1])) % 5 + 1)

    def shares(n: int, part: str) -> Back:
        return "refused" if n == 3 else stated(*(0.6 if n % 5 == value else 0.1 for value in range(5)))

    collect(run=come_back(draft(study, votes, scorer="voter"), vote))
    collect(run=come_back(draft(study, states, scorer="states"), shares))
    audit = finished(create_audit(study=study, replicates=20))
    assert audit.result is not None
    found = {scorer["name"]: scorer for scorer in audit.result["scorers"]}
    sources = {name: scorer["distribution"]["source"] for name, scorer in found.items()}
    assert (sources["voter"], sources["states"]) == ("votes", "stated")
    assert sources["length in characters"] == "ordered_logit"
    assert (found["states"]["n"], found["voter"]["n"]) == (39, 40)
    assert found["states"]["spearman"]["value"] > 0.9
    first = Audit.objects.get().data_hash
    collect(run=come_back(Run.objects.get(scorer="states"), lambda n, part: stated(0.2, 0.2, 0.2, 0.2, 0.2)))
    assert finished(create_audit(study=study, replicates=20)).data_hash != first


def test_how_a_scorer_was_asked_is_told_to_those_alone_who_may_see_a_study_of_it(client: Client) -> None:
    study, other = study_of(2), study_of(3, "private")
    member, stranger = (User.objects.create_user(name) for name in ("member", "stranger"))
    Membership.objects.create(study=study, user=member, role="viewer")
    for one in (study, other):
        collect(run=come_back(draft(one, judge()), lambda *_: said(3)))
        score_simply(study=one, names=["words"])
    client.force_login(member)
    live, words = (row["metadata"] for row in client.get("/api/v1/scorers/").json()["results"][::-1])
    assert live["recipe"]["rubric"]["name"] == "overall"
    assert {slug: told["scored"] for slug, told in live["studies"].items()} == {"answers": 2}
    assert words["studies"] == {"answers": {"version": 1, "scored": 2, "unscored": {}}}
    client.force_login(stranger)
    told = [row["metadata"] for row in client.get("/api/v1/scorers/").json()["results"]]
    assert told == [
        {"definition": SIMPLE["words"].definition, "version": 1, "studies": {}},
        {"studies": {}},
    ]


def test_the_admin_shows_runs_and_calls_and_changes_none(console: Client) -> None:
    run = come_back(draft(study_of(2)), lambda *_: number(1))
    for model, key in (("run", run.pk), ("call", run.calls.get(number=0).pk)):
        assert console.get(f"/admin/calibration/{model}/").status_code == 200
        page = console.get(f"/admin/calibration/{model}/{key}/change/")
        assert page.status_code == 200 and b'name="_save"' not in page.content
        assert console.post(f"/admin/calibration/{model}/{key}/delete/", {"post": "yes"}).status_code == 403


def test_deleting_a_study_takes_its_runs_calls_and_scores_and_leaves_other_studies_theirs() -> None:
    study, other = study_of(30), study_of(2, "other")
    for one in (study, other):
        collect(run=come_back(draft(one), lambda *_: number(1)))
        score_simply(study=one, names=["words"])
    with CaptureQueriesContext(connection) as queries:
        delete_study(study=study)
    assert len(queries) < 60
    assert {*Run.objects.values_list("study__slug", flat=True)} == {"other"}
    assert Call.objects.count() == 2 and Score.objects.count() == 4
