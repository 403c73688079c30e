"""A server on this machine that speaks like Prolific's API, in the form of its documentation."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "a researcher's token"
STUDY = "64395e9c2332b8a59a65d51e"
PAGE = 2


class FakeProlific(ThreadingHTTPServer):
    """Answers from `submissions`, a few a page; each of `failures` is answered once, before anything else."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.submissions: list[dict[str, Any]] = []
        self.study: dict[str, Any] = {"id": STUDY, "reward": 250, "currency_code": "GBP"}
        self.failures: list[tuple[int, dict[str, str]]] = []
        self.bodies: list[bytes] = []
        self.next_host = ""
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/api/v1/"

    def add(self, external: str, status: str = "AWAITING REVIEW", code: str = "", **more: Any) -> None:
        self.submissions.append(
            {
                "id": external,
                "participant_id": "60bf9310e8dec401be6e9615",
                "status": status,
                "started_at": "2026-03-01T12:00:00.000000Z",
                "completed_at": None,
                "has_siblings": False,
                "study_code": code or None,
                "return_requested": None,
                **more,
            }
        )

    def page(self, number: int) -> dict[str, Any]:
        start = (number - 1) * PAGE
        more = start + PAGE < len(self.submissions)
        host = self.next_host or self.address.removesuffix("/api/v1/")
        following = f"{host}/api/v1/studies/{STUDY}/submissions/?page={number + 1}" if more else None
        return {
            "results": self.submissions[start : start + PAGE],
            "_links": {"next": {"href": following, "title": "Next"}},
            "meta": {"count": len(self.submissions)},
        }


class _Handler(BaseHTTPRequestHandler):
    server: FakeProlific

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append(self.path)
        if self.server.failures:
            status, headers = self.server.failures.pop(0)
            self._answer(status, {"error": {"status": status}}, headers)
        elif self.headers.get("Authorization") != f"Token {TOKEN}":
            self._answer(401, {"detail": "Invalid token."})
        elif self.server.bodies:
            self._send(200, self.server.bodies.pop(0), {})
        elif parts.path == f"/api/v1/studies/{STUDY}/submissions/":
            self._answer(200, self.server.page(int(parse_qs(parts.query).get("page", ["1"])[0])))
        elif parts.path == f"/api/v1/studies/{STUDY}/":
            self._answer(200, self.server.study)
        else:
            self._answer(404, {"detail": "Not found."})

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(body).encode(), headers or {})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing is printed while tests run."""


@contextmanager
def prolific_running() -> Iterator[FakeProlific]:
    with FakeProlific() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
