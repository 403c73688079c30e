"""What Prolific tells by webhook: whether it is theirs, whether it is fresh, and what it says.

Signature, headers and body are as Prolific's documentation of webhooks describes them.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from annotation.models import Submission

SIGNATURE = "X-Prolific-Request-Signature"
SENT = "X-Prolific-Request-Timestamp"
EVENT = "X-Event-ID"
HAPPENED = "X-Timestamp"
ABOUT_A_SUBMISSION = "submission.status.change"
FRESH = 5 * 60  # seconds
LONGEST_ID = 200


class InvalidNotice(Exception):
    """A request that is not taken; `status` is what HTTP calls it."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class SubmissionNotice:
    """Where one submission stands now."""

    event: str
    external: str
    status: str
    at: datetime


def read_notice(
    *, body: bytes, headers: Mapping[str, str], secret: str, now: datetime
) -> SubmissionNotice | None:
    """The notice; None where it is Prolific's but about something else. Raises InvalidNotice."""
    signature, sent = headers.get(SIGNATURE, ""), headers.get(SENT, "")
    if not hmac.compare_digest(sign(body=body, sent=sent, secret=secret), signature.encode()):
        raise InvalidNotice("The signature does not fit.", status=401)
    moment = _seconds(sent)
    if abs(now.timestamp() - moment) > FRESH:
        raise InvalidNotice("The request is older than five minutes, or of the future.")
    given = _parse(body)
    status = given.get("status")
    if given.get("event_type") != ABOUT_A_SUBMISSION or not status or status not in Submission.Status.values:
        return None
    # The signature itself is one of a kind, should the header be missing.
    event = headers.get(EVENT) or signature
    external = given.get("resource_id")
    if not isinstance(external, str) or not _plain(external) or not _plain(event):
        raise InvalidNotice("The event's or the submission's id is missing or odd.")
    # Only the time of sending is signed: nothing can have happened after it.
    at = min(moment, _seconds(headers.get(HAPPENED) or sent))
    return SubmissionNotice(event, external, status, datetime.fromtimestamp(at, UTC))


def sign(*, body: bytes, sent: str, secret: str) -> bytes:
    """The signature that Prolific would send."""
    return base64.b64encode(hmac.new(secret.encode(), sent.encode() + body, hashlib.sha256).digest())


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds < 1e11:  # refuses nan and infinity too
        raise InvalidNotice("A timestamp is missing or odd.")
    return seconds


def _parse(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise InvalidNotice("The body is no JSON object.")
    return given


def _plain(text: str) -> bool:
    return 0 < len(text) <= LONGEST_ID and text.isascii() and text.isprintable()
