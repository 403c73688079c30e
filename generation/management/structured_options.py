"""The options of commands that ask a language model for JSON, and the fields of the recipe that they mean."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

FIELDS = ("model", "temperature", "top_p", "max_tokens", "retries", "seed", "structured")


def add_structured_options(parser: ArgumentParser, *, required: bool = True) -> None:
    """Which model, and how it is asked."""
    model = parser.add_argument_group("the model")
    model.add_argument("--model", required=required, help="as its server calls it")
    for name, usual in ("temperature", "0"), ("top-p", "the server’s"):
        model.add_argument(f"--{name}", type=float, metavar="X", help=f"({usual})")
    model.add_argument("--plain", action="store_true", help="send neither temperature nor top-p")
    model.add_argument("--max-tokens", type=int, metavar="N", help="of one reply, thoughts included (1024)")
    model.add_argument("--retries", type=int, metavar="N", help="of a reply that cannot be read (3)")
    model.add_argument("--seed", type=int, metavar="N")
    model.add_argument("--structured", choices=["auto", "off"], help="ask for JSON by a schema (auto)")


def structured_fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are given."""
    given = {name: options[name] for name in FIELDS if options[name] is not None}
    return given | ({"temperature": None, "top_p": None} if options["plain"] else {})
