"""One browser without JavaScript, in the test's own process."""

import re
from html import unescape
from typing import Any

from django.test import Client

from annotation.models import Study
from annotation.studies import create_study, open_study
from tests.factory import make_items

PID = "5f1b2c3d4e5f6a7b8c9d0e1f"
PROLIFIC = {"PROLIFIC_PID": PID, "STUDY_ID": "study-7", "SESSION_ID": "submission-1"}
MTURK = {
    "workerId": "A1WORKER",
    "assignmentId": "3ASSIGNMENT",
    "hitId": "2HIT",
    "turkSubmitTo": "https://www.mturk.com",
}
JSON = {"headers": {"Accept": "application/json"}}


def opened(slug: str = "answers", *, items: int = 3, kind: str = "rating", **fields: Any) -> Study:
    defaults: dict[str, Any] = {"labels_per_item": 3, "session_size": items}
    study = create_study(slug=slug, name=slug.title(), kind=kind, **(defaults | fields))
    make_items(study, items)
    open_study(study=study)
    study.refresh_from_db()
    return study


class Visitor:
    """One browser without JavaScript: it reads the page it is on and sends that page's form."""

    def __init__(self, study: Study, **parameters: str) -> None:
        self.home = f"/s/{study.slug}/"
        self.client = Client()
        self.parameters = parameters
        self.hidden: dict[str, str] = {}

    def get(self, path: str = "", **extra: Any) -> Any:
        return self._read(self.client.get(f"{self.home}{path}", follow=True, **extra))

    def enter(self) -> Any:
        return self._read(self.client.get(self.home, self.parameters, follow=True))

    def send(self, path: str | None = None, *, follow: bool = True, **fields: Any) -> Any:
        """Send the page's form, to another address if one is given."""
        extra = fields.pop("extra", {})
        data = self.hidden | fields
        return self._read(self.client.post(path or self.action, data, follow=follow, **extra))

    def start(self) -> Any:
        self.enter()
        self.send()
        return self.send()

    def _read(self, response: Any) -> Any:
        self.page = response
        self.text = response.content.decode()
        if form := re.search(r'<form method="post" action="([^"]+)"', self.text):
            self.action = form[1]
            inputs = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.text)
            self.hidden = {name: unescape(value) for name, value in inputs}
        return response

    @property
    def here(self) -> str:
        return str(self.page.request["PATH_INFO"])


def radios(text: str) -> list[tuple[str, str, bool]]:
    """Each choice in the page's order: its value, what is read with it, whether it is checked."""
    found = re.findall(r'<label><input type="radio" name="label" value="(-?\d+)"([^>]*)>(.*?)</label>', text)
    return [(value, re.sub("<[^>]+>", "", shown).strip(), " checked" in rest) for value, rest, shown in found]
