"""A model server on this machine: a real one over HTTP/1.1, which answers what a test says, faults too.

The forms of answers are those of OpenAI's API reference; `prompt_logprobs` is vLLM's.
"""

import json
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from ssl import SSLContext
from struct import pack
from threading import Event, Thread
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request: its JSON (or None), its headers by lower-case names, and when it came (monotonic)."""

    path: str
    body: Any
    headers: dict[str, str]
    at: float


@dataclass(frozen=True)
class Answer:
    """What comes back.

    Attributes
    ----------
    body : JSON, or text or bytes as they are
    wait : float
        Seconds before anything comes.
    cut : bool
        Half of the body comes, then the connection ends; of an empty body, not even the status.
    drip : float
        Seconds before each byte of the body.
    """

    body: dict[str, Any] | list[Any] | str | bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    cut: bool = False
    drip: float = 0.0

    def sent(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


def chat(
    text: str,
    *,
    tokens: tuple[int, int] = (10, 5),
    logprobs: Sequence[dict[str, float]] | None = None,
    finish: str = "stop",
    refusal: str | None = None,
) -> Answer:
    """A chat completion; `logprobs` has each token's alternatives, the token that was chosen first."""
    content = None if logprobs is None else [_likely(alternatives) for alternatives in logprobs]
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": None if refusal else text, "refusal": refusal},
        "logprobs": None if content is None else {"content": content, "refusal": None},
        "finish_reason": finish,
    }
    return Answer(_body("chat.completion", choice, tokens))


def completion(
    text: str = "",
    *,
    tokens: tuple[int, int] = (10, 1),
    logprobs: Sequence[tuple[str, float | None]] | None = None,
    prompt_logprobs: Sequence[dict[str, dict[str, Any]] | None] | None = None,
    finish: str = "length",
) -> Answer:
    """A completion; `logprobs` has the tokens of `text`, those of the prompt too where it was echoed."""
    choice: dict[str, Any] = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
    if logprobs is not None:
        starts = [sum(len(token) for token, _ in logprobs[:index]) for index in range(len(logprobs))]
        choice["logprobs"] = {
            "tokens": [token for token, _ in logprobs],
            "token_logprobs": [logprob for _, logprob in logprobs],
            "top_logprobs": [None if logprob is None else {token: logprob} for token, logprob in logprobs],
            "text_offset": starts,
        }
    if prompt_logprobs is not None:
        choice["prompt_logprobs"] = list(prompt_logprobs)
    return Answer(_body("text_completion", choice, tokens))


def embeddings(
    vectors: Sequence[Sequence[float]], *, as_base64: bool = False, tokens: int = 10, turned: bool = False
) -> Answer:
    """Vectors of texts, in the order of the texts or, which their index tells, in the other one."""
    rows = [
        {
            "object": "embedding",
            "index": index,
            "embedding": b64encode(pack(f"<{len(vector)}f", *vector)).decode() if as_base64 else list(vector),
        }
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    rows = rows[::-1] if turned else rows
    return Answer({"object": "list", "data": rows, "model": "model-of-the-tests", "usage": usage})


def _likely(alternatives: dict[str, float]) -> dict[str, Any]:
    top = [
        {"token": token, "logprob": logprob, "bytes": list(token.encode())}
        for token, logprob in alternatives.items()
    ]
    return {**top[0], "top_logprobs": top}


def _body(kind: str, choice: dict[str, Any], tokens: tuple[int, int]) -> dict[str, Any]:
    into, out = tokens
    usage = {"prompt_tokens": into, "completion_tokens": out, "total_tokens": into + out}
    return {
        "id": "answer-1",
        "object": kind,
        "created": 1_767_225_600,
        "model": "model-of-the-tests",
        "choices": [choice],
        "usage": usage,
    }


class ModelServer(ThreadingHTTPServer):
    """Answers every request with what `answer` says, each connection in a thread of its own."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.asked: list[Asked] = []
        self.ended = Event()
        self.connections: set[socket] = set()
        # How many connections there ever were.
        self.connected = 0

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """As a model server's documentation names it."""
        return f"http://127.0.0.1:{self.port}/v1"

    def end(self) -> None:
        """Stop; connections that clients keep are closed too."""
        self.ended.set()
        self.shutdown()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone says nothing here; a test's own mistake does."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connected += 1
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def do_POST(self) -> None:
        given = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.path, json.loads(given) if given else None, headers, time.monotonic())
        self.server.asked.append(asked)
        answer = self.server.answer(asked)
        if answer.wait:
            self.server.ended.wait(answer.wait)
        self._send(answer, answer.sent())

    do_GET = do_POST

    def _send(self, answer: Answer, body: bytes) -> None:
        self.close_connection = self.close_connection or answer.cut
        if answer.cut and not body:
            return
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        part = body[: len(body) // 2] if answer.cut else body
        if not answer.drip:
            self.wfile.write(part)
            return
        for start in range(len(part)):
            self.wfile.flush()
            if self.server.ended.wait(answer.drip):
                return
            self.wfile.write(part[start : start + 1])

    def log_message(self, *args: Any) -> None:
        """Nothing is printed while tests run."""


@contextmanager
def serving(answer: Callable[[Asked], Answer], *, tls: SSLContext | None = None) -> Iterator[ModelServer]:
    """A model server that runs until the end of the block; its `url` says http, by TLS too."""
    with ModelServer(answer) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.end()
            thread.join()
