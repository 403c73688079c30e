"""The plot of a plan: what each way to do the study achieves, by the labels that it takes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log, log10
from typing import Any

from generation.charts.box import FLOOR, RIGHT, TOP, Axis, Tick
from generation.figures.figure import Figure, Table
from generation.templatetags.numbers import fixed

# Left of the box stand the ticks of the upright axis.
LEFT = 46
STEPS = (1, 2, 5)
COLUMNS = {
    "labels_per_item": "People an item",
    "items": "Items",
    "labels": "Labels",
    "people": "People",
    "achieved": "Achieved",
    "achieved_low": "From",
    "achieved_high": "To",
    "simulations": "Simulations",
    "met": "Met",
    "cost": "Cost",
    "currency": "Currency",
}


@dataclass(frozen=True)
class OptionDot:
    """A way to do the study; `low` and `high` are the ends of its Monte Carlo interval, if it has one."""

    x: float
    y: float
    low: float | None
    high: float | None
    met: bool
    best: bool
    text: str
    below: bool


@dataclass(frozen=True)
class OptionsPlot:
    dots: list[OptionDot]
    targets: list[float]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    achieved: str
    target: str


def options_figure(result: Mapping[str, Any], *, question: str, achieved: str, signed: bool) -> Figure | None:
    """The plot of a plan's options; None where no option achieves anything that is defined.

    `achieved` says in words what the upright axis shows; `signed` is for a bias, which may miss the target
    on either side.
    """
    options = [option for option in result["options"] if option["achieved"]["value"] is not None]
    if not options:
        return None
    return Figure(
        name="options",
        title=question,
        template="calibration/_options.html",
        plot=_plot(result, options, achieved=achieved, signed=signed),
        says=(
            "A dot is a way to do the study, filled where it meets the target. Upright lines are 95 % "
            "intervals of the simulation: they say nothing of how far real people are from simulated ones."
        ),
        table=Table(COLUMNS, [_row(option) for option in result["options"]]),
        places=3,
    )


def _row(option: Mapping[str, Any]) -> list[Any]:
    found, cost = option["achieved"], option["cost"] or {"total": None, "currency": None}
    size = [option[name] for name in ("labels_per_item", "items", "labels", "people")]
    ends = [found[name] for name in ("value", "low", "high", "simulations")]
    return [*size, *ends, "yes" if option["met"] else "no", cost["total"], cost["currency"]]


def _plot(
    result: Mapping[str, Any], options: Sequence[Mapping[str, Any]], *, achieved: str, signed: bool
) -> OptionsPlot:
    target = result["target"]
    targets = [-target, target] if signed else [target]
    reached = [option["achieved"][end] for option in options for end in ("value", "low", "high")]
    if signed and max(value for value in reached if value is not None) < target / 2:
        targets = [-target]
    up = Axis.over([*targets, *reached], FLOOR, TOP, steps=4)
    labels = [option["labels"] for option in options]
    first, last = min(labels) / 1.25, max(labels) * 1.25

    def across(number: float) -> float:
        return round(LEFT + 10 + (RIGHT - LEFT - 20) * log(number / first) / log(last / first), 1)

    best = None if result["best"] is None else result["options"][result["best"]]
    dots = [
        OptionDot(
            x=across(option["labels"]),
            y=up.at(option["achieved"]["value"]),
            low=up.end(option["achieved"]["low"]),
            high=up.end(option["achieved"]["high"]),
            met=option["met"],
            best=option is best,
            text=str(option["labels_per_item"]),
            below=n % 2 == 1,
        )
        for n, option in enumerate(sorted(options, key=lambda option: (option["labels"], option["items"])))
    ]
    return OptionsPlot(
        dots=dots,
        targets=[up.at(target) for target in targets],
        x_ticks=[Tick(across(number), f"{number:,}") for number in _round_numbers(first, last)],
        y_ticks=up.ticks,
        achieved=achieved,
        target=f"dashed: target {fixed(targets[0], max(up.places, 2))}",
    )


def _round_numbers(first: float, last: float) -> list[int]:
    """1, 2 or 5 times powers of ten inside the ends; where they are many, the powers alone.

    Where there is one at most, any whole digit times a power.
    """
    powers = range(floor(log10(first)), ceil(log10(last)) + 1)

    def inside_of(steps: Iterable[int]) -> list[int]:
        every = (step * 10**power for power in powers if power >= 0 for step in steps)
        return [number for number in every if first <= number <= last]

    inside = inside_of(STEPS)
    if len(inside) < 2:
        inside = inside_of(range(1, 10))
    tens = [number for number in inside if log10(number) % 1 == 0]
    if not inside:
        middle = (first * last) ** 0.5
        return [round(middle, 1 - floor(log10(middle)))] if middle < 1 else [max(1, round(middle))]
    return tens if len(inside) > 6 else inside
