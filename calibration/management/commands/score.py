"""The command `score`: a scorer asked live, in the foreground."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

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
        with in_one_line():
            if options["kind"] == "simple":
                self._score_simply(study, options)
            elif options["dry_run"] or options["show"]:
                self._look(study, options)
                return
            else:
                self._run(study, options)
        if options["audit"]:
            call_command("audit", slug, json=options["json"], stdout=self.stdout, stderr=self.stderr)

    def _score_simply(self, study: Study, options: dict[str, Any]) -> None:
        from calibration.runs.simple import score_simply

        scored = score_simply(study=study, names=options["only"])
        self.stdout.write(json.dumps(asdict(scored)) if options["json"] else scored.sentence())

    def _look(self, study: Study, options: dict[str, Any]) -> None:
        """Say what would be asked; nothing of it stays."""
        from calibration.management.score_lines import price_lines, shown_lines
        from calibration.management.score_run import run_for

        with transaction.atomic():
            run = run_for(study, options)
            lines = shown_lines(run) if options["show"] else price_lines(run, as_json=options["json"])
            transaction.set_rollback(True)
        self.stdout.write("\n".join(lines))

    def _run(self, study: Study, options: dict[str, Any]) -> None:
        from calibration.management.score_lines import run_lines
        from calibration.management.score_run import at_work, ended, run_for

        run = at_work(run_for(study, options), trial=options["trial"])
        self.stdout.write("\n".join(run_lines(run, as_json=options["json"])))
        ended(run)


@contextmanager
def in_one_line() -> Iterator[None]:
    """What a person can mend is one line, and Ctrl-C is not an error of theirs."""
    from generation.local import LocalError
    from generation.recipes.recipe import RecipeError
    from generation.runs.errors import RunError
    from generation.servers import ServerError

    try:
        yield
    except (LocalError, RecipeError, RunError, ServerError) as error:
        raise CommandError(str(error)) from None
    except KeyboardInterrupt:
        raise CommandError("Stopped. The same command goes on.", returncode=130) from None
