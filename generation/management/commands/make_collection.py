from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generation.collections import CollectionError, collection_named, make_from
from generation.files import FileError, counted, progress_bar
from generation.query_files import import_queries, queries_of_file


class Command(BaseCommand):
    help = "Put queries under one name: those of a file, or some of another collection."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument(
            "--file", metavar="FILE", help="queries; with --from, those of it that the file names"
        )
        parser.add_argument("--from", dest="source", metavar="NAME", help="another collection")
        parser.add_argument("--sample", type=int, metavar="N", help="so many of them, drawn at random")
        parser.add_argument("--seed", type=int, default=0, metavar="S", help="of which they are drawn (0)")
        parser.add_argument("--only-open", action="store_true", help="those known to be open-ended")
        parser.add_argument(
            "--skip-bad-rows",
            action="store_true",
            help="take the rest of a file, and name what was skipped",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(self._made(**options))
        except FileError as error:
            raise CommandError(error.listing()) from None
        except CollectionError as error:
            raise CommandError(str(error)) from None

    def _made(
        self,
        name: str,
        file: str | None,
        source: str | None,
        sample: int | None,
        seed: int,
        only_open: bool,
        skip_bad_rows: bool,
        **_: Any,
    ) -> str:
        if source is None:
            if file is None:
                raise CommandError("Say which queries: --from NAME, or --file FILE.")
            if sample is not None or only_open:
                raise CommandError("--sample and --only-open choose from a collection: give --from NAME.")
            return import_queries(
                path=file, collection=name, skip_bad_rows=skip_bad_rows, progress=progress_bar
            ).text()
        other = collection_named(source)
        queries = other.queries.all() if file is None else queries_of_file(other, Path(file))
        made, new = make_from(
            name=name, source=other, queries=queries, only_open=only_open, sample=sample, seed=seed
        )
        which = f"{counted(made.queries.count(), 'queries')} of {other}"
        return f"Made the collection {made} of {which}." if new else f"{made} is there already, of {which}."
