"""Runs that sample: exactly so many responses, each with its model, its condition and how it came."""

import json
from collections import Counter
from math import log

import pytest

from generation import sampling
from generation.decoding import PRESETS, Decoding
from generation.exporters import response_lines
from generation.models import Condition, LanguageModel, Query, Response, Run
from generation.recipes.sampling import SampleRecipe
from generation.recipes.token_entropy import entropy
from generation.runs import ending
from generation.runs.asking import start_run, stop_run
from generation.runs.work import work
from generation.sampling import usual_name
from generation.strategies import PERSONAS, SHIPPED, strategy_named
from tests.generation.sampled import QUERIES, collection, make_run, says_its_seed
from tests.model_server import Answer, Asked, chat, serving


def numbers() -> Counter[str]:
    return Counter(Response.objects.values_list("query__text", flat=True))


@pytest.mark.django_db
def test_every_response_keeps_its_model_condition_number_and_how_it_came() -> None:
    with serving(says_its_seed) as server:
        run = work(run=start_run(run=make_run(server.url, named="mine", strategy=SHIPPED["persona"])))
    assert (run.state, run.error) == (Run.State.FINISHED, "")
    assert numbers() == dict.fromkeys(QUERIES, 4)
    assert LanguageModel.objects.get().name == "mine"
    condition = Condition.objects.get()
    assert (condition.name, condition.strategy, condition.version) == (
        "persona · top-p .9 · T 1",
        "persona",
        "1",
    )
    assert condition.decoding == PRESETS["top-p"].as_dict()
    assert condition.template["personas"] == list(PERSONAS)
    for query in Query.objects.all():
        rows = query.responses.order_by("sample")
        assert [row.sample for row in rows] == [1, 2, 3, 4]
        assert len({row.metadata["sampling"]["persona"] for row in rows}) == 4
        for row in rows:
            how = row.metadata["sampling"]
            assert row.text == f"{query.text} {how['seed']}"
            assert (row.condition, how["run"], how["server"]) == (condition, run.pk, "server")
            assert (how["finish_reason"], how["tokens_in"], how["tokens_out"]) == ("stop", 10, 5)
            assert how["sampled_at"]
    assert len(set(Response.objects.values_list("external_id", flat=True))) == 12


@pytest.mark.django_db
def test_collecting_twice_stores_once_and_a_run_that_was_stopped_goes_on_to_exactly_as_many() -> None:
    with serving(says_its_seed) as server:
        run = make_run(server.url)
        run = work(run=start_run(run=run), until=lambda: len(server.asked) > 4)
        run = stop_run(run=run)
        stored = Response.objects.count()
        assert run.state == Run.State.STOPPED and 4 < stored < 12
        first = set(Response.objects.values_list("pk", "text"))
        run = work(run=start_run(run=run))
        run.job.collect(run, after=-1)
    assert run.state == Run.State.FINISHED and numbers() == dict.fromkeys(QUERIES, 4)
    assert first <= set(Response.objects.values_list("pk", "text"))


@pytest.mark.django_db
def test_replies_become_responses_a_page_at_a_time_and_a_kill_between_loses_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sampling, "CALLS_AT_ONCE", 5)
    pages: list[int] = []

    def kill() -> None:
        if stored := Response.objects.count():
            pages.append(stored)
            raise KeyboardInterrupt

    monkeypatch.setattr(ending, "_let_others_write", kill)
    with serving(says_its_seed) as server:
        run = start_run(run=make_run(server.url))
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                work(run=run)
    assert pages == [5, 10]
    monkeypatch.undo()
    ending.settle(run)
    run.refresh_from_db()
    assert (run.state, numbers()) == (Run.State.FINISHED, dict.fromkeys(QUERIES, 4))


@pytest.mark.django_db
def test_several_answers_of_one_reply_are_responses_of_their_own() -> None:
    def answers(asked: Asked) -> Answer:
        return chat(json.dumps([f"{asked.body['seed']} {number}" for number in range(5)]))

    with serving(answers) as server:
        work(run=start_run(run=make_run(server.url, samples=10, strategy=SHIPPED["several"])))
        assert len(server.asked) == 6
    assert numbers() == dict.fromkeys(QUERIES, 10)
    rows = Response.objects.filter(query__text=QUERIES[0]).order_by("sample")
    assert [row.sample for row in rows] == list(range(1, 11)) and len({row.text for row in rows}) == 10
    assert {row.metadata["sampling"]["answers"] for row in rows} == {5}


@pytest.mark.django_db
def test_responses_keep_the_token_entropy_of_their_reply_and_a_remark_counts_those_without() -> None:
    def half(asked: Asked) -> Answer:
        shown = (
            [{"The": log(0.9), "A": log(0.08)}]
            if asked.body["messages"][-1]["content"] == QUERIES[0]
            else None
        )
        return chat("The", logprobs=shown)

    about = collection()
    with serving(half) as server:
        run = work(run=start_run(run=make_run(server.url, about=about, token_entropy=True)))
    exported = [json.loads(line) for part in response_lines(about) for line in part.splitlines()]
    kept = {row["query"]: row["sampling"].get("token_entropy") for row in exported}
    assert kept == {
        QUERIES[0]: {"mean": pytest.approx(entropy([0.9, 0.08, 0.02])), "tokens": 1, "bound": "lower"},
        QUERIES[1]: None,
        QUERIES[2]: None,
    }
    [remark] = run.job.remarks(run)
    assert remark.startswith("8 of 12 replies came without token probabilities")


@pytest.mark.django_db
def test_what_is_empty_refused_or_cut_off_is_counted_and_nothing_is_made_up_for_it() -> None:
    said = {
        QUERIES[0]: chat(""),
        QUERIES[1]: chat("", refusal="No."),
        QUERIES[2]: chat("The sea and", finish="length"),
    }
    with serving(lambda asked: said[asked.body["messages"][-1]["content"]]) as server:
        run = work(run=start_run(run=make_run(server.url)))
    assert run.state == Run.State.FINISHED and numbers() == {QUERIES[2]: 4}
    outcomes = Counter(run.calls.values_list("outcome", flat=True))
    assert outcomes == {"unparsable": 4, "refused": 4, "answered": 4}
    assert run.job.remarks(run) == ["4 of 4 replies were cut off at 2,048 tokens."]


@pytest.mark.django_db
def test_the_same_words_under_two_conditions_are_responses_of_two_sources() -> None:
    ways = {
        "a": {},
        "b": {"decoding": PRESETS["min-p"]},
        "c": {"strategy": strategy_named("plain ", template="{query}")},
        "d": {"decoding": Decoding(temperature=1.0, top_p=0.9, max_tokens=2047)},
        "e": {"seed": 2},
    }
    with serving(lambda asked: chat("The sea.")) as server:
        for name, fields in ways.items():
            work(run=start_run(run=make_run(server.url, name, samples=1, **fields)))
    assert numbers() == dict.fromkeys(QUERIES, 5)
    # The seed is chance, not a condition.
    by_condition = Counter(Response.objects.values_list("condition__name", flat=True))
    assert by_condition == {
        "plain · top-p .9 · T 1": 6,
        "plain · min-p .1 · T 2": 3,
        "plain  · top-p .9 · T 1": 3,
        "plain · top-p .9 · T 1 · 2,047 tokens": 3,
    }


def test_a_run_that_nobody_names_is_called_after_what_it_asks() -> None:
    recipe = SampleRecipe(model="m", strategy=SHIPPED["several"], decoding=PRESETS["min-p"])
    assert usual_name(recipe, "starter") == "m · starter · several 5 · min-p .1 · T 2"


@pytest.mark.django_db
def test_a_collection_that_grew_is_asked_about_what_is_new_alone() -> None:
    with serving(says_its_seed) as server:
        run = work(run=start_run(run=make_run(server.url, about=collection(QUERIES[:2]))))
        about = run.collection
        assert about is not None and numbers() == dict.fromkeys(QUERIES[:2], 4)
        about.queries.add(Query.objects.create(text=QUERIES[2], digest=Query.digest_of(QUERIES[2])))
        work(run=start_run(run=run))
        assert len(server.asked) == 12
    assert numbers() == dict.fromkeys(QUERIES, 4)
