"""Plots of what models say: what is drawn keeps apart what differs."""

import numpy as np

from generation.charts.curves import Line, curves_of
from generation.charts.over_steps import over_steps
from generation.charts.scatter import BADGE, HEIGHT, WIDTH, scatter_of, signs_of
from generation.figures.diversity import between, thresholds


def test_25_models_have_marks_of_their_own() -> None:
    signs = {(sign.path, sign.hollow) for sign in signs_of([f"model-{n}" for n in range(25)])}
    assert len(signs) == 25


def test_numbers_of_clusters_lie_on_the_map_and_never_on_each_other() -> None:
    places = np.random.default_rng(0).normal(scale=0.01, size=(60, 2))
    numbers = [1 + n % 6 for n in range(60)]
    texts = [str(n) for n in range(60)]
    drawn = scatter_of(
        places, numbers=numbers, sources=[0] * 60, names=["m"], keys=texts, words=texts, titles=["c"] * 6
    )
    at = np.array([(heading.x, heading.y) for heading in drawn.headings])
    assert (at >= BADGE).all() and (at <= (WIDTH - BADGE, HEIGHT - BADGE)).all()
    gaps = np.linalg.norm(at[:, None] - at[None], axis=2)[np.triu_indices(6, 1)]
    assert gaps.min() >= 2 * BADGE


def test_an_axis_of_many_places_names_round_ones() -> None:
    drawn = curves_of([float(n) for n in range(1, 51)], [Line("", [1.0] * 50)], onward="nearest answers")
    assert [tick.text for tick in drawn.ticks] == ["10", "20", "30", "40", "50"]
    few = curves_of([2, 3, 7], [Line("", [1.0] * 3)], onward="labels")
    assert [tick.text for tick in few.ticks] == ["2", "3", "7"]


def test_numbers_at_an_axis_do_not_run_into_each_other_and_eight_lines_are_told_apart() -> None:
    lines = [
        Line(f"a-model-with-a-long-name-{n} · under a condition", [n] * 4, [n] * 4, [n] * 4) for n in range(8)
    ]
    drawn = curves_of([1_000, 1_100, 1_200, 20_000], lines, onward="tokens")
    assert [tick.text for tick in drawn.ticks] == ["1,200", "20,000"]
    assert len({line.mark for line in drawn.lines}) == len({line.shade for line in drawn.lines}) == 8
    assert {len(line.name) for line in drawn.lines} == {40}


def test_where_many_lines_would_hide_each_other_only_the_first_have_intervals() -> None:
    few, many = (
        over_steps([0, 10], [Line(str(n), [0.5] * 2, [0.4] * 2, [0.6] * 2) for n in range(lines)], upward="")
        for lines in (4, 5)
    )
    assert all(knot.low is not None for trace in few.traces for knot in trace.knots)
    assert [trace.knots[0].low is not None for trace in many.traces] == [True, True, True, False, False]


def _estimate(value: float | None) -> dict[str, float | None]:
    return {"value": value, "low": value, "high": value, "n": 9}


def test_shades_between_models_tell_apart_values_that_lie_close() -> None:
    names = ["a", "b", "c"]
    pairs = [("b", "a", 0.81), ("c", "a", 0.84), ("c", "b", None)]
    figure = between(
        {
            "sources": [{"source": name} for name in names],
            "floor": {"similarity": _estimate(0.1)},
            "between": {
                "average": {"similarity": _estimate(0.82), "pairs_above": _estimate(0.7)},
                "pairs": [
                    {"a": a, "b": b} | {key: _estimate(x) for key in ("similarity", "centred", "pairs_above")}
                    for a, b, x in pairs
                ],
            },
        }
    )
    assert figure is not None
    assert [[cell.step for cell in row.cells] for row in figure.plot.rows] == [[], [2], [8, None]]
    assert "Shades run from 0.80 to 0.85." in figure.says


def test_the_curve_of_thresholds_has_its_numbers_with_intervals() -> None:
    rows = [
        {"threshold": at} | {key: _estimate(at) for key in ("precision", "recall", "f1", "share")}
        for at in (0.5, 0.9)
    ]
    figure = thresholds({"thresholds": {"rows": rows, "best": 0.9, "same": 3, "pairs": 10}})
    assert figure is not None
    assert [line.name for line in figure.plot.lines] == ["precision", "recall", "F1"]
    assert all(line.band for line in figure.plot.lines)
    assert figure.table.rows[1] == [0.9] * 13
