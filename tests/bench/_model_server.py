"""A model server of a given latency, in a process of its own, that counts what it is asked.

Usage: python -m tests.bench._model_server LATENCY, which prints its port.
"""

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CONTENT = '{"criterion": "overall", "score": 4, "reason": "It does what was asked."}'
ANSWER = json.dumps(
    {
        "id": "answer",
        "object": "chat.completion",
        "created": 1_767_225_600,
        "model": "bench",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": CONTENT}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 300, "completion_tokens": 20, "total_tokens": 320},
        "score": 4.0,
    }
).encode()


class Counts:
    """What was asked, how often, and how many requests at a time."""

    def __init__(self) -> None:
        self.asked: Counter[bytes] = Counter()
        self.at_once = self.most = 0
        self.busy = 0.0
        self.first = self.last = time.monotonic()

    def begin(self, body: bytes) -> None:
        now = time.monotonic()
        if not self.asked:
            self.first = self.last = now
        self._tick(now)
        self.asked[body] += 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)

    def end(self) -> None:
        self._tick(time.monotonic())
        self.at_once -= 1

    def as_dict(self) -> dict[str, Any]:
        again = sum(times - 1 for times in self.asked.values())
        asked = sum(self.asked.values())
        return {
            "asked": asked, "again": again, "most": self.most, "busy": self.busy,
            "seconds": self.last - self.first,
        }  # fmt: skip

    def _tick(self, now: float) -> None:
        self.busy += self.at_once * (now - self.last)
        self.last = now


async def serve(latency: float) -> None:
    counts = Counts()

    def told(*, forget: bool) -> bytes:
        nonlocal counts
        found = json.dumps(counts.as_dict()).encode()
        if forget:
            counts = Counts()
        return found

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
                body = await reader.readexactly(length)
                if head.startswith(b"post"):
                    counts.begin(body)
                    await asyncio.sleep(latency)
                    counts.end()
                    found = ANSWER
                else:
                    found = told(forget=head.startswith(b"delete"))
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                    % (len(found), found)
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await server.serve_forever()


class Server:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"

    def counts(self, *, forget: bool = False) -> dict[str, Any]:
        """What it counted since it was told to forget."""
        request = urllib.request.Request(self.url, method="DELETE" if forget else "GET")
        with urllib.request.urlopen(request) as answer:
            found: dict[str, Any] = json.load(answer)
            return found


@contextmanager
def serving(latency: float) -> Iterator[Server]:
    """A running server, ended after the block."""
    command = [sys.executable, "-m", "tests.bench._model_server", str(latency)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Server(int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
