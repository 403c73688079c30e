from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from generation.files import progress_bar


class Command(BaseCommand):
    help = (
        "Print which order of tasks forgets least, by a table of scores after stages of training. No "
        "database is needed, unless it names models and collections whose responses have the entropies."
    )
    requires_system_checks = ()  # for a file alone nothing has to be set up

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="run, stage, trained, task, score, se or n, ...")
        parser.add_argument("--draws", type=int, default=1000, help="behind each interval (1000)")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--json", action="store_true", help="everything, as JSON")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        from generation.management.report_work import Bar, in_one_line, show  # numpy starts slowly
        from generation.task_order.entropies import need_responses, with_entropies
        from generation.task_order.lines import report_lines
        from generation.task_order.report import task_order_report
        from generation.task_order.specification import Specification
        from generation.task_order.table import read_table

        with in_one_line():
            asked = Specification(draws=options["draws"], seed=options["seed"])
            rows = read_table(file, progress=progress_bar)
            if need_responses(rows):
                rows = with_entropies(rows)
            with Bar() as bar:
                found = task_order_report(rows, asked, version=settings.VERSION, progress=bar.to)
        show(found, report_lines, self.stdout, as_json=options["json"])
