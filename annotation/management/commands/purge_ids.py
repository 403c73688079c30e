from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Study
from annotation.rights.identity import purge_ids
from annotation.rights.retention import overdue
from annotation.studies import StudyError


class Command(BaseCommand):
    help = "Forget what recruiters call a study's people. Labels, codes and replies stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("slug", nargs="?")
        which.add_argument("--due", action="store_true", help="every study whose retention date has passed")

    def handle(self, *args: Any, slug: str | None, due: bool, **options: Any) -> None:
        studies = overdue(Study.objects.order_by("slug")) if due else Study.objects.filter(slug=slug)
        if not due and not studies:
            raise CommandError(f"There is no study {slug}.")
        refused = []
        for study in list(studies):
            try:
                self.stdout.write(f"{study.slug}: {purge_ids(study=study).sentence()}")
            except StudyError as error:
                refused.append(str(error))
        if refused:
            raise CommandError(" ".join(refused))
