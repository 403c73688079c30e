from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from annotation.exporters import FORMATS, SHAPES, export_labels
from annotation.models import Study
from generation.files import FileError, counted


class Command(BaseCommand):
    help = "Write a study's labels to a file, which appears whole or not at all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", metavar="SLUG")
        parser.add_argument("--format", required=True, choices=FORMATS)
        parser.add_argument("--output", required=True, metavar="FILE")
        parser.add_argument(
            "--shape",
            default="long",
            choices=list(SHAPES),
            help="long: a row a label; items: a row an item; infinity-chat: the published data set's columns",
        )

        excluded = parser.add_mutually_exclusive_group()
        excluded.add_argument(
            "--with-excluded",
            action="store_true",
            default=None,
            help="also labels of excluded people; the long shape has them anyway, marked in a column",
        )
        excluded.add_argument(
            "--without-excluded",
            action="store_false",
            dest="with_excluded",
            help="leave them out, as all but the long shape do",
        )

    def handle(self, **options: Any) -> None:
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']}.")
        try:
            with tqdm(desc="writing", unit=" rows", disable=None, leave=False) as bar:
                rows = export_labels(
                    study=study,
                    format=options["format"],
                    shape=options["shape"],
                    output=options["output"],
                    with_excluded=options["with_excluded"],
                    advance=bar.update,
                )
        except FileError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Exported {counted(rows, 'rows')} of {study.slug} to {options['output']}.")
