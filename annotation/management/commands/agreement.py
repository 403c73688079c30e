import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.measures import measured
from annotation.models import Study
from generation.templatetags.numbers import counted, end, fixed

# As many as the API draws.
MOST_REPLICATES = 100_000


class Command(BaseCommand):
    help = "Print how much people disagree on a study's items, and how much they agree overall."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--json", action="store_true", help="everything, each item included")
        parser.add_argument("--replicates", type=int, default=1000, help="of the bootstrap (1000)")
        parser.add_argument(
            "--interval",
            choices=("cluster", "item", "jackknife"),
            default="cluster",
            help="resample clusters of items, or single items, or leave out a cluster at a time (cluster)",
        )
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--with-excluded", action="store_true", help="count excluded people's labels too")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        from annotation.agreement import study_agreement  # numpy starts slowly

        study = Study.objects.filter(slug=slug).first()
        if study is None:
            raise CommandError(f"There is no study {slug}.")
        if not 0 <= options["replicates"] <= MOST_REPLICATES:
            raise CommandError(f"--replicates is 0 to {MOST_REPLICATES:,}, not {options['replicates']:,}.")
        if options["seed"] < 0:
            raise CommandError(f"--seed is 0 or more, not {options['seed']}.")
        report = study_agreement(
            study,
            replicates=options["replicates"],
            seed=options["seed"],
            with_excluded=options["with_excluded"],
            interval=options["interval"],
        )
        if study.compares and options["json"]:
            from annotation.preferences import study_preferences

            asked = {name: options[name] for name in ("replicates", "seed", "with_excluded")}
            report["preferences"] = study_preferences(study, **asked)
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
    return [
        f"{report['study']}{simulated}: {counted(report['items'], 'item')}, "
        f"{counted(report['labels'], 'label')} of {people}{excluded}, "
        f"{report['cannot_judge']:,} cannot judge",
        _line("Labels an item", _range(report["labels_per_item"])),
        *(_line(measure.name, _estimate(found)) for measure, found in measured(report)),
        *_intervals(report["intervals"]),
    ]


def _line(name: str, found: str) -> str:
    return f"{name:<31} {found}"


def _intervals(unit: dict[str, Any]) -> list[str]:
    clusters = counted(unit["clusters"], unit["unit"])
    if unit["clusters"] < 2:
        few = f"all items with two labels are of one {unit['unit']}"
        return [f"No intervals: {few if unit['clusters'] else 'no item has two labels'}"]
    if "reason" in unit:
        return [f"{unit['reason'][0].upper()}{unit['reason'][1:]}"]
    drawn = f"{counted(unit['replicates'], 'replicate')} of {clusters}"
    how = f"leaving out each of {clusters}" if unit["interval"] == "jackknife" else drawn
    return [
        f"95 % intervals: {how}, people held fixed, seed {unit['seed']}",
        *([f"Caution: {unit['caution']}."] if "caution" in unit else []),
    ]


def _range(spread: dict[str, float | None]) -> str:
    if spread["min"] is None:
        return "undefined: no items"
    return f"{spread['min']} to {spread['max']}, median {spread['median']:g}"


def _estimate(estimate: Mapping[str, Any]) -> str:
    if estimate["value"] is None:
        return f"undefined: {estimate['reason']}"
    low, high = estimate["low"], estimate["high"]
    ends = str(estimate["reason"]) if low is None or high is None else f"{end(low, 3)} to {end(high, 3)}"
    return f"{fixed(estimate['value'], 3)} ({ends}), n = {counted(estimate['n'], 'item')}"
