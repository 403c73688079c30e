"""The plots of a report of the order of tasks, each with its question, its sentence and its table."""

from collections.abc import Mapping
from typing import Any

from generation.charts.against import against
from generation.charts.distribution import distribution_of
from generation.charts.diverging import Signed, diverging_table
from generation.charts.intervals import Interval, interval_rows
from generation.figures.figure import Figure, Table
from generation.templatetags.numbers import counted, end, fixed, signed

Json = Mapping[str, Any]


def figures_of(found: Json) -> dict[str, Figure]:
    """By name, those that the report has something to draw for."""
    made = {maker.__name__: maker(found) for maker in (transfer, forgetting, foretold, entropy)}
    return {name: figure for name, figure in made.items() if figure is not None}


def transfer(found: Json) -> Figure | None:
    """The matrix B, a row a trained task."""
    cells = {(cell["trained"], cell["task"]): cell for cell in found["transfer"]}
    rows = list(dict.fromkeys(trained for trained, _ in cells))
    columns = [row["task"] for row in found["tasks"]]
    if not rows:
        return None
    numbers = [[_signed(cells[i, j]) for j in columns] for i in rows]
    # A task's own gain by its own training is larger by far, and would leave all else pale.
    between = [abs(cell["value"]) for (i, j), cell in cells.items() if i != j and cell["value"] is not None]
    return Figure(
        name="transfer",
        title="What does training on one task do to another?",
        template="generation/_heat_drawn.html",
        plot=diverging_table(rows, columns, numbers, most=max(between, default=0.0)),
        says=(
            "Each row: a task that is trained; each column: the change of a task’s score over a stage of "
            "that training, as a share of the task’s scale, the mean of all such stages. Rust: it is "
            "forgotten; teal: it gains; below each its 95 % interval. How many stages a cell rests on, and "
            "how many came after its task was trained (before that there is little to forget), stands in "
            "the numbers."
        ),
        table=Table(
            columns={
                "trained": "Trained",
                "task": "Evaluated",
                "effect": "B",
                "low": "From",
                "high": "To",
                "se": "Standard error",
                "n": "Stages",
                "learned": "after it was trained",
            },
            rows=[
                [
                    *(cell["trained"], cell["task"], cell["value"], cell["low"], cell["high"], cell["se"]),
                    *(cell["n"], cell["learned"]),
                ]
                for cell in cells.values()
            ],
        ),
        places=3,
    )


def _signed(cell: Json) -> Signed:
    name = f"{cell['trained']} on {cell['task']}"
    if cell["value"] is None:
        return Signed(None, "–", f"{name}: undefined, {cell['reason']}")
    ends = cell["reason"] if cell["low"] is None else f"{signed(cell['low'], 3)} to {signed(cell['high'], 3)}"
    text = f"{name}: {signed(cell['value'], 3)} ({ends}), {counted(cell['n'], 'stage')}"
    below = "" if cell["low"] is None else f"{end(cell['low'])} to {end(cell['high'])}"
    return Signed(cell["value"], signed(cell["value"]), text, below)


def forgetting(found: Json) -> Figure | None:
    """The predicted forgetting of all orders, with the best, the median and the trained ones."""
    orders = found["orders"]
    if not orders:
        return None
    levels, histogram = orders["forgetting"], orders["histogram"]
    trained = [row for row in found["runs"]["rows"] if row["rank"] is not None]
    bins = zip(histogram["edges"], histogram["edges"][1:], histogram["counts"], strict=False)
    return Figure(
        name="forgetting",
        title="How much does the order matter?",
        template="generation/_distribution.html",
        plot=distribution_of(
            histogram["edges"],
            histogram["counts"],
            lines=[(f"{name} {fixed(levels[name], 3)}", levels[name]) for name in ("best", "median")],
            marks=[
                (f"{row['run']}: {' > '.join(row['order'])}: {fixed(row['fitted'], 3)}", row["fitted"])
                for row in trained
            ],
            onward="predicted forgetting, shares of the tasks’ scales",
            upward="orders",
        ),
        says=(
            f"All {orders['orders']:,} orders by the forgetting that the matrix predicts of them: the best "
            f"{fixed(levels['best'], 3)}, the median {fixed(levels['median'], 3)}, the worst "
            f"{fixed(levels['worst'], 3)}."
            + (f" Open circles: {counted(len(trained), 'run')} with such an order." if trained else "")
            + " Noise counts as forgetting, so all of these are too large."
        ),
        table=Table(
            columns={"low": "From", "high": "To", "orders": "Orders"},
            rows=[[low, high, count] for low, high, count in bins],
        ),
        places=3,
    )


def foretold(found: Json) -> Figure | None:
    """Predicted against actual changes; never from the change itself."""
    rows = [row for row in found["prediction"]["rows"] if row["predicted"] is not None]
    if not rows:
        return None
    fit = found["prediction"]["foretold"]
    points = [
        (
            row["predicted"],
            row["actual"],
            "dot" if row["learned"] else "hollow",
            f"run {row['run']}, stage {row['stage']}, {row['trained']} on {row['task']}: "
            f"predicted {signed(row['predicted'], 3)}, came {signed(row['actual'], 3)}",
        )
        for row in rows
    ]
    names = ("run", "stage", "trained", "task", "predicted", "actual")
    heads = ("Run", "Stage", "Trained", "Evaluated", "Predicted", "Actual")
    columns = dict(zip(names, heads, strict=True))
    return Figure(
        name="foretold",
        title="Did the matrix foretell what came?",
        template="generation/_against.html",
        plot=against(points, onward="predicted by the other runs", upward="actual change"),
        says=(
            f"{counted(fit['n'], 'change')} of {counted(fit['runs'], 'run')}, of stages after a run’s first, "
            "each predicted by the other runs alone; a task’s own gain by its own training is left out. "
            "Filled: the task was trained before, so that it could be forgotten. On the dashed line the "
            f"prediction is right. Mean error {fixed(fit['error']['value'], 3)}, of predicting no change "
            f"{fixed(fit['error_of_none']['value'], 3)}."
        ),
        table=Table(columns=columns, rows=[[row[name] for name in names] for row in rows]),
        places=3,
    )


def entropy(found: Json) -> Figure | None:
    """Slopes of mean token entropy by the domain of what is trained."""
    section = found["entropy"]
    if not section or not section["domains"]:
        return None
    rows = [(row["domain"], row["slope"]) for row in section["domains"]]
    rows.append(("structured less creative", section["difference"]))
    drawn = [
        Interval(
            name=name,
            words=f"{name}: {signed(one['value'], 3)}",
            value=one["value"],
            low=one["low"],
            high=one["high"],
        )
        for name, one in rows
    ]
    return Figure(
        name="entropy",
        title="Does training make answers more certain?",
        template="generation/_intervals.html",
        plot=interval_rows(drawn, onward="change of mean token entropy, nats a stage"),
        says=(
            "The change of mean token entropy over a stage of training on tasks of a domain, within run and "
            "evaluated task. Below 0 the model becomes more certain of its next token. n counts stages, "
            "which are taken as independent. As published, structured tasks lower it and creative ones raise "
            "it."
        ),
        table=Table(
            columns={"domain": "Domain", "slope": "Slope", "low": "From", "high": "To", "n": "Stages"},
            rows=[[name, one["value"], one["low"], one["high"], one["n"]] for name, one in rows],
        ),
        places=3,
    )
