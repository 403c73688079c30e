"""Several answers in one reply: as a JSON list, however loose, or as a numbered list."""

import re
from collections.abc import Iterator
from contextlib import suppress

from generation.recipes.loose_json import Leaf, Node, Unreadable, objects
from generation.recipes.replies import Unparsable, storable

NUMBERED = re.compile(
    r"^[\s>#*_-]*(?:(?:answer|response)\s+)?(\d{1,3})\s*[.):][*_]*[ \t]*", re.I | re.MULTILINE
)


def listed(text: str, number: int) -> list[str]:
    """So many answers as the reply lists, none of them empty. Raises Unparsable."""
    for answers in (*_lists(text), _numbered(text)):
        if len(answers) == number and all(answers):
            return answers
    raise Unparsable(f"it holds no list of {number} answers")


def _lists(text: str) -> Iterator[list[str]]:
    """The texts of each JSON list, then of each object; objects within may hold one text each."""
    for opening in "[{":
        with suppress(Unreadable):
            for node, _, _ in objects(text, opening):
                yield [_text(one) for _, one in node.members]


def _text(part: Leaf | Node) -> str:
    """A member's text; "" where it is cut off, or is none."""
    if isinstance(part, Node):
        return _text(part.members[0][1]) if len(part.members) == 1 else ""
    return "" if part.cut else storable(part.text).strip()


def _numbered(text: str) -> list[str]:
    """What stands after 1, 2, 3 and so on at the beginnings of lines; nothing where they count otherwise."""
    found = [*NUMBERED.finditer(text)]
    if not found or [int(one[1]) for one in found] != list(range(1, len(found) + 1)):
        return []
    ends = [one.start() for one in found[1:]] + [len(text)]
    return [text[one.end() : end].strip() for one, end in zip(found, ends, strict=True)]
