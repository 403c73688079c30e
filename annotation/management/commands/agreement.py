import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Study
from annotation.templatetags.labels import counted, end, fixed


class Command(BaseCommand):
    help = "Print how much people disagree on a study's items, and how much they agree overall."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--json", action="store_true", help="everything, each item included")
        parser.add_argument("--replicates", type=int, default=1000, help="of the cluster bootstrap (1000)")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--with-excluded", action="store_true", help="count excluded people's labels too")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        from annotation.agreement import study_agreement  # numpy starts slowly

        study = Study.objects.filter(slug=slug).first()
        if study is None:
            raise CommandError(f"There is no study {slug}.")
        if options["replicates"] < 0:
            raise CommandError("--replicates is 0 or more.")
        if options["seed"] < 0:
            raise CommandError(f"--seed is 0 or more, not {options['seed']}.")
        report = study_agreement(
            study,
            replicates=options["replicates"],
            seed=options["seed"],
            with_excluded=options["with_excluded"],
        )
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False, allow_nan=False))
            return
        for line in _lines(report):
            self.stdout.write(line)


def _lines(report: dict[str, Any]) -> list[str]:
    named = report["annotators"]
    people = "unknown people" if named is None else counted(named, "person")
    simulated = " (simulated)" if report["simulated"] else ""
    excluded = ", excluded people among them" if report["with_excluded"] else ""
    entropy, spread = report["entropy_bits"], report["labels_per_item"]
    lines = [
        f"{report['study']}{simulated}: {counted(report['items'], 'item')}, "
        f"{counted(report['labels'], 'label')} of {people}{excluded}, "
        f"{report['cannot_judge']:,} cannot judge",
        f"labels an item      {_range(spread)}",
        f"entropy, bits       {_bits(entropy, '')}, n = {counted(entropy['n'], 'item')}",
        f"corrected           {_bits(entropy, 'corrected_')}",
        f"percent agreement   {_estimate(report['percent_agreement'])}",
    ]
    for level, estimate in report["krippendorff_alpha"].items():
        lines.append(f"alpha, {level:<12} {_estimate(estimate)}")
    return [*lines, *_intervals(report["intervals"])]


def _intervals(unit: dict[str, Any]) -> list[str]:
    clusters = counted(unit["clusters"], unit["unit"])
    if unit["clusters"] < 2:
        few = f"all items with two labels are of one {unit['unit']}"
        return [f"No intervals: {few if unit['clusters'] else 'no item has two labels'}"]
    return [
        f"95 % intervals: {counted(unit['replicates'], 'replicate')} of {clusters}, "
        f"people held fixed, seed {unit['seed']}",
        *([f"Caution: {unit['caution']}."] if "caution" in unit else []),
    ]


def _range(spread: dict[str, float | None]) -> str:
    if spread["min"] is None:
        return "undefined: no items"
    return f"{spread['min']} to {spread['max']}, median {spread['median']:g}"


def _bits(entropy: dict[str, Any], which: str) -> str:
    mean, low, high = (entropy[which + name] for name in ("mean", "low", "high"))
    if mean is None:
        return f"undefined ({entropy['reason']})"
    return f"{fixed(mean)} ({_ends(low, high, 2, entropy.get('reason'))})"


def _estimate(estimate: dict[str, Any]) -> str:
    if estimate["value"] is None:
        return f"undefined: {estimate['reason']}"
    ends = _ends(estimate["low"], estimate["high"], 3, estimate.get("reason"))
    return f"{fixed(estimate['value'], 3)} ({ends}), n = {counted(estimate['n'], 'item')}"


def _ends(low: float | None, high: float | None, places: int, reason: str | None) -> str:
    return str(reason) if low is None or high is None else f"{end(low, places)} to {end(high, places)}"
