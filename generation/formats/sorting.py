"""Sorts responses into formats by rules, and keeps both."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from generation.formats.answers import is_correct
from generation.formats.kinds import RulesError
from generation.formats.rules import Rules, digest_of, read_rules
from generation.formats.shipped import SHIPPED
from generation.models import Collection, FormatRules, Response, ResponseFormat

ROWS_AT_ONCE = 1_000
LONGEST_NAME = 150
# Where a query says which answer is right, and a response whether it is.
ANSWER, CORRECT = "answer", "correct"
TRUTHS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


def rules_for(given: str) -> FormatRules:
    """The rules that a person names: those that come along, those that are kept here, or a JSON file.

    Raises RulesError.
    """
    if given in SHIPPED:
        return _keep_shipped(given)
    if found := FormatRules.objects.filter(name=given).first():
        return found
    path = Path(given)
    if path.suffix == ".json" or (len(given) <= LONGEST_NAME and path.is_file()):
        return keep_rules(name=path.stem, rules=read_rules(path).as_dict())
    known = sorted({*SHIPPED, *FormatRules.objects.values_list("name", flat=True)[:20]})
    raise RulesError(f"There are no rules {given[:80]}: name a JSON file, or {', '.join(known)}.")


def keep_rules(*, name: str, rules: Mapping[str, Any]) -> FormatRules:
    """These rules as they are kept, under this name unless they are kept already.

    Raises RulesError where other rules have the name.
    """
    if not 1 <= len(name) <= LONGEST_NAME:
        raise RulesError(f"Rules need a name, of {LONGEST_NAME} characters at most.")
    told = digest_of(rules)
    known = FormatRules.objects.filter(digest=told)
    if found := known.first():
        return found
    FormatRules.objects.bulk_create(
        [FormatRules(name=name, rules=dict(rules), digest=told)], ignore_conflicts=True
    )
    if found := known.first():
        return found
    raise RulesError(f"There are other rules called {name}: give these another name.")


def is_judged(rules: FormatRules) -> bool:
    """Whether a judge sorts by them, whose run keeps the formats."""
    return "kind" in rules.rules


def names_of(rules: FormatRules) -> tuple[str, ...]:
    """The formats in their order; () where only labels that come with responses name them.

    Raises RulesError where this version cannot read the rules.
    """
    if is_judged(rules):
        return tuple(str(one["name"]) for one in rules.rules["formats"])
    return Rules.from_dict(rules.rules).names


def sort_responses(
    *,
    collection: Collection,
    rules: FormatRules,
    models: Iterable[int] | None = None,
    progress: Callable[[int, int], None] = lambda done, steps: None,
) -> int:
    """Keep the format of each response to the collection's queries that has none by these rules.

    A page at a time, so that others can write meanwhile; who does the same at the same time keeps the same.
    Whether it is correct is what the response came with, in "correct", else whether its final answer is its
    query's "answer".

    Parameters
    ----------
    models : iterable of int or None
        Keys of the language models whose responses are sorted; None for all.

    Returns
    -------
    int
        How many responses were sorted. None of a judge's: its run sorts them.

    Raises
    ------
    RulesError
        Where the rules cannot be read, or take too long; what was sorted before stays.
    """
    if is_judged(rules):
        return 0
    reader, made, done = Rules.from_dict(rules.rules), 0, 0
    unsorted = _unsorted(collection, rules, models)
    total = unsorted.count()
    for page in _pages(unsorted):
        rows = [row for row in (_row(reader, rules, *one) for one in page) if row is not None]
        ResponseFormat.objects.bulk_create(rows, ignore_conflicts=True)
        made, done = made + len(rows), done + len(page)
        progress(min(done, total), total)
    return made


@dataclass(frozen=True)
class Standing:
    """How many responses there are, how many of them have no format, and how many have each."""

    responses: int
    unsorted: int
    formats: dict[str, int]

    @property
    def line(self) -> str:
        """The formats with their numbers, the commonest first."""
        ranked = sorted(self.formats.items(), key=lambda one: (-one[1], one[0]))
        return ", ".join(f"{name} {number:,}" for name, number in ranked)


def standing(collection: Collection, rules: FormatRules) -> Standing:
    """What is sorted by now of the responses to the collection's queries."""
    every = Response.objects.filter(query__collections=collection)
    held = ResponseFormat.objects.filter(rules=rules, response__query__collections=collection)
    counts = dict(held.order_by().values_list("format").annotate(number=Count("pk")))
    return Standing(every.count(), _unsorted(collection, rules, None).count(), counts)


def said_correct(metadata: Mapping[str, Any]) -> bool | None:
    """What a response came with about itself; None for nothing that is true or false."""
    return TRUTHS.get(str(metadata.get(CORRECT)).strip().lower())


def _keep_shipped(name: str) -> FormatRules:
    """Under its name; with a part of their digest where another version of them has it."""
    rules = SHIPPED[name]
    try:
        return keep_rules(name=name, rules=rules.as_dict())
    except RulesError:
        return keep_rules(name=f"{name} {rules.digest[:8]}", rules=rules.as_dict())


def _unsorted(collection: Collection, rules: FormatRules, models: Iterable[int] | None) -> QuerySet[Response]:
    have = Exists(ResponseFormat.objects.filter(response=OuterRef("pk"), rules=rules))
    found = Response.objects.filter(~have, query__collections=collection)
    return found if models is None else found.filter(model__in=list(models))


def _pages(responses: QuerySet[Response]) -> Iterator[list[Any]]:
    """Key, text and metadata of each, and its query's metadata, by their keys."""
    rows = responses.order_by("pk").values_list("pk", "text", "metadata", "query__metadata")
    after = -1
    while page := list(rows.filter(pk__gt=after)[:ROWS_AT_ONCE]):
        yield page
        after = page[-1][0]


def _row(
    reader: Rules, rules: FormatRules, key: int, text: str, given: Mapping[str, Any], asked: Mapping[str, Any]
) -> ResponseFormat | None:
    found = reader.sort(text, given)
    if found is None:
        return None
    correct = said_correct(given)
    if correct is None and found.answers:
        correct = is_correct(found.answer, asked.get(ANSWER))
    return ResponseFormat(response_id=key, rules=rules, format=found.format, correct=correct)
