"""The plots of the page about disagreement: items by their entropy, and the map of items."""

from collections.abc import Mapping

from annotation.charts.items import entropy_histogram, item_map
from annotation.figures.asked import asking, counts_excluded
from annotation.models import Study
from annotation.statistics.entropy import KINDS
from annotation.summary import Summary, summary_of
from annotation.templatetags.labels import kind_words
from generation.figures.figure import Figure, Table
from generation.templatetags.numbers import fixed

# What the map tells apart, by the study's kind.
CLOSE: dict[str, str] = {
    Study.Kind.RATING: "a lukewarm item is not a polarising one",
    Study.Kind.COMPARISON: "a tie is not a split",
}


def made(study: Study, asked: Mapping[str, str]) -> list[Figure]:
    return figures_of(study, summary_of(study, with_excluded=counts_excluded(asked)))


def figures_of(study: Study, summary: Summary) -> list[Figure]:
    """The page's figures; none where no item has two labels."""
    every = (entropy_figure(study, summary), kinds_figure(study, summary))
    return [figure for figure in every if figure]


def entropy_figure(study: Study, summary: Summary) -> Figure | None:
    """How many items have how much entropy; None where no item has two labels."""
    histogram = entropy_histogram(summary.column("entropy_bits"), values=len(study.values))
    found = summary.agreement["entropy_bits"]
    if not histogram.items:
        return None
    return Figure(
        name="entropy",
        title="How much do people disagree?",
        template="annotation/_histogram.html",
        plot=histogram,
        says=(
            "0 is everybody alike; few labels make it too low: corrected for their number, the mean is "
            f"{fixed(found['corrected_mean'])} bits. It does not know the order of the values, as the "
            "dispersion does."
        ),
        table=Table(
            {"from_bits": "From, bits", "to_bits": "To, bits", "items": "Items"},
            [(column.low, column.high, column.count) for column in histogram.columns],
        ),
        asked=asking(summary.frame.with_excluded),
    )


def kinds_figure(study: Study, summary: Summary) -> Figure | None:
    """The map of items, mean by dispersion; None where no item has two labels."""
    mean, dispersion = summary.column("mean"), summary.column("dispersion")
    plot = item_map(mean, dispersion, scale=study.values)
    if not plot.items:
        return None
    close = CLOSE.get(study.kind, "an item in between is not a split one")
    return Figure(
        name="kinds",
        title="What kind of items are there?",
        template="annotation/_map.html",
        plot=plot,
        says=(
            f"Above the line people split, below it they agree: {close}. A larger dot is several items; "
            "with few labels one lands on either side by chance."
        ),
        table=Table(
            {"kind": "Kind", "items": "Items"},
            [(kind_words(kind, study), summary.kinds.count(kind)) for kind in KINDS],
        ),
        points=Table(
            {"item_id": "Item", "mean": "Mean", "dispersion": "Dispersion", "kind": "Kind"},
            [
                (item, at, spread, kind)
                for item, at, spread, kind in zip(
                    summary.frame.item_ids, mean.tolist(), dispersion.tolist(), summary.kinds, strict=True
                )
                if kind is not None
            ],
        ),
        asked=asking(summary.frame.with_excluded),
    )
