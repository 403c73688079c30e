"""How the console answers: a whole page, or the part of it that htmx asked for."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails


class ConsoleRequest(HttpRequest):
    """A request of somebody who is signed in."""

    htmx: HtmxDetails
    user: User


def page(
    request: ConsoleRequest, template: str, context: dict[str, Any], *parts: str, status: int = 200
) -> HttpResponse:
    """The page; or the named partial of its template, where htmx asked for one of `parts` by its id.

    Going back in the browser asks for the whole page, and caches keep page and parts apart.
    """
    part = wanted_part(request, *parts)
    response = render(request, f"{template}#{part}" if part else template, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target", "HX-History-Restore-Request"])
    return response


def wanted_part(request: ConsoleRequest, *parts: str) -> str:
    """Which of the parts is asked for; empty for the whole page."""
    target = request.htmx.target or ""
    return target if request.htmx and not request.htmx.history_restore_request and target in parts else ""


def text_of(request: HttpRequest, name: str) -> str:
    """A search text from the address; no database takes NUL."""
    return request.GET.get(name, "").replace("\x00", "").strip()[:200]


def cell(text: str) -> str:
    """The text for a list that people open in a spreadsheet, which shall take none for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
