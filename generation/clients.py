"""The only place that talks to model servers."""

from dataclasses import dataclass


class ServerRefuses(Exception):
    """No request to this server can succeed, and why, in one line without any key."""


@dataclass(frozen=True)
class Client:
    """A model server as it is asked."""

    base_url: str
