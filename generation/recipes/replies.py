"""What a model's reply says: its answer without the thoughts before it, and the object that it holds."""

import re
from collections.abc import Collection
from typing import Any, TypeAlias

from generation.recipes.loose_json import Leaf, Node, Unreadable, objects

# Members by their keys as `normal` writes them; texts stand for numbers, true and false too, None for null.
Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"

THOUGHT = re.compile(r"\s*(?:<(?:think|thinking|thought|reasoning)>|\[THINK\])", re.IGNORECASE)
THOUGHT_ENDS = re.compile(r"</(?:think|thinking|thought|reasoning)>|\[/THINK\]", re.IGNORECASE)
REFUSAL = re.compile(
    r"\W*(?:(?:i['’]m|i am)?\s*(?:very |so |really )?(?:sorry|apologies|unfortunately)|i apologi[sz]e)?"
    r"[\s,.;:—–-]*(?:but\s+)?(?:as an? [^.,]{0,60},\s*)?"
    r"i\s*(?:can(?:no|['’]?)t|can not|won['’]t|will not|refuse|decline|must (?:decline|refuse)"
    r"|(?:have|need) to (?:decline|refuse)|(?:am|['’]m) (?:unable|not able|not comfortable)"
    r"|(?:do not|don['’]t) feel comfortable)\b",
    re.IGNORECASE,
)


class Unparsable(Exception):
    """Why a reply says nothing that can be read, in a few words."""


def answer(text: str) -> str:
    """The text, with blanks where the model thought aloud, so that places stay what they are.

    Raises Unparsable where nothing is left.
    """
    ends = 0
    if not text.lstrip().startswith(("{", "```")):
        for found in THOUGHT_ENDS.finditer(text):
            ends = found.end()
        if not ends and THOUGHT.match(text):
            raise Unparsable("it thinks and gives no answer")
    if not text[ends:].strip():
        raise Unparsable("it is empty")
    return " " * ends + text[ends:]


def refuses(text: str) -> bool:
    """Whether a reply in which nothing could be read declines to answer."""
    try:
        return REFUSAL.match(answer(text).lstrip()) is not None
    except Unparsable:
        return False


def stated(text: str, keys: Collection[str]) -> dict[str, Any]:
    """The object in a reply that has all these keys, in prose, fences and loose JSON too.

    Several must say the same: one of them may be quoted from what the model was shown. Raises Unparsable.
    """
    try:
        found = [value for node, _, _ in objects(answer(text)) for value in _holding(node, keys)]
    except Unreadable:
        raise Unparsable("its JSON is too broken") from None
    if not found:
        raise Unparsable(f"no object in it has {', '.join(keys)}")
    if any(value != found[0] for value in found):
        raise Unparsable("it holds several objects that differ")
    return found[0]


def _holding(node: Node, keys: Collection[str]) -> list[dict[str, Value]]:
    """The object, or those within it, that have all the keys."""
    if {normal(key) for key in keys} <= {normal(key) for key, _ in node.members}:
        value = _plain(node)
        return [value] if isinstance(value, dict) else []
    return [value for _, one in node.members if isinstance(one, Node) for value in _holding(one, keys)]


def _plain(part: Leaf | Node) -> Value:
    if isinstance(part, Leaf):
        if part.cut:
            raise Unparsable("it is cut off")
        return None if part.text.casefold() in ("null", "none") else storable(part.text)
    if not part.members or not part.members[0][0]:
        return [_plain(one) for _, one in part.members]
    value: dict[str, Value] = {}
    for key, one in part.members:
        read = _plain(one)
        if value.setdefault(normal(key), read) != read:
            raise Unparsable(f"it has {shown(key)} twice")
    return value


def normal(name: str) -> str:
    """A key, however a model writes it."""
    return re.sub(r"[\s_*-]+", " ", name).strip().casefold()


def storable(text: str) -> str:
    """Without what no database keeps: NUL, and half of a surrogate pair."""
    whole = text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass")
    return whole.decode("utf-16", "replace")


def shown(text: str) -> str:
    """The beginning of what a model wrote, on one line."""
    text = " ".join(storable(text[:80]).split())
    return text if len(text) <= 40 else text[:40] + "…"
