"""The command `score`: a scorer asked live, in the foreground."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from annotation.models import Study
from calibration.management.score_options import KINDS, add_options


class Command(BaseCommand):
    help = (
        "Ask a scorer about a study: an LM judge, a reward model, a perplexity, or simple ones. The same "
        "command again goes on where it was; given elsewhere meanwhile, it helps."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
        for kind, words in KINDS.items():
            add_options(kinds.add_parser(kind, help=words, description=f"Score a study: {words}."), kind)

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        study = Study.objects.filter(slug=slug).first()
        if study is None:
            raise CommandError(f"There is no study {slug}.")
        from generation.management.run_work import in_one_line  # openai starts slowly

        with in_one_line():
            if options["kind"] == "simple":
                self._score_simply(study, options)
            elif not self._run(study, options):
                return
        if options["audit"]:
            call_command("audit", slug, json=options["json"], stdout=self.stdout, stderr=self.stderr)

    def _score_simply(self, study: Study, options: dict[str, Any]) -> None:
        from calibration.runs.simple import score_simply

        scored = score_simply(study=study, names=options["only"])
        self.stdout.write(json.dumps(asdict(scored)) if options["json"] else scored.sentence())

    def _run(self, study: Study, options: dict[str, Any]) -> bool:
        """Whether it was more than looked at."""
        from calibration.management.score_run import named, outcome, run_for
        from generation.management.run_work import carry_out

        ran = carry_out(self.stdout, options, lambda: run_for(study, options), named=named, outcome=outcome)
        return ran is not None
