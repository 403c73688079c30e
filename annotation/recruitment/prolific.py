"""Reads a study's submissions from Prolific. Nothing is written there: a person decides and acts.

Addresses, the token's header and the fields of answers are those of Prolific's API documentation (v1).
"""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
TRIES = 5
TIMEOUT = 20  # seconds, for one answer
LONGEST_WAIT = 30  # seconds, whatever Retry-After says
LARGEST = 50_000_000  # bytes
PAGES = 2_000
PASSING = {429, 500, 502, 503, 504}


class ProlificError(Exception):
    """What Prolific did not give, and why, in one line."""


@dataclass(frozen=True)
class ProlificSubmission:
    """One submission as Prolific has it; `paid` are the bonuses so far."""

    external: str
    status: str
    code: str
    paid: Decimal


@dataclass(frozen=True)
class Reward:
    """What Prolific pays for an approved submission."""

    amount: Decimal
    currency: str


class _Passing(Exception):
    """What another try may get past, after `wait` seconds at least."""

    def __init__(self, message: str, *, wait: float = 0) -> None:
        super().__init__(message)
        self.wait = wait


class _NoRedirects(HTTPRedirectHandler):
    """The token goes to Prolific's own address and to no other."""

    def redirect_request(self, *args: Any, **options: Any) -> None:
        return None


class Prolific:
    """Prolific's API with a researcher's token; `wait` seconds before a second try, then twice as many."""

    def __init__(self, *, token: str = "", address: str = "", wait: float = 1.0) -> None:
        self.token = token or settings.PROLIFIC_TOKEN
        self.address = (address or settings.PROLIFIC_API).rstrip("/") + "/"
        self.wait = wait
        self._opener = build_opener(_NoRedirects)
        if not self.token:
            raise ProlificError("PROLIFIC_TOKEN is not set: make a token in Prolific's settings.")

    def submissions(self, study: str) -> list[ProlificSubmission]:
        """Every submission of one of Prolific's studies. Raises ProlificError."""
        return [_submission(row) for row in self._rows(f"studies/{_checked(study)}/submissions/")]

    def reward(self, study: str) -> Reward:
        """Raises ProlificError."""
        found = self._get(urljoin(self.address, f"studies/{_checked(study)}/"))
        return Reward(_cents(found.get("reward")), str(found.get("currency_code") or ""))

    def _rows(self, path: str) -> Iterator[dict[str, Any]]:
        url = urljoin(self.address, path)
        for _ in range(PAGES):
            found = self._get(url)
            rows = found.get("results")
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise ProlificError("Prolific's answer has no list of results.")
            yield from rows
            following = ((found.get("_links") or {}).get("next") or {}).get("href")
            if not following:
                return
            url = self._own(urljoin(url, str(following)))
        raise ProlificError(f"Prolific's list has more than {PAGES:,} pages.")

    def _own(self, url: str) -> str:
        if urlsplit(url)[:2] != urlsplit(self.address)[:2]:
            raise ProlificError("Prolific's next page is at another address, which is not followed.")
        return url

    def _get(self, url: str) -> dict[str, Any]:
        problem = ""
        for turn in range(TRIES):
            try:
                return self._ask(url)
            except _Passing as error:
                problem = str(error)
                wait = max(self.wait * 2**turn, error.wait)
            if turn < TRIES - 1:
                time.sleep(min(wait, LONGEST_WAIT))
        raise ProlificError(f"Prolific {problem}, after {TRIES} tries: try again later.")

    def _ask(self, url: str) -> dict[str, Any]:
        headers = {"Authorization": f"Token {self.token}", "Accept": "application/json"}
        try:
            with self._opener.open(Request(url, headers=headers), timeout=TIMEOUT) as answer:
                body = answer.read(LARGEST)
        except HTTPError as error:
            if error.code in PASSING:
                wait = _seconds(error.headers.get("Retry-After"))
                raise _Passing(f"answers {error.code}", wait=wait) from None
            raise ProlificError(_refusal(error.code)) from None
        except (OSError, HTTPException):
            raise _Passing("is not reached") from None
        return _object(body)


def _checked(study: str) -> str:
    if not ID.fullmatch(study):
        raise ProlificError(f"{study!r} is no id of a study at Prolific.")
    return study


def _submission(row: dict[str, Any]) -> ProlificSubmission:
    external, status = row.get("id"), row.get("status")
    if not isinstance(external, str) or not isinstance(status, str):
        raise ProlificError("Prolific's answer has a submission without id or status.")
    code = row.get("study_code") or row.get("entered_code") or ""
    paid = sum((_cents(amount) for amount in row.get("bonus_payments") or []), Decimal(0))
    return ProlificSubmission(external, status, str(code), paid)


def _cents(amount: Any) -> Decimal:
    number = isinstance(amount, int | float) and not isinstance(amount, bool)
    return Decimal(str(amount)) / 100 if number else Decimal(0)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ProlificError("Prolific's answer is no JSON object.")
    return found


def _refusal(status: int) -> str:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return "Prolific refuses the token in PROLIFIC_TOKEN."
    if status == HTTPStatus.NOT_FOUND:
        return "Prolific knows no study of this id, or the token may not read it."
    return f"Prolific answers {status}."


def _seconds(given: str | None) -> float:
    """What Retry-After asks for; a date there is not looked at."""
    return float(given) if given and given.isdecimal() else 0
