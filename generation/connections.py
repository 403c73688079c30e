"""Connections to model servers: to what may be reached, and within their time.

What httpcore hands on as a timeout is here the moment, of `time.monotonic`, when the whole exchange must be
over: a server that sends a byte a second holds nobody for long.
"""

import socket
import ssl
import time
from collections.abc import Iterable
from ipaddress import ip_address
from select import POLLIN, poll
from typing import Any

import httpcore2

from generation.reach import Unreachable, forbidden, is_allowed, may_reach

# Seconds, for one of the addresses that a name has.
CONNECTING = 10.0
# The name may be known in a moment.
PASSING = (socket.EAI_AGAIN, socket.EAI_SYSTEM, socket.EAI_MEMORY)


class Backend(httpcore2.NetworkBackend):
    """Connects anywhere, or to public addresses and the hosts in `allowed`. Raises Unreachable."""

    def __init__(self, *, anywhere: bool, allowed: tuple[str, ...]) -> None:
        self.anywhere = anywhere
        self.allowed = allowed

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        free = self.anywhere or is_allowed(host, port, self.allowed)
        places = [
            (family, place)
            for family, _, _, _, place in _places(host, port, free)
            if free or may_reach(port, ip_address(place[0]))
        ]
        if not places:
            raise Unreachable(forbidden(host, port))
        problem: Exception | None = None
        for family, place in places:
            try:
                connection = _connected(family, place, timeout)
            except OSError as error:
                problem = error
                continue
            if not free and connection.getsockname()[0] == connection.getpeername()[0]:
                # This very machine by its public address, past its firewall.
                connection.close()
                raise Unreachable(forbidden(host, port))
            return Stream(connection)
        raise _failed(problem)


def _places(host: str, port: int, free: bool) -> list[Any]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in PASSING:
            raise httpcore2.ConnectError("its name cannot be looked up") from None
    except UnicodeError:
        pass
    raise Unreachable(
        f"{host} is the name of no machine: check its spelling." if free else forbidden(host, port)
    )


def _connected(family: int, place: Any, over: float | None) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(min(_left(over), CONNECTING))
        connection.connect(place)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        connection.close()
        raise
    return connection


def _failed(problem: Exception | None) -> Exception:
    if isinstance(problem, TimeoutError):
        return httpcore2.ConnectTimeout()
    return httpcore2.ConnectError(str(getattr(problem, "strerror", None) or "it cannot be reached").lower())


def _left(over: float | None) -> float:
    """Seconds until then; raises TimeoutError when there are none."""
    left = float("inf") if over is None else over - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return min(left, 1e6)


class Stream(httpcore2.NetworkStream):
    """A connection whose `timeout` is, as the backend's, a moment."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self.connection.settimeout(_left(timeout))
            return self.connection.recv(max_bytes)
        except TimeoutError:
            raise httpcore2.ReadTimeout from None
        except OSError as error:
            raise httpcore2.ReadError(error.strerror) from None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        try:
            while rest:
                self.connection.settimeout(_left(timeout))
                rest = rest[self.connection.send(rest) :]
        except TimeoutError:
            raise httpcore2.WriteTimeout from None
        except OSError as error:
            raise httpcore2.WriteError(error.strerror) from None

    def close(self) -> None:
        self.connection.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            self.connection.settimeout(_left(timeout))
            return Stream(ssl_context.wrap_socket(self.connection, server_hostname=server_hostname))
        except TimeoutError:
            problem: Exception = httpcore2.ConnectTimeout()
        except ssl.SSLCertVerificationError as error:
            problem = Unreachable(
                f"The certificate of {server_hostname} is not trusted: {error.verify_message}."
            )
        except ssl.SSLError as error:
            reason = (error.reason or "no TLS").lower().replace("_", " ")
            problem = Unreachable(f"{server_hostname} cannot be spoken to by TLS ({reason}).")
        except OSError as error:
            problem = httpcore2.ConnectError(error.strerror)
        self.close()
        raise problem

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks for: whether a connection at rest was closed, and what TLS agreed on."""
        if info == "is_readable":
            waiting = poll()
            waiting.register(self.connection, POLLIN)
            return bool(waiting.poll(0))
        if info == "ssl_object" and isinstance(self.connection, ssl.SSLSocket):
            return self.connection
        return None
