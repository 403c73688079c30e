"""Rules of formats: what each kind finds, the sets that come along, and what a wrong file is told."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from generation.formats.answers import is_correct
from generation.formats.kinds import RulesError
from generation.formats.rules import Rules, read_rules
from generation.formats.shipped import SHIPPED

PROGRAM = "def simple_math_problem():\n    apples = 3\n    return apples + 4"


def sorted_by(text: str, *rules: dict[str, Any], given: dict[str, Any] | None = None, **rest: Any) -> str:
    found = Rules.from_dict({"rules": list(rules), **rest}).sort(text, given or {})
    return found.format if found else "-"


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("Once there was a fox. It ran - as foxes do - home.\n\nIn 1990. It died.", "text"),
        ("Here are three:\n1. Rye\n2. Oats", "steps"),
        ("1) **Rye**: dark\n\n2) **Oats**: light", "steps"),
        ("Three:\n- Rye\n- Oats", "list"),
        ("## Bread\nIt is made of\n- rye\n- water", "headings"),
        ("Try this:\n```python\nx = 1\n```\n1. Run it\n2. Look", "code"),
        (PROGRAM, "code"),
        ("I sing of rye,\nof water, salt,\nof loaves that rise,\nand that is all.", "verse"),
        ("A line.\nAnother.\nA third.", "text"),
        ("", "text"),
    ],
)
def test_shapes_tells_planted_answers_apart(text: str, shape: str) -> None:
    found = SHIPPED["shapes"].sort(text)
    assert found is not None and (found.format, found.answer, found.answers) == (shape, None, False)


@pytest.mark.parametrize(
    ("text", "format_", "answer"),
    [
        ("<llm-code>print(7)</llm-code>\n<llm-code-output>\n7\n</llm-code-output>", "tool call", "7"),
        ("<tool_call>add</tool_call> so \\boxed{7}", "tool call", "7"),
        (PROGRAM, "python", None),
        (f"Sure:\n```python\n{PROGRAM}\n```", "python", None),
        ("We get \\[3 + 4 = 7\\] and so \\boxed{\\frac{7}{1}}.", "latex", "\\frac{7}{1}"),
        ("\\begin{align} x \\end{align}", "latex", None),
        (" 1,007. ", "number", "1,007"),
        ("3 + 4 = 7\n7 * 2 = 14", "equations", "14"),
        ("He had 3 and got 4, which makes $7.", "text", "$7"),
        ("By def of seven it is that.", "text", None),
    ],
)
def test_mathematics_tells_ways_to_solve_apart_and_takes_the_last_answer(
    text: str, format_: str, answer: str | None
) -> None:
    found = SHIPPED["mathematics"].sort(text)
    assert found is not None and (found.format, found.answer) == (format_, answer)


def test_the_first_rule_that_matches_names_the_format_and_the_default_what_none_does() -> None:
    first = {"format": "a", "kind": "regex", "pattern": "^x", "flags": "im"}
    second = {"format": "b", "kind": "regex", "pattern": "x"}
    assert [sorted_by(text, first, second) for text in ("q\nXx", "qx", "q")] == ["a", "b", "text"]
    assert sorted_by("q", first, default="prose") == "prose"
    assert sorted_by("q", first, default=None) == "-"
    assert Rules.from_dict({"rules": [second, first, second], "default": "a"}).names == ("b", "a")


def test_python_is_parsed_and_never_run() -> None:
    rule = {"format": "code", "kind": "python"}
    solves = {**rule, "defines": "solve"}
    assert sorted_by("import os\nos.abort()", rule) == "code"
    assert sorted_by("while True: pass", rule) == "code"
    for prose in ("Hello", "42", "Answer: yes", "global warming", "def is short for define", "x = = 1"):
        assert sorted_by(prose, rule) == "text", prose
    for hostile in ("x" + "()" * 20_000, "-" * 40_000 + "1", "x = 1\0", "\ud800", "(" * 40_000):
        assert sorted_by(hostile, rule) in ("text", "code")
    assert [
        sorted_by(text, solves) for text in (PROGRAM, PROGRAM.replace("simple_math_problem", "solve"))
    ] == [
        "text",
        "code",
    ]


def test_a_label_that_came_with_the_response_is_its_format() -> None:
    rule = {"kind": "given", "column": "format"}
    labels = [" a \n list ", 7, "", None, ["list"], "x" * 99]
    found = [sorted_by("q", rule, given={"format": label}, default=None) for label in labels]
    assert found == ["a list", "7", "-", "-", "-", "x" * 60]


@pytest.mark.parametrize(
    ("answer", "reference", "correct"),
    [
        ("1,000", 1000, True),
        ("1000.0", "1,000", True),
        ("$1,000.", "1e3", True),
        ("-.5", -0.5, True),
        ("1,00", 100, False),
        ("10", "10 %", False),
        (" The  Fox. ", "the fox", True),
        ("7", "8", False),
        (None, "8", False),
        ("7", None, None),
        ("7", " ", None),
        ("7", True, None),
        ("7", ["7"], None),
    ],
)
def test_answers_are_compared_as_numbers_where_both_are(
    answer: str | None, reference: object, correct: bool | None
) -> None:
    assert is_correct(answer, reference) is correct


def test_a_file_of_rules_is_read_as_it_was_written_and_the_same_rules_have_the_same_digest(
    tmp_path: Path,
) -> None:
    for name, rules in SHIPPED.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(rules.as_dict()))
        assert read_rules(path) == rules and read_rules(path).digest == rules.digest
    assert len({rules.digest for rules in SHIPPED.values()}) == len(SHIPPED)


REGEX = {"format": "a", "kind": "regex", "pattern": "x"}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([], 'Rules are a JSON object with a list of "rules".'),
        ({"rules": [], "default": "a"}, "There are 1 to 100 rules, not 0."),
        ({"rules": [REGEX], "defaults": "a"}, 'There is no "defaults" in rules: only "rules" and "default".'),
        ({"rules": [REGEX, "x"]}, "Rule 2 is no JSON object."),
        ({"rules": [{"format": "a", "kind": "json"}]}, 'Rule 1 (a): "kind" is one of given, python, regex.'),
        ({"rules": [{"format": "a", "kind": "regex"}]}, 'Rule 1 (a): "pattern" is missing.'),
        ({"rules": [{**REGEX, "pattern": "("}]}, "Rule 1 (a): its pattern cannot be read: missing ), unterm"),
        ({"rules": [{**REGEX, "flags": "q"}]}, 'Rule 1 (a): there is no flag "q": the flags are i, m, s, x.'),
        ({"rules": [{**REGEX, "answer": "x"}]}, 'Rule 1 (a): "answer" has exactly one group'),
        ({"rules": [{**REGEX, "column": "x"}]}, 'Rule 1 (a): there is no "column" here: the fields are'),
        ({"rules": [{**REGEX, "pattern": 7}]}, 'Rule 1 (a): "pattern" is a text.'),
        ({"rules": [{**REGEX, "pattern": "\0"}]}, "Rule 1 (a): pattern holds a NUL character."),
        ({"rules": [{**REGEX, "answer": "(\ud800)"}]}, "Rule 1 (a): answer holds half of a character"),
        ({"rules": [{**REGEX, "format": "a\nb"}]}, '"format" is a name of 1 to 60 characters on one line.'),
        ({"rules": [{"kind": "given", "column": "c", "format": "a"}]}, "leave its format out."),
        ({"rules": [REGEX], "default": ""}, 'The default: "format" is a name of 1 to 60 characters'),
    ],
)
def test_what_makes_no_sense_is_one_line_that_names_the_rule(given: Any, why: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(given))
    with pytest.raises(RulesError) as raised:
        read_rules(path)
    assert str(raised.value).startswith("mine.json: ") and why in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    for content, why in ((None, "No such file"), (b"\xff", "not in UTF-8"), (b"{", "no JSON")):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(RulesError, match=f"mine.json: .*{why}"):
            read_rules(path)


def test_a_pattern_that_takes_ages_is_stopped_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.formats.rules.SECONDS", 0.05)
    rules = Rules.from_dict({"rules": [REGEX, {**REGEX, "format": "slow", "pattern": "(a+)+$"}]})
    with pytest.raises(RulesError, match=r"Rule 2 \(slow\) takes more than .* at a response of 31 char"):
        rules.sort("a" * 30 + "b")
    assert rules.sort("x") is not None, "the next response has its own time"


@pytest.mark.parametrize("start", ["1.", "<llm-code-output>", "<tool_call>\\boxed{"])
def test_rules_that_come_along_end_on_what_a_model_repeats_without_end(start: str) -> None:
    for repeated in (" ", "*", "a", "1", "\n", start):
        for rules in SHIPPED.values():
            assert rules.sort((start + repeated * 50_000)[:50_000]) is not None


def test_in_another_thread_there_is_no_limit_and_no_error() -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(SHIPPED["shapes"].sort("- a\n- b")))
    thread.start()
    thread.join()
    assert found[0].format == "list"
