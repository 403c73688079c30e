import json
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Study
from annotation.templatetags.labels import counted

COLUMNS = {
    "entropy_bias": "entropy",
    "corrected_bias": "corrected",
    "mean_error": "error of mean",
    "reliability": "reliability",
}


class Command(BaseCommand):
    help = "Print what fewer labels an item would have told: how many labels are enough."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--json", action="store_true", help="intervals and spreads too")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--with-excluded", action="store_true", help="count excluded people's labels too")

    def handle(self, *args: Any, slug: str, seed: int, with_excluded: bool, **options: Any) -> None:
        from annotation.enough import study_labels_curve  # numpy starts slowly

        study = Study.objects.filter(slug=slug).first()
        if study is None:
            raise CommandError(f"There is no study {slug}.")
        if seed < 0:
            raise CommandError(f"--seed is 0 or more, not {seed}.")
        curve = study_labels_curve(study, with_excluded=with_excluded, seed=seed)
        if options["json"]:
            self.stdout.write(json.dumps(curve, ensure_ascii=False, allow_nan=False))
            return
        for line in _lines(curve):
            self.stdout.write(line)


def _lines(curve: Mapping[str, Any]) -> Iterator[str]:
    simulated = " (simulated)" if curve["simulated"] else ""
    if "reason" in curve:
        yield f"{curve['study']}{simulated}: undefined: {curve['reason']}"
        return
    yield (
        f"{curve['study']}{simulated}: {counted(curve['items'], 'item')} of {curve['eligible']:,} with all "
        f"sizes, {curve['left_out']:,} left out; entropies in bits, less the corrected one of all labels"
    )
    yield f"{'labels':>6}" + "".join(f"{name:>15}" for name in [*COLUMNS.values(), "alpha"])
    for row in curve["sizes"]:
        found = [*(row[name]["value"] for name in COLUMNS), row["alpha"]]
        cells = "".join(f"{'undefined' if value is None else format(value, '.3f'):>15}" for value in found)
        yield f"{row['labels']:>6}{cells}"
