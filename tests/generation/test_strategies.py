"""Prompting strategies: what is sent, and which responses a reply holds."""

import json
from collections import Counter

import pytest

from generation.decoding import PRESETS, Decoding
from generation.recipes.recipe import Message, RecipeError
from generation.recipes.replies import Unparsable
from generation.strategies import IN_WORDS, PERSONAS, SHIPPED, Strategy, read_personas, strategy_named

FIVE = ["one", "two, or 2.", 'three "so called"', "four\n- with a list", "five {5}"]


def test_plain_sends_the_query_alone_and_as_it_is() -> None:
    query = "Why {query}, {persona} and {number}?\n"
    assert SHIPPED["plain"].sent(query) == [Message("user", query)]
    assert SHIPPED["plain"].read("  A text.\n") == ["A text."]


def test_the_shipped_personas_are_fifty_different_people() -> None:
    assert len(PERSONAS) == 50 == len(set(PERSONAS))
    assert len({one.split(",")[0] for one in PERSONAS}) == 50


def test_fifty_samples_are_of_fifty_personas_in_an_order_that_the_seed_draws() -> None:
    strategy = SHIPPED["persona"]
    order = [strategy.persona(number, 7) for number in range(1, 101)]
    assert Counter(order) == dict.fromkeys(PERSONAS, 2)
    assert order[:50] == order[50:] == [strategy.persona(number, 7) for number in range(1, 51)]
    assert order[:50] != [strategy.persona(number, 8) for number in range(1, 51)]
    system, user = strategy.sent("Why?", order[0])
    assert (system.role, user) == ("system", Message("user", "Why?"))
    assert order[0] in system.text


@pytest.mark.parametrize(
    "reply",
    [
        json.dumps(FIVE),
        f"<think>1. maybe [two]</think>\nAs [asked]:\n```json\n{json.dumps(FIVE, indent=1)}\n```\nDone.",
        json.dumps({"answers": FIVE}),
        json.dumps({"answers": [{"answer": text} for text in FIVE]}),
        json.dumps({str(number): text for number, text in enumerate(FIVE, 1)}),
    ],
)
def test_several_answers_are_read_from_json_however_it_is_wrapped(reply: str) -> None:
    assert SHIPPED["several"].read(reply) == FIVE


@pytest.mark.parametrize("style", ["{}. ", "{}) ", "**{}.** ", "### Answer {}: ", "- {}: "])
def test_several_answers_are_read_from_a_numbered_list(style: str) -> None:
    texts = ["one", "two\nin two lines", "three", "four", "five"]
    listed = "\n".join(style.format(number) + text for number, text in enumerate(texts, 1))
    assert SHIPPED["several"].read(f"Of course:\n{listed}\n") == texts


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I would rather not.",
        json.dumps(FIVE[:4]),
        json.dumps([*FIVE, "six"]),
        json.dumps([*FIVE[:4], " "]),
        json.dumps(FIVE)[:-4],
        "1. one\n2. two\n3. three\n4. four",
        "1. one\n1. of one\n2. two\n3. three\n4. four",
        "[" * 5_000 + "{" * 5_000,
    ],
)
def test_replies_that_do_not_hold_exactly_five_answers_are_told_apart(reply: str) -> None:
    with pytest.raises(Unparsable):
        SHIPPED["several"].read(reply)


@pytest.mark.parametrize(
    "marker", ["Final answer:", "**Final Answer:**", "## final answer", "> Final  answer :"]
)
def test_of_a_group_only_what_follows_the_last_marker_is_the_response(marker: str) -> None:
    talk = "Ann: shall the final answer: be long?\nFinal answer: a draft\nBob: no."
    reply = f"{talk}\n{marker}\n\nThe sea,\nagain.\n"
    assert SHIPPED["personas"].read(reply) == ["The sea,\nagain."]


@pytest.mark.parametrize("reply", ["Ann: the sea.", "Final answer:\n  \n", "Our final answer: the sea"])
def test_a_group_without_a_final_answer_gives_no_response(reply: str) -> None:
    with pytest.raises(Unparsable):
        SHIPPED["personas"].read(reply)


def test_whatever_differs_in_a_strategy_differs_in_its_template_or_version() -> None:
    own = read_personas("Ann, who counts.\n\n Bob, who sings.\n")
    made = [
        *SHIPPED.values(),
        strategy_named("several", answers=4),
        strategy_named("persona", personas=own),
        strategy_named("haiku", template="As a haiku: {query}"),
        strategy_named("haiku", template="As one haiku: {query}"),
        strategy_named("voice", template="{persona} is asked: {query}", personas=own),
    ]
    told = [(one.name, one.version, json.dumps(one.template())) for one in made]
    assert len(set(told)) == len(made)
    for one in made:
        assert Strategy.from_dict(json.loads(json.dumps(one.as_dict()))) == one
    assert IN_WORDS.keys() == SHIPPED.keys()


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"name": "nothing"}, "no strategy 'nothing'"),
        ({"name": "own", "template": "no place"}, "holds {query}"),
        ({"name": "own", "template": "{query} {number}"}, "{number}"),
        ({"name": "n" * 41, "template": "{query}"}, "40 characters"),
        ({"name": "several", "answers": 51}, "2 to 50"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(fields: dict[str, object], line: str) -> None:
    with pytest.raises(RecipeError, match=line.replace("{", r"\{")):
        strategy_named(**fields)  # type: ignore[arg-type]


def test_the_papers_decodings_are_presets_and_the_same_decoding_is_told_the_same_way() -> None:
    assert PRESETS["top-p"].as_dict() == {"temperature": 1.0, "top_p": 0.9, "max_tokens": 2048}
    assert PRESETS["min-p"].as_dict() == {"temperature": 2.0, "top_p": 1.0, "min_p": 0.1, "max_tokens": 2048}
    assert Decoding.from_dict({"temperature": 1, "top_p": 0.9}) == PRESETS["top-p"]
    assert json.dumps(Decoding(temperature=1).as_dict()) == json.dumps(Decoding(temperature=1.0).as_dict())
    words = [
        decoding.words for decoding in (*PRESETS.values(), Decoding(), Decoding(top_k=40, max_tokens=99))
    ]
    assert words == ["top-p .9 · T 1", "min-p .1 · T 2", "the server's own decoding", "top-k 40 · 99 tokens"]
    for wrong in (
        {"top_p": 0},
        {"temperature": -1},
        {"min_p": 2},
        {"top_k": 0},
        {"max_tokens": None},
        {"p": 1},
    ):
        with pytest.raises(RecipeError):
            Decoding.from_dict(wrong)
