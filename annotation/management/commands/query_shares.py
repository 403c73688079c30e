import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.management.commands.duplicates import interval_line, said
from annotation.models import Study
from annotation.studies import StudyError
from generation.templatetags.numbers import counted


class Command(BaseCommand):
    help = (
        "Print what people say of queries: whether they are open, how many answers they have, of what kind."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--with-excluded", action="store_true", help="count excluded people's labels too")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        from annotation.labelling import study_query_shares  # numpy starts slowly

        study = Study.objects.filter(slug=slug).first()
        if study is None:
            raise CommandError(f"There is no study {slug}.")
        try:
            found = study_query_shares(study, with_excluded=options["with_excluded"])
        except StudyError as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False, allow_nan=False))
            return
        for line in _lines(found):
            self.stdout.write(line)


def _lines(found: dict[str, Any]) -> list[str]:
    simulated = " (simulated)" if found["simulated"] else ""
    lines = [
        f"{found['study']}{simulated}: {found['question']} {counted(found['labelled'], 'labelled item')}, "
        f"{counted(found['labels'], 'label')}",
        *(f"{row['words']}: {said(row)}" for row in found["shares"]),
    ]
    if "majority" in found:
        lines += [
            f"“{found['yes']}” by most people: {said(found['majority'])}",
            f"“{found['yes']}” by at least one: {said(found['at_least_one'])}",
        ]
    lines += [f"  {row['category']}: {said(row['majority'])}" for row in found.get("by_category", [])]
    return [*lines, interval_line(found["intervals"])]
