"""A panel of any name: what its links call a person and a visit, and the address that takes people back."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from annotation.studies import StudyError

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,49}")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
CODE = "code"
# What addresses here mean already.
TAKEN = frozenset(
    {"PROLIFIC_PID", "STUDY_ID", "SESSION_ID", "workerId", "assignmentId", "hitId", "turkSubmitTo"}
    | {"invitation", "card", "language", CODE}
)


def panel_of(*, person: str, visit: Sequence[str], return_url: str) -> dict[str, Any]:
    """A panel's settings as a study keeps them; nothing for no panel. Raises StudyError."""
    names = [person, *visit]
    if not any([*names, return_url]):
        return {}
    for name in names:
        if not NAME.fullmatch(name):
            raise StudyError(f"{name!r} is no parameter's name: use letters, digits, and . _ - between them.")
        if name in TAKEN:
            raise StudyError(f"The name {name} has a meaning here: let the panel use another.")
    if len(set(names)) < len(names):
        raise StudyError("Two of the panel's parameters have one name.")
    _check_address(return_url, [CODE, *names])
    return {"person": person, "visit": list(visit), "return_url": return_url}


def return_address(return_url: str, values: Mapping[str, str]) -> str:
    """The address with its placeholders filled in, safe for a URL."""
    return PLACEHOLDER.sub(lambda found: quote(values.get(found[1], ""), safe=""), return_url)


def _check_address(return_url: str, known: Sequence[str]) -> None:
    if not return_url:
        return
    unknown = [name for name in PLACEHOLDER.findall(return_url) if name not in known]
    if unknown:
        fit = ", ".join(f"{{{name}}}" for name in known)
        raise StudyError(f"The return address asks for {{{unknown[0]}}}; what can be filled in: {fit}.")
    filled = return_address(return_url, dict.fromkeys(known, "x"))
    if set(filled) & set("{} \"'<>\\") or not filled.isprintable():
        raise StudyError("The return address has a character that no address has, or half a placeholder.")
    try:
        parts = urlsplit(return_url)
        plain = parts.scheme == "https" and parts.hostname and "@" not in parts.netloc
    except ValueError:
        plain = False
    if not plain or PLACEHOLDER.search(parts.netloc):
        raise StudyError("The return address begins with https:// and the panel's host name.")
