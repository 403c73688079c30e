from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.studies import StudyError
from calibration.importers import import_scores
from calibration.models import Scorer
from generation.files import FileError, progress_bar


class Command(BaseCommand):
    help = "Store the scores of a .jsonl, .csv or .parquet file for a study's items or responses."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--study", required=True, metavar="SLUG")
        parser.add_argument("--scorer", metavar="NAME", help="the scorer of rows that name none")
        parser.add_argument(
            "--family", choices=Scorer.Family.values, help="the family of rows that name none"
        )
        parser.add_argument(
            "--replace", action="store_true", help="replace these scorers' scores in this study"
        )
        parser.add_argument(
            "--skip-bad-rows", action="store_true", help="import the rest, and name what was skipped"
        )

    def handle(self, **options: Any) -> None:
        names = ("scorer", "family", "replace", "skip_bad_rows")
        try:
            report = import_scores(
                path=options["file"],
                slug=options["study"],
                progress=progress_bar,
                **{name: options[name] for name in names},
            )
        except FileError as error:
            raise CommandError(error.listing()) from None
        except StudyError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(report.text())
