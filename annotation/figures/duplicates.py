"""The plot of a similarity threshold's precision, and recall where it is known."""

from collections.abc import Mapping
from typing import Any

from annotation.duplicates import holds_similarities, study_duplicates
from annotation.figures.asked import asking, counts_excluded
from annotation.models import Study
from generation.charts.curves import Line, curves_of
from generation.figures.figure import Figure, Table

ENDS = ("value", "low", "high")


def made(study: Study, asked: Mapping[str, str]) -> list[Figure]:
    if not holds_similarities(study):
        return []
    figure = duplicates_figure(study_duplicates(study, with_excluded=counts_excluded(asked)))
    return [figure] if figure else []


def duplicates_figure(found: Mapping[str, Any]) -> Figure | None:
    """None where no threshold has a precision."""
    rows = [row for row in found["curve"] if row["precision"]["value"] is not None]
    if not rows:
        return None
    recalled = rows[0]["recall"]["value"] is not None
    lows, highs = ([row["precision"][end] for row in rows] for end in ("low", "high"))
    lines = [
        Line("precision, by the majority", _values(rows, "precision"), lows, highs),
        Line("mean share of people", _values(rows, "mean_share")),
    ]
    if recalled:
        lines.append(Line("recall, by the majority", _values(rows, "recall")))
    return Figure(
        name="duplicates",
        title="How often are pairs above a threshold the same idea?",
        template="generation/_curves.html",
        plot=curves_of([row["threshold"] for row in rows], lines, onward="threshold of similarity"),
        says=(
            "Of the pairs that are at least so similar, the share that most people call the same. The band "
            "is its 95 % interval over queries: it says nothing of other encoders or of people unlike these."
        ),
        table=Table(
            {
                "threshold": "Threshold",
                "pairs": "Pairs",
                **{
                    f"precision_{end}": words
                    for end, words in zip(ENDS, ("Precision", "from", "to"), strict=True)
                },
                "mean_share": "Mean share",
                **{f"recall_{end}": words for end, words in zip(ENDS, ("Recall", "from", "to"), strict=True)},
            },
            [
                (
                    float(row["threshold"]),
                    row["precision"]["n"],
                    *(row["precision"][end] for end in ENDS),
                    row["mean_share"]["value"],
                    *(row["recall"][end] for end in ENDS),
                )
                for row in rows
            ],
        ),
        places=3,
        asked=asking(found["with_excluded"]),
    )


def _values(rows: list[dict[str, Any]], name: str) -> list[float | None]:
    return [row[name]["value"] for row in rows]
