"""The command `mine_queries`: queries out of a chat log."""

import json
from argparse import ArgumentParser
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from generation.management.run_options import add_run_options, add_server_options, server_of, terms_of
from generation.management.structured_options import add_structured_options, structured_fields

if TYPE_CHECKING:
    from generation.models import Mining, Run


class Command(BaseCommand):
    help = (
        "Mine queries out of a chat log (.jsonl, .json, .parquet): WildChat, ShareGPT or OpenAI messages. "
        "Gates by the log's own fields come first; then --model says of each text that is left whether it is "
        "an open-ended query. Without --model the log is only read. The same command again goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        gates = parser.add_argument_group("the gates")
        gates.add_argument("--format", default="auto", choices=["auto", "wildchat", "sharegpt", "openai"])
        gates.add_argument("--least", type=int, default=15, metavar="N", help="characters (15)")
        gates.add_argument("--most", type=int, default=200, metavar="N", help="characters (200)")
        gates.add_argument("--language", default="en", help="its code or English name (en)")
        gates.add_argument(
            "--near", type=float, default=0.8, metavar="X", help="Jaccard similarity of near duplicates (0.8)"
        )
        gates.add_argument("--single-turn", action="store_true", help="of conversations with one turn alone")
        gates.add_argument(
            "--model-contains", default="", metavar="TEXT", help="of conversations with such models alone"
        )
        gates.add_argument("--limit", type=int, metavar="N", help="read the first N conversations alone")
        add_structured_options(parser, required=False)
        add_server_options(parser)
        add_run_options(parser, name="what the mining is called, and its collection (after the file)")
        parser.add_argument("--run", metavar="NAME", help="what the run is called (after both)")

    def handle(self, *args: Any, **options: Any) -> None:
        from generation.management.mine_lines import funnel_lines, named, outcome, summary
        from generation.management.run_work import carry_out, in_one_line  # openai starts slowly

        mining = read(options)
        if not options["model"]:
            lines = [json.dumps(summary(mining))] if options["json"] else funnel_lines(mining)
            self.stdout.write("\n".join(lines))
            return
        with in_one_line():
            carry_out(self.stdout, options, partial(wanted, mining, options), named=named, outcome=outcome)


def read(options: dict[str, Any]) -> "Mining":
    """The mining of the file, read to its end. Raises CommandError."""
    from tqdm import tqdm

    from generation.files import FileError
    from generation.mining.gates import Limits
    from generation.mining.reading import read_log

    names = ("least", "most", "language", "near", "single_turn", "model_contains", "limit")
    bar = partial(tqdm, desc="reading", unit=" conversations", disable=None, leave=False, mininterval=0.5)
    try:
        return read_log(
            path=options["file"],
            limits=Limits(**{name: options[name] for name in names}),
            name=options["name"] or "",
            schema=options["format"],
            progress=lambda found: iter(bar(found)),
        )
    except FileError as error:
        raise CommandError(error.listing()) from None
    except KeyboardInterrupt:
        raise CommandError("Stopped. The same command goes on.", returncode=130) from None


def wanted(mining: "Mining", options: dict[str, Any]) -> "Run":
    """The mining's run of this model, made where there is none."""
    from generation.management.run_work import same
    from generation.models import Run
    from generation.recipes.gating import GatingRecipe
    from generation.runs.asking import create_run

    recipe = GatingRecipe(**structured_fields(options))
    server = server_of(options, local=False)
    name = options["run"] or f"{mining.name} by {recipe.model}"
    known = Run.objects.filter(name=name).first()
    if known is None:
        return create_run(
            kind=Run.Kind.MINE, name=name, recipe=recipe, mining=mining, server=server, **terms_of(options)
        )
    if known.mining_id != mining.pk:
        raise CommandError(f"{name} is another run: choose another --run.")
    return same(known, recipe, server, options)
