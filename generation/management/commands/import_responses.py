from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation.files import FileError, progress_bar
from generation.importers import import_responses


class Command(BaseCommand):
    help = "Store the responses of a .jsonl, .csv or .parquet file; those that are there already stay once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--collection", default="", metavar="NAME", help="put its queries there too")
        parser.add_argument(
            "--skip-bad-rows", action="store_true", help="import the rest, and name what was skipped"
        )

    def handle(self, **options: Any) -> None:
        try:
            report = import_responses(
                path=options["file"],
                collection=options["collection"],
                skip_bad_rows=options["skip_bad_rows"],
                progress=progress_bar,
            )
        except FileError as error:
            raise CommandError(error.listing()) from None
        self.stdout.write(report.text())
