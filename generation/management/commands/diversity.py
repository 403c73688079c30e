import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from generation.files import progress_bar


class Command(BaseCommand):
    help = (
        "Print how different responses are: within models, between them, under other conditions. Of a "
        "collection, or of files alone, for which no database is needed."
    )
    requires_system_checks = ()  # for files alone nothing has to be set up

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("collection", nargs="?", help="the queries' collection, unless files are given")
        parser.add_argument("--responses", type=Path, metavar="FILE", help="query, response, model, ...")
        parser.add_argument(
            "--embeddings", type=Path, metavar="FILE", help="their vectors, by response_id or row by row"
        )
        parser.add_argument("--classes", default="", metavar="COLUMN", help="of equivalent ideas (class)")
        parser.add_argument("--encoder", default="", metavar="NAME", help="whose vectors they are")
        parser.add_argument("--models", default="", metavar="A,B", help="only these")
        parser.add_argument("--conditions", default="", metavar="A,B", help="only these")
        parser.add_argument("--replicates", type=int, default=1000, help="of each interval (1000)")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--scheduler",
            default="threads",
            metavar="ADDRESS",
            help="of a Dask cluster, or threads, processes, synchronous (threads)",
        )
        parser.add_argument("--paper", action="store_true", help="the paper's figures, as it defines them")
        parser.add_argument("--json", action="store_true", help="everything, as JSON")

    def handle(self, *args: Any, collection: str | None, **options: Any) -> None:
        from generation.diversity.report.lines import report_lines  # numpy starts slowly
        from generation.diversity.report.specification import Specification
        from generation.management.report_work import in_one_line, names_of, show

        _check(collection, options)
        with in_one_line():
            asked = Specification(
                models=names_of(options["models"]),
                conditions=names_of(options["conditions"]),
                replicates=options["replicates"],
                seed=options["seed"],
                paper=options["paper"],
            )
            found = _of_files(asked, options) if collection is None else _of(collection, asked, options)
        show(found, report_lines, self.stdout, as_json=options["json"])


def _check(collection: str | None, options: dict[str, Any]) -> None:
    if (collection is None) == (options["responses"] is None):
        raise CommandError("Name a collection, or give its responses with --responses FILE.")
    if collection is not None and (options["embeddings"] or options["classes"]):
        raise CommandError("--embeddings and --classes are of files: give --responses FILE too.")
    if options["encoder"] and collection is None and options["embeddings"] is None:
        raise CommandError("--encoder names what made the vectors: give --embeddings FILE too.")


def _of_files(asked: Any, options: dict[str, Any]) -> dict[str, Any]:
    from generation.diversity.report.report import diversity_report
    from generation.management.report_work import Bar
    from generation.response_files import data_set

    with tempfile.TemporaryDirectory(prefix="diversity-") as folder, Bar() as bar:
        data = data_set(
            options["responses"],
            folder=Path(folder),
            embeddings=options["embeddings"],
            classes=options["classes"],
            models=asked.models,
            conditions=asked.conditions,
            encoder=options["encoder"],
            progress=progress_bar,
        )
        return diversity_report(
            data, asked, version=settings.VERSION, scheduler=options["scheduler"], progress=bar.to
        )


def _of(name: str, asked: Any, options: dict[str, Any]) -> dict[str, Any]:
    from generation.collections import collection_named
    from generation.encoders import encoder_named
    from generation.management.report_work import measured
    from generation.measuring import DiversityMeasurer, create_report

    report = create_report(
        collection=collection_named(name),
        encoder=encoder_named(options["encoder"]) if options["encoder"] else None,
        asked=asked,
    )
    return measured(report, DiversityMeasurer(options["scheduler"]))
