"""How often an address may do what could be flooded or guessed, counted by the hour in the cache.

A classroom shares an address, so the limits are wide. Nothing is counted of this machine's own address: it is
a rehearsal's, or a proxy's that BEHIND_PROXY does not tell of, and then everybody's.
"""

import time
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

HOUR = 3600


class TooOften(Exception):
    """More than an address may do in an hour; `seconds` until it may go on."""

    def __init__(self) -> None:
        super().__init__("too often")
        self.seconds = HOUR - int(time.time()) % HOUR


def client_address(request: HttpRequest) -> str | None:
    """Who asks: behind a proxy the last hop, which it wrote itself; anybody can write the others."""
    asking = request.META.get("REMOTE_ADDR", "")
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    for address in (hops.rpartition(",")[2].strip(), asking):
        try:
            return str(ip_address(address))
        except ValueError:
            continue
    return None


def arrive(request: HttpRequest) -> None:
    """Count one who was never here before. Raises TooOften beyond ARRIVALS_AN_HOUR."""
    if _count(request, "arrivals", 1) > settings.ARRIVALS_AN_HOUR:
        raise TooOften


def guess(request: HttpRequest, *, right: bool) -> None:
    """Count a code that was not right. Raises TooOften beyond WRONG_CODES_AN_HOUR, for right ones too.

    Otherwise whoever guesses could go on until a code opens something.
    """
    if _count(request, "wrong codes", 0 if right else 1) > settings.WRONG_CODES_AN_HOUR:
        raise TooOften


def _count(request: HttpRequest, what: str, more: int) -> int:
    """How many of these came from the request's address in this hour, with those that come now."""
    source = _source(request)
    if not source:
        return 0
    key = f"{what.replace(' ', '-')}:{source}:{int(time.time()) // HOUR}"
    cache.add(key, 0, timeout=HOUR)
    try:
        return cache.incr(key, more)
    except ValueError:  # a full cache dropped it just now
        return more


def _source(request: HttpRequest) -> str:
    """The address, or the network that one customer has of the newer kind; empty where nothing is counted."""
    address = ip_address(client_address(request) or "127.0.0.1")
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback:
        return ""
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
