"""What a judge's reply says: a score or probabilities for each criterion, or why it says none.

Much is tolerated in how it is written and nothing is guessed: two different scores of one criterion, one off
the scale or a missing one make the reply unparsable.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from calibration.scorers.judges.rubrics import Rubric
from generation.recipes.loose_json import Leaf, Node, Unreadable, objects
from generation.recipes.replies import Unparsable, answer, normal, shown, storable

SCORES = ("score", "rating", "value", "verdict")
PROBABILITIES = ("probabilities", "probability", "distribution")
# Stated probabilities are rounded: further from 1 they are no probabilities.
SUM_TOLERANCE = 0.02
MOST_REASON = 500

NUMBER = r"([-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?:\s*(?:/|out\s+of|of)\s*(\d+))?"
WHOLE = re.compile(NUMBER)
SHARE = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(%?)")
# Marks of emphasis and quotes, which change nothing.
MARKS = " \t\r\n*_`\"'"
STATES = r"[\s*_`\"']*+(?:score|rating)?[\s*_`\"']*+(?::|=|\bis\b)[\s*_`\"']*+"
# What makes the number before it another one, or one of several.
GOES_ON = re.compile(r"\s*(?:[-–—/.]|to\b|or\b|and\b)\s*\d|\s*%|\w")
LABEL_GOES_ON = re.compile(r"[ \t]*[\w/]")


Read = TypeVar("Read")


@dataclass(frozen=True)
class Said:
    """A criterion's score, where its spelling stands in the reply, and the reason given."""

    value: int
    start: int
    end: int
    reason: str = ""


@dataclass(frozen=True)
class Stated:
    """A criterion's probabilities, from the lowest value of the scale, and the reason given."""

    shares: tuple[float, ...]
    reason: str = ""


def scores(text: str, rubric: Rubric, *, cut: bool = False) -> dict[str, Said]:
    """The score of each criterion; `cut`: the reply ended for its length. Raises Unparsable."""
    parts, prose = _parts(answer(text), rubric, SCORES)
    said = {
        # An object may be quoted from a response: what is said around it must agree.
        name: [
            *(_score_of(name, part, rubric) for part in found),
            *_in_prose(name, prose, rubric, cut=cut),
        ]
        for name, found in parts.items()
    }
    return {name: _agreed(name, found, lambda one: one.value) for name, found in said.items()}


def probabilities(text: str, rubric: Rubric) -> dict[str, Stated]:
    """The stated probabilities of each criterion. Raises Unparsable."""
    parts, _ = _parts(answer(text), rubric, PROBABILITIES)
    stated = {name: [_shares_of(name, part, rubric) for part in found] for name, found in parts.items()}
    return {name: _agreed(name, found, lambda one: one.shares) for name, found in stated.items()}


def _agreed(name: str, found: list[Read], what: Callable[[Read], object]) -> Read:
    """The first of several that say the same."""
    if not found:
        raise Unparsable(f"{name} is missing")
    if len({what(one) for one in found}) > 1:
        raise Unparsable(f"{name} has different scores")
    return found[0]


def _parts(text: str, rubric: Rubric, keys: Iterable[str]) -> tuple[dict[str, list[Leaf | Node]], str]:
    """What the objects in a reply hold for each criterion; and the reply with blanks in their place."""
    prose, last = "", 0
    parts: dict[str, list[Leaf | Node]] = {one.name: [] for one in rubric.criteria}
    names = {normal(name): name for name in parts}
    try:
        for node, start, end in objects(text):
            _collect(node, names, parts, tuple(keys))
            prose += text[last:start] + " " * (end - start)
            last = end
    except Unreadable:
        raise Unparsable("its JSON is too broken") from None
    return parts, prose + text[last:]


def _collect(
    node: Node, names: Mapping[str, str], parts: dict[str, list[Leaf | Node]], keys: tuple[str, ...]
) -> None:
    labels = [
        names.get(normal(part.text))
        for key, part in node.members
        if isinstance(part, Leaf) and normal(key) in ("criterion", "criteria", "name")
    ]
    if labels and labels[0]:
        parts[labels[0]].append(node)
        return
    named = False
    for key, part in node.members:
        if name := names.get(normal(key)):
            parts[name].append(part)
            named = True
        elif isinstance(part, Node) and normal(key) not in PROBABILITIES:
            _collect(part, names, parts, keys)
    # With one criterion there is no doubt whose score an object gives.
    if len(names) == 1 and not named and any(normal(key) in keys for key, _ in node.members):
        parts[next(iter(parts))].append(node)


def _score_of(name: str, part: Leaf | Node, rubric: Rubric) -> Said:
    if isinstance(part, Leaf):
        return _read(name, part, rubric)
    given = [one for key, one in part.members if normal(key) in SCORES and isinstance(one, Leaf)]
    said = _agreed(name, [_read(name, one, rubric) for one in given], lambda one: one.value)
    return Said(said.value, said.start, said.end, _reason(part))


def _reason(node: Node) -> str:
    reasons = (part.text for key, part in node.members if normal(key) == "reason" and isinstance(part, Leaf))
    return storable(next(reasons, ""))[:MOST_REASON]


def _read(name: str, leaf: Leaf, rubric: Rubric) -> Said:
    """The score that a text or number spells, all of it."""
    if leaf.cut:
        raise Unparsable(f"{name} is cut off")
    text = leaf.text.strip(MARKS)
    start = leaf.start + leaf.text.index(text)
    if rubric.labels:
        label = re.split(r"\s*[:.)]", text, maxsplit=1)[0]
        value = _labelled(label, rubric)
        if value is None:
            raise Unparsable(f"{name} is none of {', '.join(rubric.spelled)}: {shown(text)}")
        return Said(value, start, start + len(label))
    found = WHOLE.fullmatch(text)
    if found is None:
        raise Unparsable(f"{name} is no whole number: {shown(text)}")
    return _on_scale(name, found, start - found.start(1), rubric)


def _on_scale(name: str, found: re.Match[str], offset: int, rubric: Rubric) -> Said:
    number = float(found[1].replace("−", "-"))
    if number not in rubric.values:
        raise Unparsable(f"{name} is not on the scale {rubric.low} to {rubric.high}: {shown(found[1])}")
    if found[2] and (rubric.pairwise or int(found[2][:9]) != rubric.high):
        raise Unparsable(f"{name} is on another scale: {shown(found[0])}")
    return Said(int(number), offset + found.start(1), offset + found.end(1))


def _labelled(label: str, rubric: Rubric) -> int | None:
    values = {name.casefold(): value for name, value in rubric.labels}
    return values.get(label.casefold())


def _in_prose(name: str, text: str, rubric: Rubric, *, cut: bool) -> Iterable[Said]:
    """The scores that plain text states of a criterion: "overall: 4", or of the only one "4" alone."""
    only = len(rubric.criteria) == 1
    bare = text.strip(MARKS)
    if only and not cut and (_labelled(bare, rubric) is not None if rubric.labels else WHOLE.fullmatch(bare)):
        yield _read(name, Leaf(text, 0), rubric)
        return
    called = "|".join([re.escape(name), *(SCORES if only else ())])
    spelled = r"([^\W_]+)()\b" if rubric.labels else NUMBER
    for found in re.finditer(rf"(?<!\w)(?:{called})\b{STATES}{spelled}", text, re.IGNORECASE):
        if rubric.labels and _labelled(found[1], rubric) is None:
            continue
        goes_on = LABEL_GOES_ON if rubric.labels else GOES_ON
        if goes_on.match(text, found.end()) or (cut and found.end() == len(text)):
            raise Unparsable(f"{name} is no single score: {shown(text[found.start(1) :])}")
        yield (
            _read(name, Leaf(found[1], found.start(1)), rubric)
            if rubric.labels
            else _on_scale(name, found, 0, rubric)
        )


def _shares_of(name: str, part: Leaf | Node, rubric: Rubric) -> Stated:
    if isinstance(part, Leaf):
        raise Unparsable(f"{name} has no probabilities: {shown(part.text)}")
    inner = [one for key, one in part.members if normal(key) in PROBABILITIES]
    if len(inner) > 1:
        raise Unparsable(f"{name} has probabilities twice")
    node = inner[0] if inner else part
    if isinstance(node, Leaf):
        raise Unparsable(f"{name} has no probabilities: {shown(node.text)}")
    members = [(key, one) for key, one in node.members if normal(key) != "reason"]
    shares: dict[int, float] = {}
    for place, (key, one) in enumerate(members):
        value = _value_of(name, key, place, len(members), rubric)
        if shares.setdefault(value, share := _share(name, one)) != share:
            raise Unparsable(f"{name} has different probabilities of {key}")
    return Stated(_normalised(name, [shares.get(value, 0.0) for value in rubric.values]), _reason(part))


def _value_of(name: str, key: str, place: int, members: int, rubric: Rubric) -> int:
    """Which value a probability is of, by its key; in a list of them all, by its place."""
    if not key and not rubric.labels and members == len(rubric.values):
        return rubric.values[place]
    return _read(name, Leaf(key, 0), rubric).value


def _share(name: str, part: Leaf | Node) -> float:
    found = SHARE.fullmatch(part.text.strip(MARKS)) if isinstance(part, Leaf) and not part.cut else None
    if found is None:
        raise Unparsable(f"{name} has a probability that is no number")
    share = float(found[1]) / (100 if found[2] else 1)
    if not 0 <= share < math.inf:
        raise Unparsable(f"{name} has a probability of {shown(found[1])}")
    return share


def _normalised(name: str, shares: list[float]) -> tuple[float, ...]:
    """Shares that add up to 1, if they nearly do, or to 100."""
    total = sum(shares)
    if min(abs(total - 1), abs(total / 100 - 1)) > SUM_TOLERANCE:
        raise Unparsable(f"the probabilities of {name} add up to {total:.4g}")
    return tuple(share / total for share in shares)
