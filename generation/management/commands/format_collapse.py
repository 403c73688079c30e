from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from generation.collections import collection_named
from generation.encoders import encoder_named
from generation.models import FormatReport


class Command(BaseCommand):
    help = (
        "Print how the formats of responses change over the checkpoints of a training: their shares, how "
        "even these are, when one takes over, how many responses are correct."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("collection", help="the queries' collection")
        parser.add_argument("--family", required=True, metavar="NAME", help="whose checkpoints")
        parser.add_argument("--models", default="", metavar="A,B", help="only these of them")
        parser.add_argument(
            "--condition",
            metavar="NAME",
            help='under which they answered, where there are several; "" for none',
        )
        parser.add_argument(
            "--rules", default="shapes", metavar="FILE|NAME", help="that say which format is which (shapes)"
        )
        parser.add_argument(
            "--encoder", default="", metavar="NAME", help="for similarity within a checkpoint"
        )
        parser.add_argument(
            "--threshold", type=float, default=0.5, metavar="T", help="the share that takes over (.5)"
        )
        parser.add_argument("--k", type=int, metavar="K", help="of pass@k; else as many as every query has")
        parser.add_argument("--replicates", type=int, default=1000, help="of each interval (1000)")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--json", action="store_true", help="everything, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        from generation.formats.lines import report_lines  # numpy starts slowly
        from generation.management.report_work import in_one_line, measured, show

        with in_one_line():
            report = self._written_down(options)
        show(measured(report), report_lines, self.stdout, as_json=options["json"])

    @transaction.atomic
    def _written_down(self, options: dict[str, Any]) -> FormatReport:
        from generation.formats.measuring import create_report
        from generation.formats.sorting import rules_for
        from generation.formats.specification import Specification
        from generation.management.report_work import names_of

        asked = Specification(
            family=options["family"],
            models=names_of(options["models"]),
            **{name: options[name] for name in ("condition", "threshold", "k", "replicates", "seed")},
        )
        return create_report(
            collection=collection_named(options["collection"]),
            rules=rules_for(options["rules"]),
            encoder=encoder_named(options["encoder"]) if options["encoder"] else None,
            asked=asked,
        )
