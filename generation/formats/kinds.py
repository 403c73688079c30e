"""What a rule may look for in a response: a pattern, Python, or a label that it came with."""

import ast
import re
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from textwrap import dedent
from typing import Any, ClassVar

LONGEST_NAME, LONGEST_PATTERN = 60, 2_000
FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
FENCED = re.compile(r"^[ \t]*```[^\n`]*\n(.*?)(?:^[ \t]*```|\Z)", re.MULTILINE | re.DOTALL)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Prose may parse as other statements: "Answer: yes", "global warming".
STATEMENTS = (
    *FUNCTIONS, ast.ClassDef, ast.Assign, ast.AugAssign, ast.For, ast.While, ast.If, ast.With, ast.Try,
    ast.Import, ast.ImportFrom,
)  # fmt: skip


class RulesError(Exception):
    """What makes no sense in rules, or why there are none, in one line."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule has; alone it matches everything, as the default does. Raises RulesError.

    Attributes
    ----------
    format : str
        What it says of a response that it matches.
    answer : str
        A pattern with one group, which is the response's final answer: the last that it finds. Flags stand
        inside it, such as (?i).
    """

    kind: ClassVar[str] = ""

    format: str = ""
    answer: str = ""

    def __post_init__(self) -> None:
        check_name(self.format)
        if self.answer and _compiled(self.answer).groups != 1:
            raise RulesError('"answer" has exactly one group, which is the answer; others are (?:…)')

    def finds(self, response: str, given: Mapping[str, Any]) -> str:
        """The format, "" where it does not match."""
        return self.format

    def final(self, response: str) -> str | None:
        """The response's final answer."""
        if not self.answer:
            return None
        *_, last = None, *_compiled(self.answer).finditer(response)
        return last[1] if last is not None else None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, without what is left empty."""
        held = {"kind": self.kind, **asdict(self)}
        return {name: value for name, value in held.items() if value not in ("", False)}


@dataclass(frozen=True, kw_only=True)
class Regex(Rule):
    """Matches where the pattern is found in the response; `flags` are letters of "imsx"."""

    kind: ClassVar[str] = "regex"

    pattern: str
    flags: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        _compiled(self.pattern, self.flags)

    def finds(self, response: str, given: Mapping[str, Any]) -> str:
        return self.format if _compiled(self.pattern, self.flags).search(response) else ""


@dataclass(frozen=True, kw_only=True)
class Python(Rule):
    """Matches where the response, or a fenced block of it, is Python that states something.

    It is parsed, never run: code that would fail or never end is of this format too. What does not parse is
    not. With `defines`, code that defines a function: any (true), or one of this name.
    """

    kind: ClassVar[str] = "python"

    defines: bool | str = False

    def finds(self, response: str, given: Mapping[str, Any]) -> str:
        sources = [response, *FENCED.findall(response)]
        return self.format if any(map(self._is_code, sources)) else ""

    def _is_code(self, source: str) -> bool:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                parsed = ast.parse(dedent(source).strip())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        if not self.defines:
            return any(isinstance(node, STATEMENTS) for node in parsed.body)
        named = [node.name for node in ast.walk(parsed) if isinstance(node, FUNCTIONS)]
        return bool(named) if self.defines is True else self.defines in named


@dataclass(frozen=True, kw_only=True)
class Given(Rule):
    """Matches where the response came with a label in this column, such as a judge's: its format."""

    kind: ClassVar[str] = "given"

    column: str

    def __post_init__(self) -> None:
        if self.format:
            raise RulesError("it takes its formats from the column: leave its format out")
        check_name(self.column, "column")
        if self.answer:
            Rule(format=self.column, answer=self.answer)

    def finds(self, response: str, given: Mapping[str, Any]) -> str:
        label = given.get(self.column)
        named = " ".join(str(label).split()) if isinstance(label, str | int | float) else ""
        return named[:LONGEST_NAME].strip()


def check_name(name: object, what: str = "format") -> None:
    """Raises RulesError unless it is a name that can be kept and shown."""
    plain = isinstance(name, str) and name == " ".join(name.split()) and name.isprintable()
    if not plain or not 1 <= len(str(name)) <= LONGEST_NAME:
        raise RulesError(f'"{what}" is a name of 1 to {LONGEST_NAME} characters on one line')


def _compiled(pattern: str, flags: str = "") -> re.Pattern[str]:
    """Kept compiled by `re` itself. Raises RulesError."""
    if not pattern or len(pattern) > LONGEST_PATTERN:
        raise RulesError(f"a pattern has 1 to {LONGEST_PATTERN:,} characters")
    if wrong := set(flags) - FLAGS.keys():
        raise RulesError(f'there is no flag "{min(wrong)}": the flags are {", ".join(FLAGS)}')
    try:
        return re.compile(pattern, sum(FLAGS[letter] for letter in set(flags)))
    except (re.error, RecursionError, OverflowError) as error:
        raise RulesError(f"its pattern cannot be read: {error}") from None
