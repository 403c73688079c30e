"""Which addresses may be reached: public ones, and hosts that were allowed.

`generation/connections.py` asks about the very address that it connects to: what a name meant a moment ago
says nothing about what it means now. The lists are IANA's registries of special-purpose addresses.
"""

import re
import socket
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address

# Below 1024 only the web's own: nobody's mail server is asked.
WEB_PORTS = (80, 443)
# What `is_global` of some versions of Python calls public, and what a cloud keeps to itself.
NOT_PUBLIC = [
    ip_network(network)
    for network in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "168.63.129.16/32",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
    )
]
# All IPv6 addresses that were ever given out.
GIVEN_OUT = ip_network("2000::/3")
NOT_PUBLIC_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?")
NAT64 = ip_network("64:ff9b::/96")


class Unreachable(Exception):
    """An address that is not reached however often it is tried, in one line.

    Where it is forbidden, the line does not tell what its name stands for within the network.
    """


def is_public(address: Address) -> bool:
    """Whether it is a host of the internet, also where an IPv6 address only wraps an IPv4 one."""
    if isinstance(address, IPv6Address):
        within = _wrapped(address)
        if within is not None:
            return is_public(within)
        if address.scope_id is not None or address not in GIVEN_OUT:
            return False
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not special and not any(address in network for network in NOT_PUBLIC)


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def literal(host: str) -> Address | None:
    """The address that a host spells, also as the C library reads it (127.1, 0x7f000001); None for a name."""
    with suppress(ValueError):
        return ip_address(host.strip("[]"))
    with suppress(OSError, ValueError):
        return IPv4Address(socket.inet_aton(host))
    return None


def is_here(host: str) -> bool:
    """Whether it is this machine by its usual names, to which no proxy leads."""
    address = literal(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def is_allowed(host: str, port: int, allowed: Iterable[str]) -> bool:
    """Whether one of `allowed`, each a host or host:port, names it; an address by any of its spellings."""
    return any(_is(host, entry) or _is_with_port(host, port, entry) for entry in allowed)


def _is_with_port(host: str, port: int, entry: str) -> bool:
    name, _, number = entry.rpartition(":")
    return number == str(port) and (":" not in name or name.endswith("]")) and _is(host, name)


def _is(host: str, name: str) -> bool:
    address = literal(host)
    if address is not None:
        return address == literal(name)
    return host.lower().rstrip(".") == name.lower().rstrip(".")


def may_reach(port: int, address: Address) -> bool:
    """Whether a host that nobody allowed may be reached at this address of it."""
    return _web_port(port) and is_public(address)


def _web_port(port: int) -> bool:
    return port in WEB_PORTS or port >= 1024


def surely_forbidden(host: str, port: int) -> bool:
    """Whether that is clear without looking the name up."""
    address = literal(host)
    if address is not None:
        return not may_reach(port, address)
    name = host.lower().rstrip(".")
    return "." not in name or name.endswith(NOT_PUBLIC_NAMES) or not _web_port(port)


def is_entry(entry: str) -> bool:
    """Whether it is a host or host:port, as `is_allowed` reads them."""
    try:
        parts = urlsplit(f"//{entry}")
        return literal(entry) is not None or (HOST.fullmatch(entry) is not None and parts.port != 0)
    except ValueError:
        return False


def forbidden(host: str, port: int) -> str:
    """The line about a host that may not be reached."""
    return (
        f"{host}:{port} is no public address of a web server: check its spelling. One within the network is "
        "set up by manage.py model_server, or named in MANYMINDS_MODEL_SERVERS."
    )
