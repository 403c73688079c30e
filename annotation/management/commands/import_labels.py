import argparse
import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.importers import import_labels
from annotation.models import Study
from annotation.studies import StudyError
from generation.files import FileError, progress_bar


def scale(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(-?\d{1,9})\.\.(-?\d{1,9})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a scale such as 1..5 or -2..2")
    return int(match[1]), int(match[2])


class Command(BaseCommand):
    help = "Store the labels of a .jsonl, .csv or .parquet file, wide or long, in a study of their own."

    def add_arguments(self, parser: CommandParser) -> None:
        # So that "--scale -2..2" is an option and its value, not two options.
        parser._negative_number_matcher = re.compile(r"^-\d+(\.\.-?\d+)?$")
        parser.add_argument("file")
        parser.add_argument("--study", required=True, metavar="SLUG")
        parser.add_argument("--name", help="the study's name on pages; the slug if left out")
        parser.add_argument("--question", help="what people were asked, as the file does not say")
        parser.add_argument("--kind", choices=Study.Kind.values, help="what the columns say if left out")
        parser.add_argument(
            "--scale", type=scale, metavar="LOW..HIGH", help="what the labels say if left out"
        )
        parser.add_argument(
            "--skip-bad-rows", action="store_true", help="import the rest, and name what was skipped"
        )

    def handle(self, **options: Any) -> None:
        names = ("name", "kind", "scale", "skip_bad_rows")
        stated = {} if options["question"] is None else {"question": options["question"]}
        try:
            report = import_labels(
                path=options["file"],
                slug=options["study"],
                progress=progress_bar,
                **{name: options[name] for name in names},
                **stated,
            )
        except FileError as error:
            raise CommandError(error.listing()) from None
        except StudyError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(report.text())
