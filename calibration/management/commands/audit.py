from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Study
from calibration.models import Audit


class Command(BaseCommand):
    help = "Audit the scorers of a study: do they know what people think, also where people disagree?"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--json", action="store_true", help="print everything as JSON")
        parser.add_argument("--html", type=Path, metavar="FILE", help="write a report that needs no network")
        parser.add_argument("--preset", choices=Audit.Preset.values, default=Audit.Preset.STANDARD)
        parser.add_argument("--epsilon", type=float, default=0.2, help="of the alternative annotator test")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--replicates", type=int, default=1000, help="of each interval (1000)")
        parser.add_argument(
            "--with-excluded", action="store_true", help="against excluded people's labels too"
        )
        parser.add_argument("--scorer", action="append", metavar="NAME", help="only this one; repeatable")

    def handle(self, *args: Any, slug: str, html: Path | None, **options: Any) -> None:
        from calibration.audit import AuditError, as_json, create_audit, run_audit  # numpy starts slowly
        from calibration.report.lines import report_lines
        from calibration.report.pages import write_report

        study = Study.objects.filter(slug=slug).first()
        if study is None:
            raise CommandError(f"There is no study {slug}.")
        if html is not None and (html.is_dir() or not html.absolute().parent.is_dir()):
            raise CommandError(f"{html} cannot be written: it must be a file in a folder that exists.")
        asked = {name: options[name] for name in ("preset", "seed", "replicates", "epsilon", "with_excluded")}
        try:
            audit = run_audit(audit=create_audit(study=study, scorers=options["scorer"], **asked))
        except AuditError as error:
            raise CommandError(str(error)) from None
        if audit.state == Audit.State.FAILED:
            audit.delete()
            raise CommandError(audit.error)
        if html is not None:
            try:
                write_report(audit, html)
            except OSError as error:
                raise CommandError(f"{html} cannot be written: {error.strerror or error}.") from None
        if options["json"]:
            self.stdout.write(as_json(audit.result))
            return
        for line in report_lines(audit.result or {}):
            self.stdout.write(line)
        if html is not None:
            self.stdout.write(f"Wrote {html}.")
