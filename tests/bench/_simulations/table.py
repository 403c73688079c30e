"""The measured simulations as text, and as the page of the documentation."""

from itertools import groupby
from operator import attrgetter
from typing import Any

from tests.bench._simulations.simulation import Measured

HEADS = {
    "coverage": "95 % intervals that hold the true value",
    "size": "tests at 5 % that reject where nothing is there",
    "power": "tests at 5 % that reject where something is there",
    "passes": "simulated studies that pass",
}


def as_dict(measured: Measured) -> dict[str, Any]:
    """A row as every benchmark has it, and the simulation's own numbers."""
    simulation = measured.simulation
    low, high = measured.interval()
    return {
        "work": simulation.name,
        "ours": _percent(measured),
        "other": _band(measured),
        "ratio": measured.ratio(),
        "bar": 1,
        "subject": simulation.subject,
        "setting": simulation.setting,
        "measure": simulation.share,
        "truth": simulation.truth() if simulation.truth else None,
        "nominal": simulation.nominal,
        "measured": measured.share,
        "low": low,
        "high": high,
        "studies": measured.studies,
    }


def as_text(every: list[Measured]) -> str:
    """One line a simulation; what is out of its band is marked."""
    width = max(len(measured.simulation.name) for measured in every) if every else 0
    return "\n".join(
        f"{measured.simulation.name:<{width}}  {_percent(measured):>7}  {_error(measured):>13}  "
        f"{_band(measured):>12}  {measured.studies:>6,}{'' if measured.ratio() >= 1 else '  OUT OF ITS BAND'}"
        for measured in every
    )


def as_markdown(every: list[Measured]) -> str:
    """A table a statistic."""
    parts = [INTRODUCTION]
    for subject, rows in groupby(every, key=attrgetter("simulation.subject")):
        parts.append(f"## {subject}\n")
        for share, lines in groupby(rows, key=attrgetter("simulation.share")):
            parts.append("\n".join(_table(share, list(lines))))
    return "\n".join(parts)


def _table(share: str, rows: list[Measured]) -> list[str]:
    heads = ("simulated study", "true value", HEADS[share], "Monte Carlo error", "studies")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for measured in rows:
        simulation = measured.simulation
        truth = f"{simulation.truth():.3f}" if simulation.truth else ""
        cells = (simulation.setting, truth, _percent(measured), _error(measured), f"{measured.studies:,}")
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _percent(measured: Measured) -> str:
    return f"{100 * measured.share:.1f} %"


def _error(measured: Measured) -> str:
    low, high = measured.interval()
    return f"{100 * low:.1f} to {100 * high:.1f}"


def _band(measured: Measured) -> str:
    low, high = measured.simulation.band
    return f"{100 * low:g} to {100 * high:g} %"


INTRODUCTION = """\
# How often intervals hold the truth, and tests reject

Written by `bin/bench statistics --write docs/simulations.md`; not by hand. Each row is a number of simulated
studies whose truth is known. Of 95 % intervals, 95 % should hold the true value; of tests at 5 %, 5 % should
reject where nothing is there. Where a row falls short, [statistics.md](statistics.md), [audit.md](audit.md)
and the function's own documentation say so.

People answer on five values. Unless a row says otherwise, four fifths of what items differ in belongs to
their query: so much that few queries tell little. The Monte Carlo error is Wilson's 95 % interval of the
share. Studies in which an interval or a test is undefined are left out of their row.
"""
