from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Study


class Command(BaseCommand):
    help = (
        "Print which effects among a study's people a scorer's answers show too: differences between groups "
        "of items, or of people, with what people themselves replicate beside it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the study")
        parser.add_argument("--scorer", required=True, metavar="NAME", help="whose scores stand in the study")
        given = parser.add_mutually_exclusive_group(required=True)
        given.add_argument(
            "--contrasts", type=Path, metavar="FILE", help="contrast, of, by, a, b; or items_a, items_b"
        )
        given.add_argument(
            "--by", default="", metavar="COLUMN", help="every two values of it, such as model or a question"
        )
        parser.add_argument("--splits", type=int, default=100, help="of people into two halves (100)")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--json", action="store_true", help="everything, as JSON")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        from calibration.effects.contrasts import read_contrasts  # scipy starts slowly
        from calibration.effects.lines import report_lines
        from calibration.effects.measuring import create_report
        from generation.management.report_work import in_one_line, measured, show

        study = Study.objects.filter(slug=slug).first()
        if study is None:
            raise CommandError(f"There is no study {slug}.")
        with in_one_line():
            report = create_report(
                study=study,
                scorer=options["scorer"],
                contrasts=read_contrasts(options["contrasts"]) if options["contrasts"] else (),
                by=options["by"],
                splits=options["splits"],
                seed=options["seed"],
            )
        show(measured(report), report_lines, self.stdout, as_json=options["json"])
