"""A person with a plain browser: walks a study over HTTP by its HTML forms, without JavaScript."""

import http.client
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit


@dataclass
class Form:
    """A page's form: where it goes, what it carries, the values of its radio buttons."""

    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    choices: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method", "").lower() == "post":
            self.forms.append(Form(given.get("action", "")))
        elif tag == "input" and self.forms:
            if given.get("type") == "hidden" and "name" in given:
                self.forms[-1].hidden[given["name"]] = given.get("value", "")
            elif given.get("name") == "label":
                self.forms[-1].choices.append(given["value"])


@dataclass
class Page:
    url: str
    status: int
    text: str

    @property
    def form(self) -> Form | None:
        reader = _Reader()
        reader.feed(self.text)
        return reader.forms[0] if reader.forms else None


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
        """Through consent and instructions to the first task, or to the page that says why there is none."""
        page = self.get(self.door)
        while page.status == 200 and page.form is not None and not page.form.choices:
            if "/done/" in page.url:
                break
            page = self.send(page)
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
        headers = {"Accept": "text/html"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return headers
