from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.importers import import_items
from annotation.models import Study
from annotation.studies import StudyError
from generation.files import FileError, progress_bar


class Command(BaseCommand):
    help = "Add the items of a .jsonl, .csv or .parquet file to a draft study, made where there is none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--study", required=True, metavar="SLUG")
        parser.add_argument("--name", help="the study's name on pages; the slug if left out")
        parser.add_argument("--kind", choices=Study.Kind.values, help="what the columns say if left out")
        parser.add_argument("--labels-per-item", type=int, help="25 if left out")
        parser.add_argument("--session-size", type=int, help="15 if left out")
        parser.add_argument("--design", choices=Study.Design.values, help="random if left out")
        parser.add_argument("--open", action="store_true", help="let people in")
        parser.add_argument(
            "--extend", action="store_true", help="add to the study also when it is open, paused or closed"
        )
        parser.add_argument(
            "--skip-bad-rows", action="store_true", help="import the rest, and name what was skipped"
        )

    def handle(self, **options: Any) -> None:
        names = ("name", "kind", "labels_per_item", "session_size", "design", "skip_bad_rows", "extend")
        try:
            report = import_items(
                path=options["file"],
                slug=options["study"],
                open_study=options["open"],
                progress=progress_bar,
                **{name: options[name] for name in names},
            )
        except FileError as error:
            raise CommandError(error.listing()) from None
        except StudyError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(report.text())
        if options["open"]:
            self.stdout.write(f"The study is open at /s/{options['study']}/")
