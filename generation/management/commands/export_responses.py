from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generation.collections import CollectionError, collection_named
from generation.exporters import response_lines


class Command(BaseCommand):
    help = "Write the responses to a collection's queries into a .jsonl file, as import_responses reads them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("collection")
        parser.add_argument("--output", required=True, metavar="FILE.jsonl")

    def handle(self, *args: Any, collection: str, output: str, **options: Any) -> None:
        path = Path(output)
        if path.suffix != ".jsonl":
            raise CommandError(f"{path.name}: the name must end in .jsonl.")
        part = path.with_name(f"{path.name}.part")
        number = 0
        try:
            with part.open("w", encoding="utf-8") as file:
                for lines in response_lines(collection_named(collection)):
                    number += lines.count("\n")
                    file.write(lines)
            part.replace(path)
        except CollectionError as error:
            part.unlink(missing_ok=True)
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror or error}.") from None
        self.stdout.write(f"Wrote {number:,} responses to {path}.")
