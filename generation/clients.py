"""The only place where model servers are asked; `generation/transport.py` is how."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from generation.answers import Later, Rejected, ServerRefuses, read, with_choices, with_data
from generation.reach import is_allowed

if TYPE_CHECKING:
    from openai import OpenAI

__all__ = ["Client", "Later", "Rejected", "ServerRefuses"]


@dataclass(frozen=True)
class Client:
    """A model server as it is asked; many threads may share one.

    Attributes
    ----------
    base_url : str
        As the server's documentation names it, such as https://api.example.org/v1.
    key : str
        Sent as a bearer token; where it is empty, none is.
    timeout : float
        Seconds that one exchange may take in all.
    anywhere : bool
        Whether private addresses may be reached too; else only public ones, and those in `allowed`.
    allowed : tuple of str
        Hosts that may be reached wherever they are, each a host or host:port.
    """

    base_url: str
    key: str = field(default="", repr=False)
    timeout: float = 60.0
    anywhere: bool = False
    allowed: tuple[str, ...] = ()

    def chat(self, body: dict[str, Any]) -> dict[str, Any]:
        """A chat completion, with one choice at least. Raises Later, Rejected, ServerRefuses."""
        return with_choices(self._exchange("/chat/completions", body))

    def completion(self, body: dict[str, Any]) -> dict[str, Any]:
        """A completion, with one choice at least. Raises Later, Rejected, ServerRefuses."""
        return with_choices(self._exchange("/completions", body))

    def embeddings(self, body: dict[str, Any]) -> dict[str, Any]:
        """Vectors of texts. Raises Later, Rejected, ServerRefuses."""
        return with_data(self._exchange("/embeddings", body))

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any] | list[Any]:
        """What another path answers: "classify", "v1/score" stand beside a base's /v1; "" is the base.

        Raises Later, Rejected, ServerRefuses.
        """
        if not path:
            return self._exchange(self.base_url, body)
        return self._exchange(self.base_url.rstrip("/").removesuffix("/v1") + "/" + path.lstrip("/"), body)

    def models(self) -> tuple[str, ...]:
        """The models that it lists, none where it does not. Raises Later, Rejected, ServerRefuses."""
        try:
            found = self._exchange("/models", None)
        except ServerRefuses as error:
            if error.status in (404, 405):
                return ()
            raise
        rows = found.get("data") if isinstance(found, dict) else None
        named = [row["id"] for row in rows or () if isinstance(row, dict) and isinstance(row.get("id"), str)]
        return tuple(" ".join(name.split())[:200] for name in named)

    def close(self) -> None:
        """End the connections that it keeps; asked again, it makes new ones."""
        server = self.__dict__.pop("_server", None)
        if server is not None:
            server.close()

    def _exchange(self, url: str, body: dict[str, Any] | None) -> dict[str, Any] | list[Any]:
        from generation.transport import exchange  # openai starts slowly

        try:
            return read(exchange(self._server, url, body))
        except ServerRefuses as error:
            if error.status == 401 and not self.key:
                raise ServerRefuses("The model server wants a key, and has none here (401).", 401) from None
            raise

    @cached_property
    def _server(self) -> "OpenAI":
        from generation.transport import connected

        problem = address_problem(self.base_url) or self._key_problem()
        if problem:
            raise ServerRefuses(problem)
        return connected(
            self.base_url, self.key, timeout=self.timeout, anywhere=self.anywhere, allowed=self.allowed
        )

    def _key_problem(self) -> str:
        if not key_can_be_sent(self.key):
            return "The model server's key holds characters that no key has: enter it again."
        if self.key and not self.anywhere and goes_in_the_clear(self.base_url, self.allowed):
            return "A key is never sent over plain http to a public address: begin the address with https://."
        return ""


def address_problem(base_url: str) -> str:
    """What keeps a URL from being a model server's, in one line; "" for nothing."""
    try:
        parts = urlsplit(base_url)
        named = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        named = False
    if not named or not base_url.isascii() or not base_url.isprintable() or " " in base_url:
        return "The address must look like https://HOST/v1."
    if "@" in parts.netloc:
        return "The address must hold no user name, password or key."
    if "?" in base_url or "#" in base_url or "\\" in base_url:
        return "The address must hold no query and no fragment: a key has a field of its own."
    if parts.path.rstrip("/").endswith("/completions"):
        return "The address ends before /chat/completions or /completions, most often in /v1."
    return ""


def key_can_be_sent(key: str) -> bool:
    """Whether a header can carry it."""
    return key.isascii() and key.isprintable() and " " not in key


def goes_in_the_clear(base_url: str, allowed: tuple[str, ...]) -> bool:
    """Whether a key would cross the internet without TLS."""
    parts = urlsplit(base_url)
    return parts.scheme == "http" and not is_allowed(parts.hostname or "", parts.port or 80, allowed)
