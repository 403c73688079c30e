"""The plots of the page about preferences: strengths of models, and the win matrix."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from annotation.charts.models import WinTable, model_rows, win_table
from annotation.figures.asked import asking, counts_excluded
from annotation.models import Study
from annotation.preferences import Preferences, interval_at, preferences_of
from generation.figures.figure import Cell, Figure, Table
from generation.templatetags.numbers import counted, end, signed

# Of more models, the page and the picture show the strongest; the files hold all.
MOST_IN_THE_MATRIX = 40


def made(study: Study, asked: Mapping[str, str]) -> list[Figure]:
    found = preferences_of(study, with_excluded=counts_excluded(asked))
    return [figure for figure in (strengths_figure(found), wins_figure(found)) if figure]


def strengths_figure(found: Preferences) -> Figure | None:
    """Models by strength, with intervals; None where no strength is defined."""
    numbers = found.strengths
    places = [n for n in found.order if np.isfinite(numbers.strength[n])]
    if not places:
        return None
    value, low, high = (column[places] for column in (numbers.strength, numbers.low, numbers.high))
    grouped = " of the same group" if len(found.groups) > 1 else ""
    return Figure(
        name="strengths",
        title="Which models do people prefer?",
        template="annotation/_strengths.html",
        plot=model_rows(
            [numbers.models[n] for n in places],
            [_words(found, n) for n in places],
            numbers.group[places].tolist(),
            value,
            low,
            high,
        ),
        says=(
            "Bradley and Terry’s model: a difference of 1 between two models is a chance of 73 % that the "
            f"stronger wins, a tie counting as half. Strengths are relative to the other models{grouped} "
            "here, on these queries, and say nothing of how good an answer is."
        ),
        table=Table(
            {
                "rank": "Rank", "model": "Model",
                "strength": "Strength", "strength_low": "Low", "strength_high": "High",
                "win_share": "Expected wins", "win_share_low": "Low", "win_share_high": "High",
                "comparisons": "Comparisons", "labels": "Labels",
            },
            [_row(found, n) for n in places],
        ),
        asked=asking(found.with_excluded),
    )  # fmt: skip


def wins_figure(found: Preferences) -> Figure | None:
    """The win matrix, strongest first; None where nothing was compared."""
    order, given = found.order, found.wins
    if found.reason or not given.items.any():
        return None
    return Figure(
        name="wins",
        title="Who wins against whom?",
        template="annotation/_wins.html",
        plot=wins_table_of(found),
        says=(
            "The share of labels in which the row’s model won against the column’s, ties as half a win, "
            "above the number of labels; “none” were never compared. Where few people compared few pairs, a "
            "share far from 50 % is easily chance."
        ),
        table=Table(
            {"model": "Model", "against": "Against", "share": "Share of wins", "labels": "Labels",
             "ties": "Ties", "comparisons": "Comparisons"},
            [
                (
                    given.models[row],
                    given.models[column],
                    float(given.wins[row, column] / (given.wins[row, column] + given.wins[column, row])),
                    round(given.wins[row, column] + given.wins[column, row]),
                    int(given.ties[row, column]),
                    int(given.items[row, column]),
                )
                for row in order
                for column in order
                if given.items[row, column]
            ],
        ),
        asked=asking(found.with_excluded),
    )  # fmt: skip


def wins_table_of(found: Preferences) -> WinTable:
    """The matrix as it is drawn, of the strongest models where they are many."""
    places = found.order[:MOST_IN_THE_MATRIX]
    return win_table([found.wins.models[n] for n in places], found.wins.wins[np.ix_(places, places)])


def _row(found: Preferences, n: int) -> tuple[Cell, ...]:
    numbers = found.strengths
    rank, strength, share = (interval_at(numbers, name, n) for name in ("rank", "strength", "win_share"))
    place: Any = None if rank["value"] is None else int(rank["value"])
    known = int(numbers.comparisons[n]), int(numbers.labels[n])
    return place, numbers.models[n], *strength.values(), *share.values(), *known


def _words(found: Preferences, n: int) -> str:
    numbers = interval_at(found.strengths, "strength", n)
    between = f" ({end(numbers['low'])} to {end(numbers['high'])})" if numbers["low"] is not None else ""
    of = counted(int(found.strengths.comparisons[n]), "comparison")
    return f"{found.strengths.models[n]}: {signed(numbers['value'])}{between}, {of}"
