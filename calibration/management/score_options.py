"""The options of the command `score`, and what they ask for: a recipe, a server, a name."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

if TYPE_CHECKING:
    from calibration.scorers.recipe import ScorerRecipe
    from generation.models import ModelServer

KINDS = {
    "judge": "a language model is told what to look at, and rates or compares",
    "reward": "a reward model gives a number, or several",
    "perplexity": "how likely a language model finds the responses",
    "simple": "length, lexical diversity, readability, similarity to the query's other responses",
}
# What a recipe takes as it is given, by the names of its fields.
FIELDS = {
    "judge": (
        "model", "method", "votes", "temperature", "top_p", "max_tokens", "retries", "seed", "heads",
        "structured",
    ),
    "reward": ("model", "heads", "main", "scores", "template", "path", "device", "truncate"),
    "perplexity": ("model", "definition", "template", "device"),
}  # fmt: skip
# How a server is asked that is not said to speak something else.
DIALECTS = {"reward": "vllm_classify", "perplexity": "vllm"}
LIMITS = ("concurrency", "requests_a_minute", "timeout")


def add_options(parser: ArgumentParser, kind: str) -> None:
    """The options of one kind, and those that every run has."""
    if kind == "simple":
        parser.add_argument(
            "--only", action="append", metavar="NAME", help="words, characters, diversity, ...; repeatable"
        )
    else:
        _add_model(parser)
        {"judge": _add_judge, "reward": _add_reward, "perplexity": _add_perplexity}[kind](parser)
        _add_run(parser)
    parser.add_argument("--audit", action="store_true", help="then audit the study's scorers")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def _add_model(parser: ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help="as its server, or the hub, calls it; or a folder")
    server = parser.add_argument_group("the server")
    one = server.add_mutually_exclusive_group()
    one.add_argument("--server", metavar="NAME", help="one that manage.py model_server knows")
    one.add_argument("--base-url", metavar="URL", help="such as http://localhost:8080/v1")
    server.add_argument("--key-variable", metavar="VAR", help="the environment variable that holds its key")
    server.add_argument("--concurrency", type=int, metavar="N", help="requests at a time (8)")
    server.add_argument("--requests-a-minute", type=int, metavar="N")
    server.add_argument("--timeout", type=int, metavar="SECONDS", help="that one answer may take (60)")


def _add_judge(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--rubric", default="overall", help="overall, hhh, NAME, NAME:VERSION or FILE.json (overall)"
    )
    parser.add_argument("--pairwise", action="store_true", help="compare two responses, in both orders")
    parser.add_argument("--method", choices=["number", "logprobs", "votes", "stated"], help="(number)")
    parser.add_argument("--votes", type=int, metavar="N", help="of each, with --method votes")
    parser.add_argument(
        "--heads", action="store_true", default=None, help="each criterion is a scorer of its own too"
    )
    for name in ("--temperature", "--top-p"):
        parser.add_argument(name, type=float, metavar="X")
    for name in ("--max-tokens", "--retries", "--seed"):
        parser.add_argument(name, type=int, metavar="N")
    parser.add_argument("--plain", action="store_true", help="send neither temperature nor top-p")
    parser.add_argument("--structured", choices=["auto", "off"], help="ask for JSON by a schema (auto)")


def _add_reward(parser: ArgumentParser) -> None:
    _add_dialect(parser)
    parser.add_argument(
        "--head", action="append", dest="heads", metavar="NAME", help="one of several scores; repeatable"
    )
    parser.add_argument("--main", metavar="HEAD", help="the head whose score is the scorer's own")
    parser.add_argument("--scores", choices=["raw", "probabilities"], help="(raw)")
    parser.add_argument("--path", help="where the server is asked, if not at the dialect's usual path")
    parser.add_argument("--truncate", action="store_true", default=None, help="cut what is too long")


def _add_perplexity(parser: ArgumentParser) -> None:
    _add_dialect(parser)
    parser.add_argument("--definition", choices=["response", "chat", "both"], help="of what (response)")


def _add_dialect(parser: ArgumentParser) -> None:
    parser.add_argument("--dialect", help="how the server is asked; without a server, in this process")
    parser.add_argument("--template", metavar="TEXT", help="with {query} and {response}, in place of a chat")
    parser.add_argument("--device", help="of a model in this process, such as cpu or cuda:1 (auto)")


def _add_run(parser: ArgumentParser) -> None:
    run = parser.add_argument_group("the run")
    run.add_argument("--name", metavar="SCORER", help="what its scores are stored under")
    for name, of in ("in", "read"), ("out", "written"):
        run.add_argument(f"--price-{name}", type=_money, metavar="X", help=f"of a million tokens {of}")
    run.add_argument("--currency", help="(USD)")
    run.add_argument("--budget-tokens", type=int, metavar="N", help="stop before more are used")
    run.add_argument("--budget-money", type=_money, metavar="X", help="stop before more is spent")
    run.add_argument("--trial", type=int, metavar="N", help="ask about the first N alone")
    run.add_argument("--dry-run", action="store_true", help="count tokens and cost; nobody is asked")
    run.add_argument("--show", action="store_true", help="print what is sent first; nobody is asked")


def _money(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError from None


def recipe_of(options: Mapping[str, Any]) -> "ScorerRecipe":
    """The recipe that the options ask for. Raises CommandError and RecipeError."""
    from calibration.scorers.reading import read_recipe

    kind = options["kind"]
    given = {name: options[name] for name in FIELDS[kind] if options[name] is not None}
    if kind == "judge":
        if options["plain"]:
            given |= {"temperature": None, "top_p": None}
        given["rubric"] = _rubric(options["rubric"], pairwise=options["pairwise"]).as_dict()
    else:
        usual = DIALECTS[kind] if options["server"] or options["base_url"] else "local"
        given["dialect"] = options["dialect"] or usual
    return read_recipe({"kind": kind, **given})


def _rubric(wanted: str, *, pairwise: bool) -> Any:
    """A rubric of a file, a built-in one or one's own, of the version that is named or the newest."""
    from calibration.rubrics import rubric_named
    from calibration.scorers.judges.rubrics import BUILT_IN, Rubric

    if wanted.endswith(".json"):
        found = Rubric.from_dict(_json(Path(wanted)))
    elif pairwise and f"pairwise {wanted}" in BUILT_IN:
        found = BUILT_IN[f"pairwise {wanted}"]
    else:
        name, _, version = wanted.rpartition(":")
        named = name and version.isdecimal()
        found = rubric_named(name, version=int(version)) if named else rubric_named(wanted)
    if pairwise and not found.pairwise:
        raise CommandError(f"The rubric {wanted} is about one response: --pairwise takes one about two.")
    return found


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror or error}.") from None
    except ValueError as error:  # neither UTF-8 nor JSON
        raise CommandError(f"{path} is no JSON: {error}.") from None


def server_of(options: Mapping[str, Any], recipe: "ScorerRecipe") -> "ModelServer | None":
    """The server to ask, None for a model in this process. Raises CommandError and ServerError."""
    from generation.servers import command_line_server, server_named

    name, url = options["server"], options["base_url"]
    limits = {limit: options[limit] for limit in LIMITS if options[limit] is not None}
    if recipe.local:
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


def name_of(options: Mapping[str, Any], recipe: "ScorerRecipe") -> str:
    """What the scores are stored under: as asked for, else after the model and what it is asked."""
    from calibration.runs.names import usual_name

    if options["name"]:
        return str(options["name"])
    given = recipe.as_dict()
    return usual_name(given, str(given["model"]))
