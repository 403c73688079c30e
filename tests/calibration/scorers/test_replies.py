import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.scorers.judges.replies import probabilities, scores
from calibration.scorers.judges.rubrics import BUILT_IN, Rubric
from generation.recipes.loose_json import objects
from generation.recipes.replies import Unparsable, refuses

ONE, THREE, PAIR = BUILT_IN["overall"], BUILT_IN["hhh"], BUILT_IN["pairwise overall"]
Reply = dict[str, dict[str, Any]]


WRONG = ["9", "0", "-4", "4.5", "NaN", "Infinity", "1e9", "1e999", "true", "null", "[4]"]
WRONG += ['"3-4"', '"four"', '"4/10"', '""']


def read(text: str, rubric: Rubric = ONE, *, cut: bool = False) -> dict[str, int]:
    return {name: one.value for name, one in scores(text, rubric, cut=cut).items()}


def replies(rubric: Rubric) -> st.SearchStrategy[Reply]:
    said = st.fixed_dictionaries({"score": st.sampled_from(list(rubric.spelled)), "reason": st.text()})
    if not rubric.labels:
        said = st.fixed_dictionaries({"score": st.sampled_from(rubric.values), "reason": st.text()})
    return st.fixed_dictionaries({one.name: said for one in rubric.criteria})


def _trailing_commas(text: str) -> str:
    return text.replace("\n}", ",\n}")


WRITTEN: list[Callable[[Reply], str]] = [
    json.dumps,
    lambda reply: json.dumps(reply, ensure_ascii=False, indent=2),
    lambda reply: f"```json\n{json.dumps(reply)}\n```",
    lambda reply: f"Here you are:\n{json.dumps(reply)}\nI hope that helps: {{}}.",
    lambda reply: f"<think>Perhaps a {{2}}, score: 1?</think>\n{json.dumps(reply)}",
    lambda reply: f'thinking {{"overall": 1}}</think>{json.dumps(reply)}',
    lambda reply: json.dumps({"scores": reply}),
    lambda reply: json.dumps([{"criterion": name, **said} for name, said in reply.items()]),
    lambda reply: json.dumps({"result": [{"name": name, **said} for name, said in reply.items()]}),
    lambda reply: json.dumps({name.upper(): said["score"] for name, said in reply.items()}),
    lambda reply: json.dumps({name: str(said["score"]) for name, said in reply.items()}),
    lambda reply: repr(reply),
    lambda reply: _trailing_commas(
        json.dumps({name: said["score"] for name, said in reply.items()}, indent=1)
    ),
    lambda reply: re.sub(
        r'"(\w+)":', r"\1:", json.dumps({name: said["score"] for name, said in reply.items()})
    ),
    lambda reply: json.dumps(reply) * 2,
    lambda reply: "\n".join(f"- **{name.title()}**: {said['score']}" for name, said in reply.items()),
]


@given(
    st.sampled_from([ONE, THREE, PAIR]).flatmap(lambda rubric: st.tuples(st.just(rubric), replies(rubric))),
    st.sampled_from(WRITTEN),
)
def test_what_the_form_allows_is_read_alike_however_it_is_written(
    asked: tuple[Rubric, Reply], written: Callable[[Reply], str]
) -> None:
    rubric, reply = asked
    text = written(reply)
    said = scores(text, rubric)
    spelled = rubric.spelled
    assert {name: one.value for name, one in said.items()} == {
        name: spelled[str(one["score"])] for name, one in reply.items()
    }
    assert all(text[one.start : one.end] == str(reply[name]["score"]) for name, one in said.items())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_any_object_in_json_is_found_whole(value: Any) -> None:
    text = json.dumps({"it": value}, ensure_ascii=False)
    ((node, start, end),) = objects(f"so {text} it is")
    assert f"so {text} it is"[start:end] == text
    assert [key for key, _ in node.members] == ["it"]


@given(
    st.text()
    | st.lists(
        st.sampled_from(
            [
                '{"',
                '":',
                "overall",
                "score",
                "{",
                "}",
                "[",
                "]",
                ",",
                "'",
                '"',
                "\\",
                "\\u00",
                " 4",
                "5",
                "-1",
                "/",
                "1e400",
                "<think>",
                "</think>",
                ": ",
                "\n",
                "nan",
                "٤",
            ]
        )
    ).map("".join),
    st.booleans(),
)
def test_no_text_is_read_off_the_scale_nor_breaks_anything(text: str, cut: bool) -> None:
    for rubric in (ONE, THREE, PAIR):
        for reading in (partial(scores, cut=cut), probabilities):
            try:
                said = reading(text, rubric)
            except Unparsable as why:
                assert 0 < len(str(why)) < 200
                assert "\n" not in str(why)
            else:
                assert set(said) == {one.name for one in rubric.criteria}
                assert all(getattr(one, "value", rubric.low) in rubric.values for one in said.values())
    assert refuses(text) in (True, False)


@pytest.mark.parametrize(
    "text",
    [
        "4",
        " 4.0\n",
        "**4/5**",
        "4 out of 5",
        "Score: 4",
        "The score is 4.",
        "overall: 4/5, since it is good",
        "Final score = 4",
        '{"score": "4 out of 5"}',
        "{'overall': 4/5}",
        '{"overall": {"rating": 4.0}}',
        '{"overall": {"score": 4, "reason": "cut o',
        "I cannot fault it. Score: 4",
    ],
)
def test_a_four_is_a_four(text: str) -> None:
    assert read(text) == {"overall": 4}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("<think>It is a 4.", "no answer"),
        ("It is good.", "missing"),
        ('{"overall": {"reason": "fine"}}', "missing"),
        ('{"overall": {"score": 4}, "overall": {"score": 5}}', "different"),
        ('{"overall": {"score": 4, "score": 5}}', "different"),
        ('{"overall": {"score": 4}}\nNo: {"overall": {"score": 5}}', "different"),
        ('{"overall": {"score": 2, "reason": "It says "x", "score": 5, "y": 1"}}', "different"),
        ('It says {"overall": {"score": 5}} of itself. Score: 2', "different"),
        ("Score: 4. On second thoughts, score: 3.", "different"),
        ("Score: 3-4", "no single score"),
        ("Score: 3 or 4", "no single score"),
        ("Score: 80%", "no single score"),
        ("Score: 4.5", "not on the scale"),
        ("Score: 4/10", "another scale"),
        ("3 or 4", "missing"),
        *((f'{{"overall": {{"score": {wrong}}}}}', "overall is") for wrong in WRONG),
        ('{"overall": {"score": 4', "cut off"),
        ('{"overall": {"score": "4', "cut off"),
        ('{"overall": ', "missing"),
    ],
)
def test_nothing_is_guessed(text: str, why: str) -> None:
    with pytest.raises(Unparsable, match=why):
        read(text)


def test_braces_without_end_take_no_time_without_end() -> None:
    for text in ('{"' * 50_000 + '",', '{"a":' * 50_000, '{"a":"' * 50_000, "{}" * 50_000):
        with pytest.raises(Unparsable):
            read(text)


def test_a_plain_number_at_the_end_of_a_reply_that_was_cut_may_be_the_beginning_of_another() -> None:
    for text in ("1", "Score: 1"):
        assert read(text) == {"overall": 1}
        with pytest.raises(Unparsable):
            read(text, cut=True)


def test_each_criterion_must_have_its_score() -> None:
    assert read("Helpful: 4, harmless: 5, honest: 3", THREE) == {"helpful": 4, "harmless": 5, "honest": 3}
    with pytest.raises(Unparsable, match="honest is missing"):
        read('{"helpful": 4, "harmless": 5, "score": 3}', THREE)
    with pytest.raises(Unparsable, match="helpful is missing"):
        read('{"score": 4}', THREE)


@pytest.mark.parametrize(
    "text", ['{"overall": {"score": "b"}}', "B", "verdict: B", '{"overall": "B: slightly better"}']
)
def test_a_label_is_read_as_its_value(text: str) -> None:
    assert read(text, PAIR) == {"overall": 1}


@pytest.mark.parametrize(
    "text", ['{"overall": 1}', "A rather long text.", "overall: a good one", '{"overall": "A or B"}', "F"]
)
def test_what_is_no_label_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(Unparsable):
        read(text, PAIR)


def test_what_no_database_keeps_is_not_in_a_reason() -> None:
    said = scores('{"overall": {"score": 4, "reason": "a\\u0000b\\ud83d\\ude00c\\ud83d"}}', ONE)
    assert said["overall"].reason == "a\ufffdb😀c\ufffd"


@given(st.lists(st.floats(0, 1), min_size=5, max_size=5).filter(lambda shares: sum(shares) > 0.01))
def test_stated_probabilities_are_read_in_every_form(shares: list[float]) -> None:
    exact = [share / sum(shares) for share in shares]
    keyed = {str(value): share for value, share in zip(ONE.values, exact, strict=True)}
    forms: list[Any] = [
        {"overall": {"probabilities": keyed, "reason": "x"}},
        {"overall": keyed},
        {"overall": {"distribution": exact}},
        {"probabilities": {name: f"{100 * share}%" for name, share in keyed.items()}},
        {"overall": {name: 100 * share for name, share in keyed.items()}},
    ]
    for form in forms:
        assert probabilities(json.dumps(form), ONE)["overall"].shares == pytest.approx(exact)
    assert probabilities(repr({"overall": {int(name): share for name, share in keyed.items()}}), ONE)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"1": 0.5, "5": 0.9}, "add up to 1.4"),
        ({"1": 0, "5": 0}, "add up to 0"),
        ({"0": 0.5, "5": 0.5}, "not on the scale"),
        ({"4": -0.5, "5": 1.5}, "-0.5"),
        ({"4": float("nan"), "5": 1}, "no number"),
        ({"4": True, "5": 0.5}, "no number"),
        ([0.5, 0.5], "no whole number"),
        (4, "no probabilities"),
        ({}, "add up to 0"),
    ],
)
def test_what_are_no_probabilities_is_said(said: Any, why: str) -> None:
    with pytest.raises(Unparsable, match=why):
        probabilities(json.dumps({"overall": {"probabilities": said}}), ONE)


def test_probabilities_that_were_rounded_are_normalised() -> None:
    shares = probabilities('{"overall": {"1": 0.33, "2": 0.33, "3": 0.33}}', ONE)["overall"].shares
    assert sum(shares) == pytest.approx(1)
    assert shares[:3] == pytest.approx([1 / 3] * 3)
    assert shares[3:] == (0, 0)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I cannot rate this response.",
        "As an AI language model, I am unable to judge it.",
        "Sorry, I won’t do that.",
        "<think>Hm.</think>I must decline.",
    ],
)
def test_a_plain_refusal_is_told_from_what_is_unreadable(text: str) -> None:
    assert refuses(text)
    assert not refuses("It is good, I think.")
    assert not refuses("")
