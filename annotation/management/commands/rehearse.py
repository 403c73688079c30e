from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from annotation.counts import wanted_labels
from annotation.models import Study
from annotation.rehearsal import rehearse
from annotation.studies import StudyError
from generation.templatetags.numbers import counted


class Command(BaseCommand):
    help = "Let simulated people label a study that no real person has labelled."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--participants", type=int, required=True)
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *args: Any, slug: str, participants: int, seed: int, **options: Any) -> None:
        study = Study.objects.filter(slug=slug).first()
        if study is None:
            raise CommandError(f"There is no study {slug}.")
        if participants < 1:
            raise CommandError("--participants is at least 1.")
        with tqdm(total=wanted_labels(study), unit=" labels", disable=None) as bar:
            try:
                given = rehearse(study=study, participants=participants, seed=seed, progress=bar.update)
            except StudyError as error:
                raise CommandError(str(error)) from None
        study.refresh_from_db()
        unfilled = study.slots.filter(filled=False).count()
        people = "simulated person" if participants == 1 else "simulated people"
        corrections = f" (and {counted(given.corrections, 'correction')})" if given.corrections else ""
        wanting = f"{counted(unfilled, 'label')} {'is' if unfilled == 1 else 'are'} still wanted"
        rest = f"; {wanting}: give more participants" if unfilled else ""
        self.stdout.write(
            f"{participants:,} {people} gave {counted(given.labels, 'label')}{corrections} to {slug}{rest}."
        )
