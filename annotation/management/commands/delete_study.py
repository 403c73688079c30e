from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Study
from annotation.studies import StudyError, delete_study


class Command(BaseCommand):
    help = "Delete a study that holds nothing by people who labelled here: a draft, an import, a rehearsal."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        study = Study.objects.filter(slug=slug).first()
        if study is None:
            raise CommandError(f"There is no study {slug}.")
        try:
            delete_study(study=study)
        except StudyError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Deleted {slug}. Its queries and responses stay.")
