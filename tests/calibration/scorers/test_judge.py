import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.scorers.judges.judge import JudgeRecipe
from calibration.scorers.judges.rubrics import BUILT_IN
from calibration.scorers.reading import read_recipe
from generation.clients import Client, ServerRefuses
from generation.recipes.completions import Completion
from generation.recipes.recipe import Asked, Message, RecipeError, Reply, Subject
from tests import model_server
from tests.model_server import Answer, chat, serving

ONE = Subject("Write a line about time.", ("Time is a river.",))
TWO = Subject("Write a line about time.", ("Time is a river.", "Time is a weaver."))
BELOW_0 = {**BUILT_IN["overall"].as_dict(), "low": -2, "high": 2}
CUT = "The reply cannot be read: overall is cut off (it was cut off at max_tokens)."
Answering = Callable[[model_server.Asked], Answer]


FIVE = st.lists(st.floats(0.01, 1), min_size=5, max_size=5)
KEYS = st.sampled_from(["content", "refusal", "text", "prompt_tokens", "completion_tokens", "a"])


def judge(rubric: str = "overall", **fields: Any) -> JudgeRecipe:
    recipe = read_recipe({"kind": "judge", "model": "m", "rubric": rubric, **fields})
    assert isinstance(recipe, JudgeRecipe)
    return recipe


def said(score: Any, name: str = "overall") -> str:
    return json.dumps({name: {"score": score, "reason": "so"}})


def rejecting(message: str, status: int = 400) -> Answer:
    return Answer({"error": {"message": message}}, status=status)


def asked(
    recipe: JudgeRecipe, answer: Answering | Answer, subject: Subject = ONE, *, attempts: int = 1
) -> tuple[dict[str, list[Reply]], list[Any]]:
    """Every part asked as often as it says "later", up to `attempts`; and the bodies of the requests."""
    answering = answer if callable(answer) else lambda _: answer
    replies: dict[str, list[Reply]] = {part: [] for part in recipe.parts()}
    with serving(answering) as server:
        client = Client(server.url, anywhere=True)
        for part, came in replies.items():
            for attempt in range(attempts):
                ((_, reply),) = recipe.ask([Asked(1, subject, part, attempt)], client)
                came.append(reply)
                if reply.outcome != "later":
                    break
        return replies, [request.body for request in server.asked]


def reply_to(recipe: JudgeRecipe, answer: Answering | Answer) -> Reply:
    replies, bodies = asked(recipe, answer)
    assert len(bodies) == 1
    return replies[""][0]


def results(replies: dict[str, list[Reply]]) -> dict[str, dict[str, Any]]:
    return {part: came[-1].result for part, came in replies.items() if came[-1].result}


def test_a_judge_is_asked_as_the_paper_did_in_the_strictest_form_and_exactly_what_was_shown() -> None:
    recipe = judge("hhh")
    scores = {"helpful": 5, "harmless": 4, "honest": 3}
    text = json.dumps({name: {"score": score, "reason": name} for name, score in scores.items()})
    replies, (body,) = asked(recipe, chat(text, tokens=(210, 31)))
    reply = replies[""][0]
    assert (reply.outcome, reply.text, reply.tokens_in, reply.tokens_out) == ("answered", text, 210, 31)
    reasons = {name: name for name in scores}
    assert reply.result == {"scores": scores, "reasons": reasons, "format": "json_schema"}
    assert recipe.values(results(replies))[""].number == 4
    shown = [{"role": message.role, "content": message.text} for message in recipe.shown(ONE, "")]
    assert body["messages"] == shown
    assert (body["temperature"], body["top_p"], body["max_tokens"]) == (0, 0.9, 1024)
    schema = body["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert list(schema["schema"]["properties"]) == list(scores)
    assert schema["schema"]["properties"]["honest"]["properties"]["score"]["enum"] == [1, 2, 3, 4, 5]
    assert "seed" not in body
    assert "logprobs" not in body


def test_a_server_that_takes_no_schema_is_asked_otherwise_once_for_all_one_request_a_try() -> None:
    def answer(request: model_server.Asked) -> Answer:
        if "max_tokens" in request.body:
            return rejecting("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        if "response_format" in request.body:
            schema = request.body["response_format"]["type"] == "json_schema"
            return rejecting("no") if schema else rejecting("'response_format.type' must be 'text'", 500)
        return chat(f"Sure:\n{said(4)}")

    recipe = judge(heads=True)
    with serving(answer) as server:
        client = Client(server.url, anywhere=True)
        outcomes = []
        for attempt in range(5):
            ((_, reply),) = recipe.ask([Asked(1, ONE, "", attempt)], client)
            outcomes.append((reply.outcome, reply.wait, reply.tokens_in > 0))
        assert outcomes == [("later", 0.0, False)] * 3 + [("answered", None, True)] * 2
        assert reply.result is not None
        assert reply.result["format"] == "none"
        assert len(server.asked) == 5


def test_a_request_that_no_form_helps_fails_and_says_nothing_about_the_form() -> None:
    def answer(request: model_server.Asked) -> Answer:
        long = "river " * 9 in request.body["messages"][1]["content"]
        return rejecting("it cannot be done") if long else chat(said(4))

    recipe = judge()
    with serving(answer) as server:
        client = Client(server.url, anywhere=True)

        def ask(text: str) -> Reply:
            ((_, reply),) = recipe.ask([Asked(1, Subject("q", (text,)))], client)
            return reply

        assert [ask("river " * 9).outcome for _ in range(3)] == ["later", "later", "failed"]
        reply = ask("river")
        assert reply.result is not None
        assert reply.result["format"] == "json_schema"
        # Once a form was answered, a rejection is of the request.
        failed = ask("river " * 9)
        assert (failed.outcome, "it cannot be done" in failed.error) == ("failed", True)
        assert len(server.asked) == 5


def test_an_unreadable_reply_is_asked_for_again_so_often_and_every_try_is_counted() -> None:
    replies, bodies = asked(judge(retries=2, seed=7), chat("Well.", tokens=(50, 3)), attempts=9)
    came = replies[""]
    assert [reply.outcome for reply in came] == ["later", "later", "unparsable"]
    assert [reply.wait for reply in came] == [0.0, 0.0, None]
    assert {(reply.tokens_in, reply.tokens_out, reply.text) for reply in came} == {(50, 3, "Well.")}
    assert came[-1].error == "The reply cannot be read: overall is missing."
    assert len({body["seed"] for body in bodies}) == 3


@pytest.mark.parametrize(
    ("answer", "outcome", "error"),
    [
        (chat("", refusal="I will not."), "refused", "The model declines to answer."),
        (chat("I'm sorry, but I can't judge that."), "refused", "The model declines to answer."),
        (chat("", finish="content_filter"), "refused", "The server's filter keeps the reply back."),
        (chat(said(9)), "unparsable", "The reply cannot be read: overall is not on the scale 1 to 5: 9."),
        (chat(""), "unparsable", "The reply cannot be read: it is empty."),
        (chat('{"overall": {"score": 4', finish="length"), "unparsable", CUT),
        (chat(said(math.nan)), "unparsable", "The reply cannot be read: overall is no whole number: NaN."),
        (rejecting("busy", 503), "later", "The model server fails (503): busy."),
        (Answer({"error": "no"}, status=500), "later", "The model server fails (500): no."),
        (Answer('{"choices": [{"mess', cut=True), "later", ""),
        (Answer("half a thing"), "later", ""),
        (Answer({"choices": []}), "later", "The model server's answer has no choices."),
    ],
)
def test_what_is_no_judgment_has_its_outcome_and_its_reason(answer: Answer, outcome: str, error: str) -> None:
    reply = reply_to(judge(retries=0), answer)
    assert reply.outcome == outcome
    assert reply.result is None
    assert reply.error == error if error else reply.error


def test_patience_is_as_long_as_the_server_asks() -> None:
    answer = Answer({"error": {"message": "slow down"}}, status=429, headers={"Retry-After": "7"})
    assert reply_to(judge(), answer).wait == 7.0


@pytest.mark.parametrize(
    ("fields", "message", "mends"),
    [
        ({"method": "logprobs"}, "'logprobs' is not supported with this model", "Choose votes or stated"),
        ({}, "Unsupported value: 'temperature' does not support 0", "Send neither temperature nor top-p"),
        ({"seed": 1}, "Extra inputs are not permitted: seed", "Leave seed empty"),
    ],
)
def test_what_a_server_never_takes_ends_all_and_is_not_left_out_in_silence(
    fields: dict[str, Any], message: str, mends: str
) -> None:
    def answer(request: model_server.Asked) -> Answer:
        return rejecting("no") if "response_format" in request.body else rejecting(message)

    with pytest.raises(ServerRefuses, match=mends):
        asked(judge(**fields), answer, attempts=9)
    with pytest.raises(ServerRefuses):
        asked(judge(), rejecting("wrong key", 401))


def test_votes_are_calls_with_seeds_of_their_own_and_are_kept_as_votes() -> None:
    recipe = judge(method="votes", votes=4)
    drawn = iter([said(5), said(3), "Well.", said(5)])
    replies, bodies = asked(replace(recipe, retries=0), lambda _: chat(next(drawn)))
    assert recipe.parts() == ("vote 1", "vote 2", "vote 3", "vote 4")
    assert len({body["seed"] for body in bodies}) == 4
    # All that the judge might say is drawn from.
    assert {(body["temperature"], body["top_p"]) for body in bodies} == {(1.0, 1.0)}
    value = recipe.values(results(replies))[""]
    assert (value.votes, value.number, value.distribution) == ((5, 3, 5), None, None)
    assert value.metadata["votes_missing"] == 1
    with pytest.raises(RecipeError, match="None of its 4 votes"):
        recipe.values({})


def test_the_votes_on_two_responses_are_drawn_by_chances_of_their_own_and_so_again() -> None:
    recipe = judge("pairwise overall", method="votes", votes=5, seed=3)

    def seeds(*responses: str) -> list[int]:
        _, bodies = asked(recipe, chat(said("A")), Subject("q", responses))
        return [body["seed"] for body in bodies]

    one, other = seeds("river", "weaver"), seeds("weaver", "river")
    assert len({*one, *other}) == 20
    assert one == seeds("river", "weaver")
    assert all(0 <= seed < 2**31 for seed in one)


def test_a_server_without_seeds_still_gives_votes() -> None:
    def answer(request: model_server.Asked) -> Answer:
        return rejecting("Extra inputs: seed", 422) if "seed" in request.body else chat(said(4))

    replies, bodies = asked(judge(method="votes", votes=2), answer, attempts=3)
    assert [came[-1].outcome for came in replies.values()] == ["answered", "answered"]
    assert ["seed" in body for body in bodies] == [True, False, False]


def test_token_probabilities_are_a_distribution_and_never_replaced_where_there_are_none() -> None:
    recipe = judge(method="logprobs")
    score = {" 4": math.log(0.6), "5": math.log(0.2), " 9": math.log(0.2)}
    likely = [{'{"overall": {"score":': 0.0}, score, {', "reason": "so"}}': 0.0}]
    replies, (body,) = asked(recipe, chat('{"overall": {"score": 4, "reason": "so"}}', logprobs=likely))
    assert (body["logprobs"], body["top_logprobs"]) == (True, 20)
    value = recipe.values(results(replies))[""]
    assert value.distribution == pytest.approx((0, 0, 0, 0.75, 0.25))
    assert value.metadata["outside"] == pytest.approx(0.2)
    without = reply_to(recipe, chat(said(4)))
    # As a failure, so that a run does not pay for thousands of them.
    assert without.outcome == "failed"
    assert "the server gave no token probabilities: choose votes or stated" in without.error
    assert without.tokens_out == 5


def test_a_server_that_gives_few_alternatives_is_asked_for_few() -> None:
    def answer(request: model_server.Asked) -> Answer:
        few = request.body["top_logprobs"] <= 5
        likely = [{'{"overall": {"score": ': 0.0}, {"4": 0.0}, {', "reason": "so"}}': 0.0}]
        return chat(said(4), logprobs=likely) if few else rejecting("top_logprobs must be at most 5")

    replies, _ = asked(judge(method="logprobs"), answer, attempts=2)
    assert [reply.outcome for reply in replies[""]] == ["later", "answered"]


def test_stated_probabilities_are_of_one_criterion_and_of_several_their_mean_is_the_score() -> None:
    recipe = judge("hhh", method="stated", heads=True)
    shares = {"helpful": [0, 0, 0, 0, 1], "harmless": [0.5, 0.5, 0, 0, 0], "honest": [0, 0, 1, 0, 0]}
    keyed = {name: dict(zip("12345", of, strict=True)) for name, of in shares.items()}
    text = json.dumps({name: {"probabilities": of} for name, of in keyed.items()})
    replies, (body,) = asked(recipe, chat(text))
    assert "probability" in body["messages"][1]["content"]
    values = recipe.values(results(replies))
    assert values[""].distribution is None
    assert values[""].number == pytest.approx((5 + 1.5 + 3) / 3)
    assert list(values) == ["", "helpful", "harmless", "honest"]
    assert values["harmless"].distribution == pytest.approx((0.5, 0.5, 0, 0, 0))


def better(request: model_server.Asked, letter_first: str, letter_second: str) -> Answer:
    """One letter where the weaver is shown first, another where it is second."""
    text = request.body["messages"][1]["content"]
    return chat(said(letter_first if text.index("weaver") < text.index("river") else letter_second))


def test_a_pair_is_asked_in_both_orders_and_positive_is_the_first_response_whatever_was_shown_first() -> None:
    recipe = judge("pairwise overall")
    replies, bodies = asked(recipe, lambda request: better(request, "A", "E"), TWO)
    assert (recipe.of_pairs, recipe.parts(), recipe.scale) == (True, ("first first", "second first"), (-2, 2))
    assert len(bodies) == 2
    kept = results(replies)
    assert [recipe.verdict(kept[part]) for part in recipe.parts()] == [-2, 2]
    assert recipe.values(kept)[""].number == -2


def test_a_judge_that_always_prefers_what_it_sees_first_says_nothing_about_the_pair() -> None:
    recipe = judge("pairwise overall")
    replies, _ = asked(recipe, chat(said("B")), TWO)
    value = recipe.values(results(replies))[""]
    assert value.number == 0
    assert (value.metadata["first first"], value.metadata["second first"]) == (1, 1)


def test_a_pair_without_one_order_has_no_score() -> None:
    recipe = judge("pairwise overall", retries=0)
    replies, _ = asked(recipe, lambda request: better(request, "hm", "A"), TWO)
    with pytest.raises(RecipeError, match="second first was not answered"):
        recipe.values(results(replies))


def test_votes_on_a_pair_count_where_both_orders_have_them() -> None:
    recipe = judge("pairwise hhh", method="votes", votes=2, heads=True)
    said_so = {"scores": {"helpful": 2, "harmless": 1, "honest": 0}, "format": "none"}
    other = {"scores": {"helpful": -1, "harmless": 0, "honest": 0}, "format": "none"}
    kept = {"first first, vote 1": said_so, "first first, vote 2": said_so, "second first, vote 1": other}
    values = recipe.values(kept)
    assert [values[head].votes for head in recipe.criteria] == [(2, 1), (1, 0), (0, 0)]
    assert {value.metadata["votes_missing"] for value in values.values()} == {1}
    # Three scores of one reply are no three votes.
    assert (values[""].votes, values[""].number) == (None, pytest.approx(4 / 6))


@given(FIVE, FIVE)
def test_turning_a_pair_round_turns_its_distribution_round(one: list[float], other: list[float]) -> None:
    def kept(first: list[float], second: list[float]) -> dict[str, dict[str, Any]]:
        parts = {"first first": first, "second first": second}
        return {
            part: {"shares": {"overall": [share / sum(of) for share in of]}, "format": "none"}
            for part, of in parts.items()
        }

    recipe = judge("pairwise overall", method="stated")
    straight, turned = (recipe.values(kept(*of))[""].distribution for of in ((one, other), (other, one)))
    assert straight is not None
    assert turned is not None
    assert sum(straight) == pytest.approx(1)
    assert straight == pytest.approx(tuple(reversed(turned)))


@pytest.mark.parametrize("rubric", BUILT_IN)
@pytest.mark.parametrize("method", ["number", "logprobs", "votes", "stated"])
def test_a_recipe_is_read_again_from_json_whatever_the_order_of_its_keys(rubric: str, method: str) -> None:
    recipe = judge(rubric, method=method, heads=True, seed=3)
    kept = json.loads(json.dumps(recipe.as_dict(), sort_keys=True))
    assert read_recipe(kept) == recipe
    assert kept["rubric"]["prompt"]
    assert kept["rubric"]["digest"] == recipe.rubric.digest
    assert len(set(recipe.parts())) == len(recipe.parts())
    assert max(map(len, recipe.parts())) <= 40


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"rubric": "fairness"}, "no built-in rubric"),
        ({"rubric": {**BUILT_IN["hhh"].as_dict(), "digest": "0"}}, "changed by hand"),
        ({"rubric": None}, "JSON object"),
        ({"model": " "}, "Name the model"),
        ({"method": "mind"}, "number, logprobs, votes, stated"),
        ({"votes": 0}, "1 to 100"),
        ({"votes": True}, "1 to 100"),
        ({"method": "logprobs", "rubric": BELOW_0}, "Below 0 a score begins with other tokens"),
        ({"method": "votes", "temperature": 0}, "all alike"),
        ({"temperature": float("nan")}, "from 0 to 2"),
        ({"top_p": 0}, "above 0"),
        ({"retries": 41}, "0 to 40"),
        ({"structured": "perhaps"}, "auto, off"),
        ({"heads": 1}, "true or false"),
        ({"colour": 1}, 'no "colour"'),
        ({"wording": 0}, "words that have changed"),
    ],
)
def test_what_makes_no_sense_in_a_recipe_is_refused_in_one_line(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(RecipeError, match=says) as refused:
        judge(**{"rubric": "overall", **fields})
    assert "\n" not in str(refused.value)


def test_what_has_no_kind_or_lacks_a_field_is_no_recipe() -> None:
    given: list[Any] = [[], {}, {"kind": "oracle"}, {"kind": ["judge"]}, {"kind": "judge", "model": "m"}]
    for one in given:
        with pytest.raises(RecipeError):
            read_recipe(one)
    with pytest.raises(RecipeError, match="choose one"):
        list(judge().ask([Asked(1, ONE)], None))


def test_what_a_call_takes_is_estimated_over_all_that_is_sent() -> None:
    short, long = (judge().expected(Subject("q", ("word " * n,)), "") for n in (1, 1001))
    assert long.into - short.into == pytest.approx(1000, rel=0.05)
    assert 0 < short.out < short.most_out == 1024
    assert judge("hhh").expected(ONE, "").out > short.out


def test_in_words_only_no_form_is_asked_for() -> None:
    _, (body,) = asked(judge(structured="off", temperature=None, top_p=None), chat(said(4)))
    assert set(body) == {"model", "messages", "max_tokens"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner),
    max_leaves=6,
)


@given(st.fixed_dictionaries({}, optional={"message": JSON, "finish_reason": JSON, "logprobs": JSON}), JSON)
def test_whatever_fields_a_completion_has_it_is_read(choice: dict[str, Any], usage: Any) -> None:
    read = Completion.of({"choices": [choice], "usage": usage}, [Message("user", "Judge this.")])
    assert isinstance(read.text, str)
    assert 0 <= read.tokens_in <= 10_000_000
    assert 0 <= read.tokens_out <= 10_000_000
