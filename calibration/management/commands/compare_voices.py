from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

GIVEN = (
    "reference", "threshold", "classes", "good", "patience",
    "calls", "tokens", "money", "draws", "replicates", "seed",
)  # fmt: skip


class Command(BaseCommand):
    help = (
        "Print which way to ask buys more different good answers for as many calls, tokens or as much money: "
        "conditions of the same queries, and models together, compared with a query asked as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("collection")
        parser.add_argument(
            "--encoder", required=True, metavar="NAME", help="whose vectors tell answers apart"
        )
        parser.add_argument("--scorer", default="", metavar="NAME", help="whose scores say what is good")
        parser.add_argument("--models", default="", metavar="A,B", help="only these")
        parser.add_argument("--conditions", default="", metavar="A,B", help="only these")
        parser.add_argument("--reference", metavar="CONDITION", help="that the others are compared with")
        parser.add_argument("--ensemble", default="", metavar="A,B", help="models asked in turns (all)")
        parser.add_argument(
            "--threshold", type=float, metavar="S", help="answers are the same from this similarity on (0.8)"
        )
        parser.add_argument("--classes", metavar="COLUMN", help="of equivalent ideas, in its place")
        parser.add_argument(
            "--good",
            type=float,
            metavar="SCORE",
            help="from which on an answer is good (the reference's median)",
        )
        parser.add_argument("--patience", type=float, metavar="P", help="of utility's reader (0.8)")
        parser.add_argument(
            "--calls", type=int, metavar="N", help="a query (what the arm with the fewest has)"
        )
        parser.add_argument("--tokens", type=int, metavar="N", help="a query (the same)")
        parser.add_argument(
            "--money", type=float, metavar="X", help="a query, in the runs' currency (the same)"
        )
        parser.add_argument("--draws", type=int, metavar="N", help="of calls for a budget (20)")
        parser.add_argument("--replicates", type=int, metavar="N", help="of each interval (1000)")
        parser.add_argument("--seed", type=int, metavar="N", help="(0)")
        parser.add_argument("--json", action="store_true", help="everything, as JSON")

    def handle(self, *args: Any, collection: str, **options: Any) -> None:
        from calibration.voices.lines import report_lines  # numpy starts slowly
        from calibration.voices.measuring import create_report
        from generation.collections import collection_named
        from generation.encoders import encoder_named
        from generation.management.report_work import in_one_line, measured, show

        with in_one_line():
            report = create_report(
                collection=collection_named(collection),
                encoder=encoder_named(options["encoder"]),
                asked=_specification(options),
            )
        show(measured(report), report_lines, self.stdout, as_json=options["json"])


def _specification(options: dict[str, Any]) -> Any:
    """What is asked; what is not named is left to its default. Raises UnusableResponses."""
    from generation.diversity.voices.specification import Specification
    from generation.management.report_work import names_of

    given = {name: options[name] for name in GIVEN if options[name] is not None}
    lists: dict[str, Any] = {name: names_of(options[name]) for name in ("models", "conditions", "ensemble")}
    return Specification(scorer=options["scorer"], **lists, **given)
