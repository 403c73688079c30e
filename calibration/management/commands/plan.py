from argparse import ArgumentParser
from dataclasses import asdict, fields
from typing import Any, get_args

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm


class Command(BaseCommand):
    help = "Say how many items, people and labels a study takes to reach a goal, and what they cost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        from calibration.plan_specification import GOALS, PlanSpecification  # numpy starts slowly

        goals = "; ".join(f"{name}: {goal.words}" for name, goal in GOALS.items())
        parser.add_argument("goal", choices=list(GOALS), metavar="GOAL", help=goals)
        parser.add_argument("--json", action="store_true", help="print everything as JSON")
        kinds = {each.name: _kind(each.type) for each in fields(PlanSpecification)}
        for name, usual in asdict(PlanSpecification()).items():
            if name != "goal":
                _add(parser, name, usual, kinds[name])

    def handle(self, *args: Any, **options: Any) -> None:
        from calibration.audit import as_json
        from calibration.plan_report import table_lines
        from calibration.planning import PlanError, PlanSpecification, planned

        asked = {name: options[name] for name in asdict(PlanSpecification()) if options[name] is not None}
        try:
            with tqdm(total=1.0, disable=None, bar_format="{percentage:3.0f}% |{bar}| {elapsed}") as bar:
                result = planned(asked, progress=lambda share: bar.update(share - bar.n))
        except PlanError as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(as_json(result))
            return
        for line in table_lines(result):
            self.stdout.write(line)


def _kind(declared: Any) -> Any:
    """What a field holds: float of `float`, of `float | None` and of `list[float] | None`."""
    inner = get_args(declared)
    return _kind(inner[0]) if inner else declared


def _add(parser: ArgumentParser, name: str, usual: Any, kind: Any) -> None:
    """An option for a field of the specification, which has the field's usual value unless it is given."""
    several = name in ("labels_per_item", "shares")
    words = (
        "the goal's own" if name == "target" else " ".join(map(str, usual)) if several and usual else usual
    )
    parser.add_argument(
        f"--{name.replace('_', '-')}",
        type=kind,
        nargs="+" if several else None,
        metavar={float: "X", int: "N"}.get(kind, "WORD"),
        help=f"usually {words}" if words not in (None, "") else "usually none",
    )
