"""The command `import_embeddings`: vectors of responses from a file."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation.embedding_imports import import_embeddings
from generation.files import FileError, progress_bar


class Command(BaseCommand):
    help = (
        "Keep the vectors of a .parquet, .arrow, .jsonl or .npy file: columns embedding, and response_id or "
        "query and response. Responses that have one already keep it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--encoder", required=True, metavar="NAME", help="what they are kept under")
        parser.add_argument("--ids", metavar="FILE", help="of a .npy file: what names each row's response")
        parser.add_argument("--half", action="store_true", help="keep float16: half the size")
        parser.add_argument(
            "--skip-bad-rows", action="store_true", help="import the rest, and name what was skipped"
        )

    def handle(self, **options: Any) -> None:
        given = ("encoder", "ids", "half", "skip_bad_rows")
        try:
            report = import_embeddings(
                path=options["file"], progress=progress_bar, **{name: options[name] for name in given}
            )
        except FileError as error:
            raise CommandError(error.listing()) from None
        self.stdout.write(report.text())
