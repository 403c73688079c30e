"""What a model server's answer is good for: its JSON, or the error that says whether another try may help."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

LONGEST_LINE = 300  # characters of what a server says of itself
LONGEST_WAIT = 3600.0  # seconds, whatever the server asks for
BUSY_WAIT = 5.0  # seconds, of a server that is busy and does not say for how long

BUSY = {429, 503}

AGAIN = {408, 409, 424, 425, 429}
NEVER = {400, 411, 413, 414, 415, 422, 431}
REASONS = {
    401: "refuses the key",
    402: "wants to be paid",
    403: "forbids this",
    404: "knows no such path or model",
    405: "does not serve this path",
    501: "does not serve this",
}
# OpenAI's forms: 20ms, 1s, 6m0s, 1h2m.
SPAN = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
NUMBER = re.compile(r"-?\d+(\.\d+)?")


class ServerRefuses(Exception):
    """No request to this server can succeed, and why, in one line without any key; with its status."""

    def __init__(self, line: str, status: int | None = None) -> None:
        super().__init__(line)
        self.status = status


class Rejected(Exception):
    """This request can never succeed, and why, in one line without any key."""


class Later(Exception):
    """Another try may succeed: after `wait` seconds, where the server said so."""

    def __init__(self, line: str, wait: float | None = None) -> None:
        super().__init__(line)
        self.wait = wait


def read(content: bytes) -> dict[str, Any] | list[Any]:
    """An answer's JSON; what no database keeps (NUL, half a surrogate pair) becomes U+FFFD. Raises Later."""
    try:
        found = json.loads(content.replace(rb"\u0000", rb"\ufffd"))
        if rb"\ud" in content.lower():
            text = json.dumps(found, ensure_ascii=False)
            found = json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    except (ValueError, RecursionError):
        raise Later("The model server's answer is not JSON: is this its address? Most end in /v1.") from None
    if not isinstance(found, dict | list):
        raise Later("The model server's answer is neither a JSON object nor a list.")
    return found


def with_choices(answer: dict[str, Any] | list[Any]) -> dict[str, Any]:
    """A completion, which has one choice at least. Raises Later, or what the error that it carries means."""
    return _with("choices", answer, "a completion")


def with_data(answer: dict[str, Any] | list[Any]) -> dict[str, Any]:
    """Vectors, one at least. Raises Later, or what the error that it carries means."""
    return _with("data", answer, "vectors")


def _with(name: str, answer: dict[str, Any] | list[Any], wanted: str) -> dict[str, Any]:
    """An answer with a list of objects under this name."""
    if not isinstance(answer, dict):
        raise Later(f"The model server's answer is a list, not {wanted}.")
    entries = answer.get(name)
    if isinstance(entries, list) and entries and all(isinstance(entry, dict) for entry in entries):
        return answer
    # OpenRouter's way: the status is 200, and the error has a code of its own.
    error = answer.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, int) and 400 <= code < 600:
        raise failure(code, {}, answer)
    raise Later(_line(f"The model server's answer has no {name}", _message(answer)))


def failure(status: int, headers: Mapping[str, str], answer: Any) -> Exception:
    """What an answer that is no success means for other tries; `answer` is its JSON or its text."""
    message = _message(answer)
    if 300 <= status < 400:
        return ServerRefuses("The model server sends on to another address, which is not followed.")
    if status == 429 and _code(answer) == "insufficient_quota":
        return ServerRefuses(_line("The model server's account has nothing left (429)", message))
    if status in AGAIN or (status >= 500 and status not in REASONS):
        reason = "asks for patience" if status == 429 else "fails"
        wait = wait_of(headers)
        if wait is None and status in BUSY:
            wait = BUSY_WAIT
        return Later(_line(f"The model server {reason} ({status})", message), wait)
    if status in NEVER:
        return Rejected(_line(f"The model server rejects the request ({status})", message))
    # A server that refuses a key likes to repeat it.
    said = "" if status == 401 else message
    return ServerRefuses(_line(f"The model server {REASONS.get(status, 'refuses')} ({status})", said), status)


def wait_of(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that the server asks to wait: of Retry-After, a number or a date, or of its rate limits.

    From 0 to an hour; None where it asks for nothing, or for what is no time.
    """
    found = [
        _seconds(headers.get("retry-after-ms"), 1000),
        _seconds(headers.get("retry-after"), 1),
        _until(headers.get("retry-after"), now or datetime.now(UTC)),
        _span(headers.get("x-ratelimit-reset-requests")),
        _span(headers.get("x-ratelimit-reset-tokens")),
    ]
    wait = next((seconds for seconds in found if seconds is not None), None)
    return None if wait is None else min(max(wait, 0.0), LONGEST_WAIT)


def _seconds(given: str | None, a_second: int) -> float | None:
    if given is None or len(given) > 30 or not NUMBER.fullmatch(given.strip()):
        return None
    return float(given) / a_second


def _until(given: str | None, now: datetime) -> float | None:
    try:
        date = parsedate_to_datetime(given or "")
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()


def _span(given: str | None) -> float | None:
    found = SPAN.fullmatch(given.strip()) if given and len(given) <= 30 else None
    if not found or not found.group():
        return None
    hours, minutes, seconds, milliseconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


def _code(answer: Any) -> Any:
    error = answer.get("error") if isinstance(answer, dict) else None
    return error.get("code") or error.get("type") if isinstance(error, dict) else None


def _message(answer: Any) -> str:
    """What it says of itself in the forms of OpenAI, vLLM, text-embeddings-inference and FastAPI."""
    said: Any = answer
    for key in ("error", "message", "detail", 0, "msg"):
        if isinstance(said, dict) and key in said:
            said = said[key]
        elif isinstance(said, list) and said and key == 0:
            said = said[0]
    if not isinstance(said, str) or said.lstrip().startswith("<"):
        return ""
    return "".join(character if character.isprintable() else " " for character in said[: 4 * LONGEST_LINE])


def _line(what: str, message: str) -> str:
    said = " ".join(message.split()).rstrip(".")
    if not said:
        return f"{what}."
    return f"{what}: {said if len(said) <= LONGEST_LINE else said[:LONGEST_LINE] + '…'}."
