"""Rules that sort responses into formats: the first that matches a response names its format."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from generation.columns import storable
from generation.files import RowError
from generation.formats.kinds import LONGEST_NAME, Given, Python, Regex, Rule, RulesError
from generation.formats.limits import TooLong, time_limit

MOST_RULES = 100
# Of a longer response only the beginning is read, and so long all rules together may take.
MOST_CHARACTERS, SECONDS = 50_000, 2.0
NOTHING: Mapping[str, Any] = {}
KINDS: dict[str, type[Rule]] = {rule.kind: rule for rule in (Regex, Python, Given)}


@dataclass(frozen=True)
class Sorted:
    """A response's format and its final answer; None where the rule seeks none, or the response has none."""

    format: str
    answer: str | None
    # Whether the format has final answers at all.
    answers: bool


@dataclass(frozen=True)
class Rules:
    """An ordered list of rules, and the format of what none of them matches; None leaves it unsorted."""

    rules: tuple[Rule, ...]
    default: Rule | None

    @property
    def names(self) -> tuple[str, ...]:
        """The formats in the order of their rules, the default last; those of given labels are not known."""
        return tuple(dict.fromkeys(rule.format for rule in self._asked if rule.format))

    @property
    def _asked(self) -> tuple[Rule, ...]:
        return self.rules if self.default is None else (*self.rules, self.default)

    @property
    def digest(self) -> str:
        """The same for the same rules, whatever they are called."""
        return digest_of(self.as_dict())

    def sort(self, response: str, given: Mapping[str, Any] = NOTHING) -> Sorted | None:
        """The format of a response, which came with what is `given`; None where no rule matches.

        Of a response only the first MOST_CHARACTERS are read. Raises RulesError where a rule takes longer
        than SECONDS, which a pattern of repeats within repeats may.
        """
        read, rule = response[:MOST_CHARACTERS], self.rules[0]
        try:
            with time_limit(SECONDS):
                for rule in self._asked:
                    if found := rule.finds(read, given):
                        return Sorted(found, rule.final(read), bool(rule.answer))
        except TooLong:
            raise RulesError(
                f"Rule {self._asked.index(rule) + 1} ({rule.format or rule.kind}) takes more than "
                f"{SECONDS:.0f} seconds at a response of {len(read):,} characters: make its pattern simpler."
            ) from None
        return None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, which `from_dict` reads again."""
        return {
            "rules": [rule.as_dict() for rule in self.rules],
            "default": self.default.as_dict() if self.default else None,
        }

    @classmethod
    def from_dict(cls, given: object) -> Self:
        """Read {"rules": [{"kind", "format", ...}, ...], "default": "text"}. Raises RulesError.

        The default may have an answer too: {"format": "text", "answer": "..."}. It is "text" where nothing is
        said of it; null leaves what no rule matches unsorted.
        """
        if not isinstance(given, Mapping) or not isinstance(given.get("rules"), list):
            raise RulesError('Rules are a JSON object with a list of "rules".')
        if unknown := sorted(given.keys() - {"rules", "default"}):
            raise RulesError(f'There is no "{str(unknown[0])[:60]}" in rules: only "rules" and "default".')
        if not 1 <= len(given["rules"]) <= MOST_RULES:
            raise RulesError(f"There are 1 to {MOST_RULES} rules, not {len(given['rules'])}.")
        rules = tuple(_rule(number, one) for number, one in enumerate(given["rules"], start=1))
        return cls(rules, _default(given.get("default", "text")))


def read_rules(path: Path) -> Rules:
    """The rules of a JSON file. Raises RulesError."""
    try:
        return Rules.from_dict(read_json(path))
    except RulesError as error:
        raise RulesError(f"{path.name}: {error}") from None


def read_json(path: Path) -> Any:
    """What a JSON file holds. Raises RulesError."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RulesError(f"it cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise RulesError("it is not in UTF-8: save it in UTF-8.") from None
    except ValueError as error:
        raise RulesError(f"it is no JSON: {error}.") from None
    except RecursionError:
        raise RulesError("it is no JSON of rules: it is nested too deep.") from None


def digest_of(rules: Mapping[str, Any]) -> str:
    """Hex SHA-256 of plain JSON, whatever the order of its members."""
    return sha256(json.dumps(rules, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _rule(number: int, given: object) -> Rule:
    if not isinstance(given, Mapping):
        raise RulesError(f"Rule {number} is no JSON object.")
    named = str(given.get("format") or given.get("column") or given.get("kind", ""))
    named = " ".join(named[:LONGEST_NAME].split())
    try:
        return _read(KINDS.get(str(given.get("kind"))), given, sorted(KINDS))
    except RulesError as error:
        raise RulesError(f"Rule {number} ({named}): {str(error).rstrip('.')}.") from None


def _default(given: object) -> Rule | None:
    if given is None:
        return None
    held = given if isinstance(given, Mapping) else {"format": given}
    try:
        return _read(Rule, held, [])
    except RulesError as error:
        raise RulesError(f"The default: {str(error).rstrip('.')}.") from None


def _check_storable(name: str, value: str | bool) -> None:
    try:
        storable(str(value), name)
    except RowError as error:
        raise RulesError(str(error)) from None


def _read(rule: type[Rule] | None, given: Mapping[str, Any], kinds: Sequence[str]) -> Rule:
    if rule is None:
        raise RulesError(f'"kind" is one of {", ".join(kinds)}')
    known = [field.name for field in fields(rule)]
    rest = {name: value for name, value in given.items() if name != "kind"}
    for name, value in rest.items():
        if name not in known:
            raise RulesError(f'there is no "{str(name)[:60]}" here: the fields are {", ".join(known)}')
        if not isinstance(value, str) and not (name == "defines" and isinstance(value, bool)):
            raise RulesError(f'"{name}" is a text{" or true" if name == "defines" else ""}')
        _check_storable(name, value)
    for name in ("pattern", "column"):
        if name in known and name not in rest:
            raise RulesError(f'"{name}" is missing')
    return rule(**rest)
