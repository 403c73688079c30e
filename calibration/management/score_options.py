"""The options of the command `score`, and what they ask for: a recipe, a name."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from generation.management.run_options import add_run_options, add_server_options

if TYPE_CHECKING:
    from annotation.models import Study
    from calibration.scorers.recipe import ScorerRecipe

KINDS = {
    "judge": "a language model is told what to look at, and rates or compares",
    "panel": "a language model answers the study's question as each person of a panel: simulated people",
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
    "panel": ("model", "both_orders", "temperature", "top_p", "max_tokens", "retries", "seed", "structured"),
    "reward": ("model", "heads", "main", "scores", "template", "path", "device", "truncate"),
    "perplexity": ("model", "definition", "template", "device"),
}  # fmt: skip
# How a server is asked that is not said to speak something else.
DIALECTS = {"reward": "vllm_classify", "perplexity": "vllm"}


def add_options(parser: ArgumentParser, kind: str) -> None:
    """The options of one kind, and those that every run has."""
    if kind == "simple":
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
        parser.add_argument(
            "--only", action="append", metavar="NAME", help="words, characters, diversity, ...; repeatable"
        )
    else:
        parser.add_argument("--model", required=True, help="as its server, or the hub, calls it; or a folder")
        add_server_options(parser)
        ADDED[kind](parser)
        add_run_options(parser, name="what its scores are stored under")
    parser.add_argument("--audit", action="store_true", help="then audit the study's scorers")


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
    _add_asking(parser)


def _add_panel(parser: ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="NAME", help="one that manage.py make_panel made")
    parser.add_argument(
        "--both-orders", action="store_true", help="of two responses: each person sees both orders, two calls"
    )
    _add_asking(parser)


def _add_asking(parser: ArgumentParser) -> None:
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


ADDED = {"judge": _add_judge, "panel": _add_panel, "reward": _add_reward, "perplexity": _add_perplexity}


def recipe_of(study: "Study", options: Mapping[str, Any]) -> "ScorerRecipe":
    """The recipe that the options ask for. Raises CommandError, RecipeError and PanelError."""
    from calibration.scorers.reading import read_recipe

    kind = options["kind"]
    given = {name: options[name] for name in FIELDS[kind] if options[name] is not None}
    if options.get("plain"):
        given |= {"temperature": None, "top_p": None}
    if kind == "panel":
        from calibration.panels import panel_named, panel_recipe

        return panel_recipe(panel_named(options["panel"]), study, **given)
    if kind == "judge":
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


def name_of(options: Mapping[str, Any], recipe: "ScorerRecipe") -> str:
    """What the scores are stored under: as asked for, else after the model and what it is asked."""
    from calibration.runs.names import usual_name

    if options["name"]:
        return str(options["name"])
    given = recipe.as_dict()
    return usual_name(given, str(given["model"]))
