"""A person with a plain browser: walks a study over HTTP by its HTML forms, without JavaScript."""

import http.client
import time
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit


@dataclass
class Form:
    """A page's form: where it goes, what it carries, and what it offers by the field's name."""

    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    offers: dict[str, list[str]] = field(default_factory=dict)

    @property
    def choices(self) -> list[str]:
        """The values of an item's answer."""
        return self.offers.get("label", [])

    def first(self) -> dict[str, str]:
        """The first thing that each field offers, as somebody without a view would answer."""
        return {name: values[0] for name, values in self.offers.items()}


class _Reader(HTMLParser):
    """Finds the forms, and the page's main link. Boxes are left alone but for a reply that is declined."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.onward = ""
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "a" and given.get("class", "").startswith("button main"):
            self.onward = given["href"]
        elif tag == "form" and given.get("method", "").lower() == "post":
            self.forms.append(Form(given.get("action", "")))
        elif tag == "select":
            self._select = name
        elif not self.forms:
            return
        elif tag == "option" and self._select and value:
            self._offer(self._select, value)
        elif tag == "input" and name:
            if given.get("type") == "hidden":
                self.forms[-1].hidden[name] = value
            elif given.get("type") == "radio" or name.endswith("-declined"):
                self._offer(name, value)

    def _offer(self, name: str, value: str) -> None:
        self.forms[-1].offers.setdefault(name, []).append(value)


@dataclass
class Page:
    url: str
    status: int
    text: str

    @property
    def form(self) -> Form | None:
        forms = self._reader.forms
        return forms[0] if forms else None

    @property
    def onward(self) -> str:
        """Where the main link leads; empty without one."""
        return self._reader.onward

    @cached_property
    def _reader(self) -> _Reader:
        reader = _Reader()
        reader.feed(self.text)
        return reader


class Person:
    """Follows redirects, keeps cookies and its connection, and tries again when the server is gone."""

    def __init__(self, address: str, door: str, *, patience: float = 30.0) -> None:
        self.host = urlsplit(address).netloc
        self.door = door
        self.patience = patience
        self.cookies: dict[str, str] = {}
        self.seconds: list[float] = []
        self._connection = http.client.HTTPConnection(self.host, timeout=60)

    def get(self, url: str) -> Page:
        return self._follow("GET", url, None)

    def send(self, page: Page, **fields: str) -> Page:
        """Submit the page's form with these fields, as a press of its main button does."""
        form = page.form
        assert form is not None, page.text
        return self._follow("POST", urljoin(page.url, form.action), urlencode(form.hidden | fields))

    def enter(self) -> Page:
        """Through the steps before the work to the first task, or to the page that says why there is none.

        At each step the first choice is taken, which fits a study whose right answers come first.
        """
        page = self.get(self.door)
        while page.status == 200 and not any(part in page.url for part in ("/task/", "/done/")):
            if page.form is not None and not page.form.action.startswith("http"):
                page = self.send(page, **page.form.first())
            elif "/practice/" in page.url:
                page = self.get(urljoin(page.url, page.onward))
            else:
                break
        return page

    def close(self) -> None:
        self._connection.close()

    def _follow(self, method: str, url: str, body: str | None) -> Page:
        status, location, text = self._request(method, url, body)
        while status in (301, 302, 303):
            url = urljoin(url, location)
            status, location, text = self._request("GET", url, None)
        return Page(url, status, text)

    def _request(self, method: str, url: str, body: str | None) -> tuple[int, str, str]:
        give_up = time.monotonic() + self.patience
        while True:
            started = time.perf_counter()
            try:
                self._connection.request(method, url, body, self._headers(body))
                response = self._connection.getresponse()
                text = response.read().decode()
            except (OSError, http.client.HTTPException):
                self._connection.close()
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.1)
                continue
            self.seconds.append(time.perf_counter() - started)
            for line in response.headers.get_all("Set-Cookie", []):
                self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
            return response.status, response.headers.get("Location", ""), text

    def _headers(self, body: str | None) -> dict[str, str]:
        headers = {"Accept": "text/html,*/*;q=0.8"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return headers
