"""The options of the command `sample_responses`, and the recipe that they ask for."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from generation.management.run_options import add_run_options, add_server_options

if TYPE_CHECKING:
    from generation.decoding import Decoding
    from generation.recipes.sampling import SampleRecipe
    from generation.strategies import Strategy

STRATEGIES = ("plain", "persona", "personas", "several")
DECODINGS = ("top-p", "min-p", "own")
DRAWING = ("temperature", "top_p", "min_p", "top_k")


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("collection", help="whose queries are asked")
    parser.add_argument(
        "--model",
        action="append",
        required=True,
        dest="models",
        metavar="NAME[@SERVER]",
        help="as its server, or the hub, calls it; repeatable, each a run of its own",
    )
    parser.add_argument("--as", dest="named", metavar="NAME", help="what the responses' model is called here")
    parser.add_argument("--family", default="", metavar="NAME", help="which training the model is of")
    parser.add_argument("--step", type=int, metavar="N", help="after how many steps of it")
    parser.add_argument(
        "--local",
        nargs="?",
        const="auto",
        metavar="DEVICE",
        help="in this process; on cpu, cuda:1 ... (auto)",
    )
    parser.add_argument("-n", "--samples", type=int, default=50, metavar="N", help="responses a query (50)")
    parser.add_argument(
        "--strategy",
        default="plain",
        metavar="NAME|FILE",
        help=f"{', '.join(STRATEGIES)}, or a template's file",
    )
    parser.add_argument("--personas", metavar="FILE", help="personas of your own, one a line")
    parser.add_argument("--answers", type=int, metavar="M", help="of one call, with --strategy several (5)")
    parser.add_argument("--seed", type=int, metavar="S", help="of which each call's seed is made")
    parser.add_argument(
        "--retries",
        type=int,
        default=3,
        metavar="N",
        help="after replies in which no response can be told (3)",
    )
    parser.add_argument(
        "--token-entropy", action="store_true", help="keep the mean token entropy of each reply"
    )
    drawing = parser.add_argument_group("how tokens are drawn")
    drawing.add_argument(
        "--decoding", choices=DECODINGS, help="the paper's two, or only what is given (top-p)"
    )
    for name in ("temperature", "top-p", "min-p"):
        drawing.add_argument(f"--{name}", type=float, metavar="X")
    for name in ("top-k", "max-tokens"):
        drawing.add_argument(f"--{name}", type=int, metavar="N")
    add_server_options(parser)
    add_run_options(parser)


def recipe_of(options: Mapping[str, Any], model: str) -> "SampleRecipe":
    """What one model is asked for. Raises CommandError and RecipeError."""
    from generation.recipes.sampling import SampleRecipe

    return SampleRecipe(
        model=model,
        named=options["named"] or "",
        strategy=_strategy(options),
        decoding=_decoding(options),
        samples=options["samples"],
        seed=options["seed"],
        device=options["local"],
        retries=options["retries"],
        token_entropy=options["token_entropy"],
        family=options["family"],
        step=options["step"],
    )


def _strategy(options: Mapping[str, Any]) -> "Strategy":
    from generation.strategies import SHIPPED, read_personas, strategy_named

    name, path = options["strategy"], Path(options["strategy"])
    own = () if options["personas"] is None else read_personas(_text(Path(options["personas"])))
    template = "" if name in SHIPPED else _text(path)
    strategy = strategy_named(
        name if name in SHIPPED else path.stem[:40],
        answers=options["answers"] or 5,
        personas=own,
        template=template,
    )
    if own and strategy.personas != own:
        raise CommandError(f"The strategy {name} has no personas: leave --personas out.")
    if options["answers"] is not None and strategy.answers == 1:
        raise CommandError("--answers goes with --strategy several.")
    return strategy


def _decoding(options: Mapping[str, Any]) -> "Decoding":
    """A preset with what is given in place of its own; only what is given, where no preset is asked for."""
    from generation.decoding import PRESETS, Decoding

    given = {name: options[name] for name in (*DRAWING, "max_tokens") if options[name] is not None}
    drawn = any(name in DRAWING for name in given)
    preset = options["decoding"] or ("own" if drawn else "top-p")
    return replace(PRESETS.get(preset, Decoding()), **given)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CommandError(
            f"There is no strategy and no file {path}: the strategies are {', '.join(STRATEGIES)}."
        ) from None
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not in UTF-8: save it in UTF-8.") from None
