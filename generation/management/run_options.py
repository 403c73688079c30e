"""The options that every command has which asks a model live: which server, what it costs, how far to go."""

from argparse import ArgumentParser
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

if TYPE_CHECKING:
    from generation.models import ModelServer

LIMITS = ("concurrency", "requests_a_minute", "timeout")
PRICES = ("price_in", "price_out", "currency")
BUDGETS = ("budget_tokens", "budget_money")


def add_server_options(parser: ArgumentParser) -> None:
    """Where the model is asked."""
    server = parser.add_argument_group("the server")
    one = server.add_mutually_exclusive_group()
    one.add_argument("--server", metavar="NAME", help="one that manage.py model_server knows")
    one.add_argument("--base-url", metavar="URL", help="such as http://localhost:8080/v1")
    server.add_argument("--key-variable", metavar="VAR", help="the environment variable that holds its key")
    server.add_argument("--concurrency", type=int, metavar="N", help="requests at a time (8)")
    server.add_argument("--requests-a-minute", type=int, metavar="N")
    server.add_argument("--timeout", type=int, metavar="SECONDS", help="that one answer may take (60)")


def add_run_options(parser: ArgumentParser, *, name: str = "what the run is called") -> None:
    """What the run is called, costs and may cost, and whether it is only looked at."""
    run = parser.add_argument_group("the run")
    run.add_argument("--name", help=name)
    for price, of in ("in", "read"), ("out", "written"):
        run.add_argument(f"--price-{price}", type=_money, metavar="X", help=f"of a million tokens {of}")
    run.add_argument("--currency", help="(USD)")
    run.add_argument("--budget-tokens", type=int, metavar="N", help="stop before more are used")
    run.add_argument("--budget-money", type=_money, metavar="X", help="stop before more is spent")
    run.add_argument("--trial", type=int, metavar="N", help="ask about the first N alone")
    run.add_argument("--dry-run", action="store_true", help="count tokens and cost; nobody is asked")
    run.add_argument("--show", action="store_true", help="print what is sent first; nobody is asked")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def _money(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError from None


def server_of(options: Mapping[str, Any], *, local: bool) -> "ModelServer | None":
    """The server to ask, None for a model in this process. Raises CommandError and ServerError."""
    from generation.servers import command_line_server, server_named

    name, url = options["server"], options["base_url"]
    limits = {limit: options[limit] for limit in LIMITS if options[limit] is not None}
    if local:
        if name or url:
            raise CommandError("This model runs in this process: leave the server out.")
        return None
    if url:
        return command_line_server(base_url=url, key_variable=options["key_variable"] or "", **limits)
    if name is None:
        raise CommandError("Say where the model is: --base-url URL, or --server NAME.")
    if limits or options["key_variable"]:
        raise CommandError("A known server has its key and its limits: manage.py model_server changes them.")
    return server_named(name)


def terms_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """The prices and budgets that are given."""
    return {field: options[field] for field in (*PRICES, *BUDGETS) if options[field] is not None}
