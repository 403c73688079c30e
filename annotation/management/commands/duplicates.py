import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Study
from annotation.studies import StudyError
from generation.templatetags.numbers import counted, end, fixed


class Command(BaseCommand):
    help = "Print how often people call pairs above a threshold of similarity the same idea."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--threshold", type=float, help="the one that the pairs were drawn by")
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--with-excluded", action="store_true", help="count excluded people's labels too")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        from annotation.duplicates import study_duplicates  # numpy starts slowly

        study = Study.objects.filter(slug=slug).first()
        if study is None:
            raise CommandError(f"There is no study {slug}.")
        asked = {name: options[name] for name in ("threshold", "with_excluded")}
        try:
            found = study_duplicates(study, **asked)
        except StudyError as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False, allow_nan=False))
            return
        for line in _lines(found):
            self.stdout.write(line)


def _lines(found: dict[str, Any]) -> list[str]:
    simulated = " (simulated)" if found["simulated"] else ""
    ties = found["ties"]["pairs"]
    return [
        f"{found['study']}{simulated}: {counted(found['labelled'], 'labelled pair')} of "
        f"{counted(found['queries'], 'query')}, {counted(found['labels'], 'label')}, "
        f"{counted(ties, 'tie')}, each half a pair that is the same",
        f"Precision at {found['threshold']:g}: {said(found['precision'])}",
        f"Mean share of people at {found['threshold']:g}: {said(found['mean_share'])}",
        f"Recall at {found['threshold']:g}: {said(found['recall'])}",
        *(f"  at {row['threshold']:.3f}: precision {said(row['precision'])}" for row in found["curve"]),
        interval_line(found["intervals"]),
    ]


def said(found: Mapping[str, Any]) -> str:
    """ "0.800 (0.700 to 0.900), n = 60", or why it is undefined."""
    if found["value"] is None:
        return f"undefined: {found['reason']}"
    low, high = found["low"], found["high"]
    ends = str(found["reason"]) if low is None else f"{end(low, 3)} to {end(high, 3)}"
    return f"{fixed(found['value'], 3)} ({ends}), n = {found['n']:,}"


def interval_line(unit: Mapping[str, Any]) -> str:
    words = (
        f"95 % intervals: leaving out each of {counted(unit['clusters'], unit['unit'])}, people held fixed"
    )
    return f"{words}. Caution: {unit['caution']}." if "caution" in unit else words
