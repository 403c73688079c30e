from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

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
        parser.add_argument("--margin", type=float, default=0.5, help="of equally good pairs, in steps")
        parser.add_argument(
            "--confident", type=float, default=0.75, help="share beyond which a scorer is confident of a pair"
        )
        parser.add_argument(
            "--cluster-unit",
            choices=Audit.ClusterUnit.values,
            default="",
            help="what intervals resample; left out: what the study's design chooses",
        )
        parser.add_argument(
            "--subset",
            action="append",
            type=_rule,
            metavar="RULE=N,N",
            help="a rule with its parameters in place of the preset's, such as tukey=2,1; repeatable",
        )
        parser.add_argument("--anew", action="store_true", help="measure again what was measured before")
        parser.add_argument(
            "--with-excluded", action="store_true", help="against excluded people's labels too"
        )
        parser.add_argument("--scorer", action="append", metavar="NAME", help="only this one; repeatable")

    def handle(self, *args: Any, slug: str, html: Path | None, **options: Any) -> None:
        from calibration.asking import ASKED, AuditError  # numpy starts slowly
        from calibration.audit import as_json, create_audit
        from calibration.report.lines import report_lines
        from calibration.report.pages import write_report

        study = Study.objects.filter(slug=slug).first()
        if study is None:
            raise CommandError(f"There is no study {slug}.")
        if html is not None and (html.is_dir() or not html.absolute().parent.is_dir()):
            raise CommandError(f"{html} cannot be written: it must be a file in a folder that exists.")
        asked = {name: options[name] for name in ASKED if name != "subsets"}
        if options["subset"]:
            asked["subsets"] = dict(options["subset"])
        try:
            audit = create_audit(study=study, scorers=options["scorer"], **asked)
        except AuditError as error:
            raise CommandError(str(error)) from None
        _run(audit, reuse=not options["anew"])
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


def _run(audit: Audit, *, reuse: bool) -> None:
    """Run the audit with a bar; where it fails or is interrupted, nothing of it stays."""
    from calibration.audit import run_audit

    try:
        with tqdm(total=1.0, disable=None, bar_format="{percentage:3.0f}% |{bar}| {elapsed}") as bar:
            run_audit(audit=audit, reuse=reuse, progress=lambda share: bar.update(share - bar.n))
            if audit.state == Audit.State.FINISHED:
                bar.update(1 - bar.n)
    except KeyboardInterrupt:
        audit.delete()
        raise CommandError("Stopped: nothing of the audit was kept.", returncode=130) from None
    if audit.state != Audit.State.FINISHED:
        error = audit.error or f"Audit {audit.pk} was cancelled by somebody."
        audit.delete()
        raise CommandError(error)


def _rule(text: str) -> tuple[str, list[float]]:
    """A rule and its parameters, of RULE=N,N."""
    rule, _, numbers = text.partition("=")
    try:
        return rule, [float(number) for number in numbers.split(",")]
    except ValueError:
        raise ArgumentTypeError(f"name it as in tukey=2,1, not {text!r}") from None
