"""JSON as language models write it (in prose or fences, any quotes, cut off), and where each value stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST = 20
# Characters that may be read in vain: braces within braces take a time that grows with their square.
MOST_READ_IN_VAIN = 200_000
SPACE = re.compile(r"\s*")
# Single words and numbers, up to what ends a value.
BARE = re.compile(r"[^\s,:{}\[\]\"'“”][^,:{}\[\]\"'“”\n]*")
KEY = re.compile(r"[-\w][\w -]*")
# A quote closes where a value may end: one within a text is followed by more of it.
CLOSED = re.compile(r"\s*(?:[,:}\]]|$)")
QUOTES = {'"': '"', "'": "'", "“": "”"}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
HEX = re.compile(r"[0-9a-fA-F]{4}")


class Unreadable(Exception):
    """What starts here is no JSON, as is seen at a place."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


@dataclass(frozen=True)
class Leaf:
    """A text, number or word as it is written, at `start`; `cut` where the reply ended within it."""

    text: str
    start: int
    cut: bool = False


@dataclass(frozen=True)
class Node:
    """An object or a list: its members by key, twice where a key comes twice; a list's have the key ""."""

    members: tuple[tuple[str, "Leaf | Node"], ...]


def objects(text: str, opening: str = "{") -> Iterator[tuple[Node, int, int]]:
    """The objects in a text, in order, and where they begin and end; those inside another are its members.

    With "[" as what opens them, the lists.

    Raises Unreadable where too much only looks like one.
    """
    at, in_vain = text.find(opening), 0
    while at >= 0:
        try:
            node, end = _members(text, at, DEEPEST)
        except Unreadable as broken:
            end, in_vain = at + 1, in_vain + broken.at - at
            if in_vain > MOST_READ_IN_VAIN:
                raise
        else:
            yield node, at, end
        at = text.find(opening, end)


def _members(text: str, at: int, deep: int) -> tuple[Node, int]:
    """The object or list that opens at a place, and where it ends."""
    if not deep:
        raise Unreadable(at)
    named, closing = text[at] == "{", "}" if text[at] == "{" else "]"
    members: list[tuple[str, Leaf | Node]] = []
    at = _after(text, at + 1)
    while at < len(text) and text[at] != closing:
        key = ""
        if named:
            key, at = _key(text, at)
            at = _after(text, at)
            if at == len(text):
                break
            if text[at] != ":":
                raise Unreadable(at)
            at = _after(text, at + 1)
            if at == len(text):
                break
        value, at = _value(text, at, deep)
        members.append((key, value))
        at = _after(text, at)
        if text.startswith(",", at):
            at = _after(text, at + 1)
    return Node(tuple(members)), min(at + 1, len(text))


def _value(text: str, at: int, deep: int) -> tuple[Leaf | Node, int]:
    if text[at] in "{[":
        return _members(text, at, deep - 1)
    if text[at] in QUOTES:
        return _quoted(text, at)
    found = BARE.match(text, at)
    if found is None:
        raise Unreadable(at)
    return Leaf(found[0].rstrip(), at, cut=found.end() == len(text)), found.end()


def _key(text: str, at: int) -> tuple[str, int]:
    if text[at] in QUOTES:
        leaf, end = _quoted(text, at)
        return leaf.text, end
    found = KEY.match(text, at)
    if found is None:
        raise Unreadable(at)
    return found[0], found.end()


def _quoted(text: str, at: int) -> tuple[Leaf, int]:
    quote, start = QUOTES[text[at]], at + 1
    parts: list[str] = []
    at = start
    while at < len(text):
        sign = text[at]
        if sign == quote and CLOSED.match(text, at + 1):
            return Leaf("".join(parts), start), at + 1
        if sign == "\\":
            sign, at = _escaped(text, at + 1)
        else:
            at += 1
        parts.append(sign)
    return Leaf("".join(parts), start, cut=True), len(text)


def _escaped(text: str, at: int) -> tuple[str, int]:
    """What an escape stands for, and where it ends."""
    sign = text[at : at + 1]
    if sign == "u" and (found := HEX.match(text, at + 1)):
        return chr(int(found[0], 16)), at + 5
    return ESCAPES.get(sign, sign), at + 1


def _after(text: str, at: int) -> int:
    """The next place that is not white space."""
    found = SPACE.match(text, at)
    return found.end() if found else at
