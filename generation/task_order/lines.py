"""A report of the order of tasks for a terminal: the orders first, then what they rest on."""

from generation.task_order.cautions import CAUTIONS, CHOSEN, IN_SAMPLE
from generation.written import (
    Json,
    aligned,
    counted,
    ends_text,
    estimate_text,
    number_text,
    short,
    value_text,
)

MOST_ORDERS, MOST_RUNS, MOST_CELLS = 6, 20, 64


def report_lines(found: Json) -> list[str]:
    """Short lines, aligned; what is undefined says why."""
    lines = [_title(found)]
    for section in (_orders, _transfer, _runs, _prediction, _entropy, _foot):
        lines += ["", *section(found)]
    return lines


def _title(found: Json) -> str:
    tasks = found["tasks"]
    trained = sum(row["stages"] > 0 for row in tasks)
    return (
        f"{counted(found['rows'], 'score')} of {counted(len(tasks), 'task')}, {trained} of them trained, in "
        f"{counted(len(found['runs']['rows']), 'run')}"
    )


def _orders(found: Json) -> list[str]:
    if not (orders := found["orders"]):
        return [f"Orders: undefined: {found['reasons']['orders']}"]
    levels, gained, sure = orders["forgetting"], orders["advantage"], orders["certainty"]
    ties = f", {orders['ties']:,} orders tie" if orders["ties"] > 1 else ""
    rows = [
        ("Orders", f"{orders['orders']:,} of {counted(len(orders['tasks']), 'task')}"),
        ("Predicted forgetting, best order", f"{number_text(levels['best'])}{ties}"),
        ("  median order, worst order", f"{number_text(levels['median'])}, {number_text(levels['worst'])}"),
        (f"Best below median, {CHOSEN}", _advantage(gained)),
        ("  chosen and measured apart", estimate_text(sure["advantage"], sign=True)),
    ]
    if sure["same_order"] is not None:
        kept = [f"{100 * sure[name]:.0f} %" for name in ("same_order", "same_first", "same_last")]
        rows.append(("Draws with the same best order", "{}; same first task {}, same last {}".format(*kept)))
    if sure["caution"]:
        rows.append(("Caution", sure["caution"]))
    best = [f"  {' > '.join(short(task, 24) for task in order)}" for order in orders["best"][:MOST_ORDERS]]
    return [*[f"{name:<48} {value}" for name, value in rows], "Best order, first trained first", *best]


def _advantage(gained: Json) -> str:
    share = "" if gained["share"] is None else f", {100 * gained['share']:.0f} % of it"
    return f"{number_text(gained['difference'], sign=True)}{share}"


def _transfer(found: Json) -> list[str]:
    rows = [["Training, and its effect on", "B", "interval", "standard error", "n", "after it was learned"]]
    for cell in found["transfer"][:MOST_CELLS]:
        name = f"{short(cell['trained'], 20)} on {short(cell['task'], 20)}"
        if cell["value"] is None:
            rows.append([name, "undefined", "", "", "0", ""])
            continue
        se = "" if cell["se"] is None else number_text(cell["se"])
        counts = [f"{cell['n']:,}", f"{cell['learned']:,}"]
        rows.append([name, value_text(cell, sign=True), ends_text(cell), se, *counts])
    more = len(found["transfer"]) - MOST_CELLS
    return [*aligned(rows), *([f"and {more:,} more, in --json"] if more > 0 else [])]


def _runs(found: Json) -> list[str]:
    head = ["Run", "backward", "interval", "forward", "interval", "forgot", "foretold", "rank"]
    rows = [head]
    for run in found["runs"]["rows"][:MOST_RUNS]:
        cells = [
            text
            for name in ("backward", "forward")
            for text in (value_text(run[name], sign=True), ends_text(run[name]))
        ]
        lost = [number_text(run[name]) for name in ("measured", "predicted")]
        rank = "" if run["rank"] is None else f"{run['rank']:,}"
        rows.append([f"{run['run']}: {' > '.join(run['order'])}", *cells, *lost, rank])
    more = len(found["runs"]["rows"]) - MOST_RUNS
    return [*aligned(rows), *([f"and {more:,} more, in --json"] if more > 0 else [])]


def _prediction(found: Json) -> list[str]:
    prediction = found["prediction"]
    lines = ["Predicted against actual changes, of stages after a run's first"]
    for title, fit in (
        ("by other runs", prediction["foretold"]),
        (IN_SAMPLE, prediction["in_sample"]),
        ("forgetting of whole runs, by other runs", found["runs"]["foretold"]),
    ):
        if fit is None:
            continue
        lines += [
            f"  {title}: {counted(fit['n'], 'value')} of {counted(fit['runs'], 'run')}",
            f"    Pearson            {estimate_text(fit['pearson'])}",
            f"    Spearman           {estimate_text(fit['spearman'])}",
            f"    mean error         {estimate_text(fit['error'])}",
            f"    less that of none  {estimate_text(fit['gained'], sign=True)}",
        ]
    if "prediction" in found["reasons"]:
        lines.append(f"  undefined: {found['reasons']['prediction']}")
    return lines


def _entropy(found: Json) -> list[str]:
    if not (entropy := found["entropy"]):
        return [f"Token entropy: undefined: {found['reasons']['entropy']}"]
    lines = ["Token entropy, nats per stage of training"]
    for row in entropy["domains"]:
        lines.append(f"  {row['domain']:<12} {estimate_text(row['slope'], sign=True)}: {row['direction']}")
    lines.append(f"  structured less creative: {estimate_text(entropy['difference'], sign=True)}")
    return [*lines, *([f"Caution: {entropy['caution']}."] if entropy["caution"] else [])]


def _foot(found: Json) -> list[str]:
    asked = found["specification"]
    cautions = [f"Caution: {row['caution']}." for row in found["tasks"] if row["caution"]]
    return [
        *cautions,
        *CAUTIONS,
        f"{counted(asked['draws'], 'draw')}, seed {asked['seed']}. "
        f"Data {found['data_hash']}, version {found['version']}",
    ]
