"""How model servers are spoken to: by the `openai` package, over a transport of our own.

The transport alone holds the key. It keeps to the addresses that may be reached, follows no redirect, and
bounds an exchange's time and size.
"""

import json
import logging
import re
import time
from base64 import b64encode, urlsafe_b64encode
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore2
import httpx2
import openai

from generation.answers import Later, Rejected, ServerRefuses, failure
from generation.connections import Backend
from generation.reach import Unreachable, is_here

LARGEST = 20_000_000  # bytes of an answer
CONNECTIONS = 512
RESTS = 15.0  # seconds that a connection is kept between two requests; few servers close it sooner
# Shorter ones are words such as "none", for servers that want any.
SHORTEST_KEY = 8
# All else that the openai package would send tells of this machine, or comes from its environment.
SENT = (b"host", b"accept", b"content-type", b"content-length", b"user-agent")


class Transport(httpx2.BaseTransport):
    """Makes each exchange whole: what it returns was read to its end, and has no key in it."""

    def __init__(self, pool: httpcore2.ConnectionPool, key: str, timeout: float) -> None:
        self.pool = pool
        self.timeout = timeout
        self.spellings = Spellings(key.encode("ascii")) if len(key) >= SHORTEST_KEY else None
        self.headers = [(b"Accept-Encoding", b"identity")]
        if key:
            self.headers.append((b"Authorization", b"Bearer " + key.encode("ascii")))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        over = time.monotonic() + self.timeout
        timeouts = {"pool": self.timeout, "connect": over, "read": over, "write": over}
        kept = [(name, value) for name, value in request.headers.raw if name.lower() in SENT]
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self.pool.handle_request(
            httpcore2.Request(
                request.method,
                url,
                headers=kept + self.headers,
                content=request.content,
                extensions={"timeout": timeouts},
            )
        )
        try:
            _check_plain(answer)
            content = _whole(answer)
        finally:
            answer.close()
        if self.spellings:
            content = self.spellings.hidden(content)
        return httpx2.Response(answer.status, headers=answer.headers, content=content)

    def close(self) -> None:
        self.pool.close()


class Spellings:
    """A key as a server may repeat it: with the escapes of JSON and of URLs, or in base64."""

    def __init__(self, key: bytes) -> None:
        ways = rb"(?:%s|\\%s|\\u00(?i:%02x)|%%(?i:%02x))"
        bytes_ = ((re.escape(b"%c" % byte), byte) for byte in key)
        self.escaped = re.compile(b"".join(ways % (one, one, byte, byte) for one, byte in bytes_))
        self.encoded: list[bytes] = []
        for before in range(3):  # bytes beside the key share its first and its last characters
            first, last = (0, 2, 3)[before], (None, -3, -2)[(len(key) + before) % 3]
            for encode in (b64encode, urlsafe_b64encode):
                self.encoded.append(encode(bytes(before) + key)[first:last])

    def hidden(self, content: bytes) -> bytes:
        """The content without them."""
        for encoded in self.encoded:
            content = content.replace(encoded, b"(key)")
        return self.escaped.sub(b"(key)", content)


def _check_plain(answer: httpcore2.Response) -> None:
    """Raises Rejected where it is compressed: a little of it may hold more than memory does."""
    for name, value in answer.headers:
        if name.lower() == b"content-encoding" and value.lower() != b"identity":
            raise Rejected("The model server's answer is compressed, which was not asked for.")


def _whole(answer: httpcore2.Response) -> bytes:
    content = bytearray()
    for part in answer.iter_stream():
        content += part
        if len(content) > LARGEST:
            raise Rejected(f"The model server's answer is larger than {LARGEST // 1_000_000} MB.")
    return bytes(content)


def connected(
    base_url: str, key: str, *, timeout: float, anywhere: bool, allowed: tuple[str, ...]
) -> openai.OpenAI:
    """A pool of connections to one server, which many threads may share; the arguments are `Client`'s.

    Raises ServerRefuses.
    """
    # What they log at lower levels are an answer's headers, which may repeat the key.
    for package in ("openai", "httpx2", "httpcore2"):
        logging.getLogger(package).setLevel(logging.WARNING)
    try:
        pool = _pool(base_url, Backend(anywhere=anywhere, allowed=allowed))
    except httpx2.InvalidURL:
        raise ServerRefuses("The model server's address is the name of no machine.") from None
    http = httpx2.Client(transport=Transport(pool, key, timeout), trust_env=False, timeout=timeout)
    return openai.OpenAI(base_url=base_url, api_key="-", max_retries=0, timeout=timeout, http_client=http)


def _pool(base_url: str, backend: Backend) -> httpcore2.ConnectionPool:
    """By the environment's proxy only where any address may be reached: a proxy reaches what it likes."""
    asked = httpx2.URL(base_url)
    proxy = getproxies().get(asked.scheme)
    if not proxy or not backend.anywhere or is_here(asked.host) or proxy_bypass(asked.host):
        return httpcore2.ConnectionPool(
            network_backend=backend, max_connections=CONNECTIONS, keepalive_expiry=RESTS
        )
    url = httpx2.URL(proxy if "://" in proxy else f"http://{proxy}")
    if url.scheme != "http" or not url.host:
        raise ServerRefuses("The environment names a proxy that is not of the form http://HOST:PORT.")
    through = httpx2.Proxy(url)
    return httpcore2.HTTPProxy(
        str(through.url),
        proxy_auth=through.raw_auth,
        network_backend=backend,
        max_connections=CONNECTIONS,
        keepalive_expiry=RESTS,
    )


def exchange(server: openai.OpenAI, url: str, body: dict[str, Any] | None = None) -> bytes:
    """What the server answers to a GET, or to a POST of the body. Raises Later, Rejected, ServerRefuses."""
    try:
        if body is None:
            return server.get(url, cast_to=httpx2.Response).content
        return server.post(url, cast_to=httpx2.Response, body=body).content
    except openai.APIStatusError as error:
        answer = error.response
        raise failure(answer.status_code, answer.headers, _read(answer.content)) from None
    except Unreachable as error:
        raise ServerRefuses(str(error)) from None
    except httpcore2.TimeoutException:
        raise Later("The model server did not answer in time.") from None
    except (httpcore2.ConnectError, httpcore2.ProxyError) as error:
        raise Later(f"The model server is not reached: {error}.") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError):
        raise Later("The model server ended the connection before its answer was whole.") from None


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content.decode(errors="replace")
