"""The plots of how many labels are enough: entropy, means, and how stable the study's numbers are."""

from collections.abc import Mapping, Sequence
from typing import Any

from annotation.enough import study_labels_curve
from annotation.figures.asked import asking, counts_excluded
from annotation.models import Study
from generation.charts.curves import Line, curves_of
from generation.figures.figure import Figure, Table

Curve = dict[str, Any]
PLUG_IN = ("bias of the mean plug-in entropy", "entropy_bias")
CORRECTED = ("bias of the corrected entropy", "corrected_bias")


def made(study: Study, asked: Mapping[str, str]) -> list[Figure]:
    return enough_figures(study_labels_curve(study, with_excluded=counts_excluded(asked)))


def enough_figures(curve: Curve) -> list[Figure]:
    """The section's figures; none where no item has enough labels."""
    return [_entropy(curve), _means(curve), _stability(curve)] if curve["sizes"] else []


def _entropy(curve: Curve) -> Figure:
    plain, corrected = (_line(curve, name, key) for name, key in (PLUG_IN, CORRECTED))
    spread = Line("spread of an item’s plug-in entropy", _column(curve, "entropy_spread"))
    return Figure(
        name="entropy-by-labels",
        title="How many labels does entropy need?",
        template="generation/_curves.html",
        plot=curves_of(
            _column(curve, "labels"), [plain, corrected, spread], onward="labels an item", upward="bits"
        ),
        says=(
            "Below 0, entropy is too low, held against the corrected entropy of all labels, itself a little "
            "low. The spread is how far an item’s entropy moves between sets that share nobody, so "
            "that it ends at half of the labels."
        ),
        table=_table(
            curve,
            {"entropy_bias": "Bias, plug-in", "corrected_bias": "Bias, corrected"},
            {"entropy_spread": "Spread, plug-in", "corrected_spread": "Spread, corrected"},
        ),
        places=3,
        asked=asking(curve["with_excluded"]),
    )


def _means(curve: Curve) -> Figure:
    line = _line(curve, "standard error of an item’s mean", "mean_error", band=True)
    return Figure(
        name="means-by-labels",
        title="How many labels does an item’s mean need?",
        template="generation/_curves.html",
        plot=curves_of(
            _column(curve, "labels"), [line], onward="labels an item", upward="values of the scale"
        ),
        says=(
            "How far an item’s mean moves from one set of people to another; its true mean lies within about "
            "twice as far. The band is the 95 % interval over items: it says nothing of people unlike these."
        ),
        table=_table(curve, {"mean_error": "Standard error"}, {}),
        places=3,
        asked=asking(curve["with_excluded"]),
    )


def _stability(curve: Curve) -> Figure:
    reliability = _line(curve, "reliability of the items’ means", "reliability", band=True)
    alpha = Line("ordinal alpha, mean over draws", _column(curve, "alpha"))
    return Figure(
        name="stability-by-labels",
        title="When do the numbers stop moving?",
        template="generation/_curves.html",
        plot=curves_of(_column(curve, "labels"), [reliability, alpha], onward="labels an item"),
        says=(
            "Reliability is the correlation of the items’ means with those that as many other people would "
            "give; its root is the most that any scorer could reach. Alpha is about single labels: more of "
            "them make it surer, not larger."
        ),
        table=_table(
            curve, {"reliability": "Reliability"}, {"alpha": "Alpha", "alpha_spread": "Spread of alpha"}
        ),
        places=3,
        asked=asking(curve["with_excluded"]),
    )


def _column(curve: Curve, name: str) -> list[Any]:
    return [row[name] for row in curve["sizes"]]


def _line(curve: Curve, words: str, name: str, *, band: bool = False) -> Line:
    found = _column(curve, name)
    lows, highs = ([one[end] for one in found] if band else [] for end in ("low", "high"))
    return Line(words, [one["value"] for one in found], lows, highs)


def _table(curve: Curve, estimates: Mapping[str, str], plain: Mapping[str, str]) -> Table:
    """A row a size: each estimate with its interval, then what has none."""
    columns = {"labels": "Labels", "items": "Items"}
    for name, heading in estimates.items():
        columns |= {name: heading, f"{name}_low": "95 % from", f"{name}_high": "to"}
    return Table(columns | dict(plain), [_cells(row, estimates, plain) for row in curve["sizes"]])


def _cells(row: Mapping[str, Any], estimates: Mapping[str, str], plain: Mapping[str, str]) -> Sequence[Any]:
    first = next(iter(estimates))
    ends = [row[name][end] for name in estimates for end in ("value", "low", "high")]
    return [row["labels"], row[first]["n"], *ends, *(row[name] for name in plain)]
