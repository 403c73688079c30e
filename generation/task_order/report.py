"""What a table of scores says of the order of tasks, as JSON. Held to docs/task_order.schema.json."""

import hashlib
import json
from collections.abc import Sequence
from math import hypot
from typing import Any

import numpy as np

from generation.diversity.scheduling import Progress
from generation.task_order.foretelling import prediction_section, runs_section
from generation.task_order.specification import Specification
from generation.task_order.table import TableRow, chains_of
from generation.training.chains import Chains
from generation.training.orders import MOST_TASKS, Orders, certainty, every_order, missing, without_error
from generation.training.token_entropy import slopes
from generation.training.transfer import Transfer, scales_of, transfer

Json = dict[str, Any]
STEPS = 3
# Orders that tie as best, as many as a reader looks at; bins of all orders' forgetting.
MOST_NAMED, BINS = 12, 24
# A span of fewer standard errors may be noise.
NOISE = 4.0
# Of a cell whose standard error is by their spread.
FEW = 5
SOME_BOUNDS = (
    "some token entropies are lower bounds: what was cut from the tail may differ between stages, and then a "
    "slope shows that too"
)


def hash_of(rows: Sequence[TableRow]) -> str:
    """Hex SHA-256 of a table, whatever the order of its rows."""
    lines = sorted(json.dumps(row.as_dict(), sort_keys=True) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def task_order_report(
    rows: Sequence[TableRow],
    asked: Specification,
    *,
    version: str,
    progress: Progress = lambda done, steps: None,
) -> Json:
    """Answer a table that was checked."""
    chains = chains_of(rows)
    found = transfer(chains.changes, trained=chains.trained, tasks=chains.tasks, scales=scales_of(chains))
    orders, reason = _orders(found)
    progress(1, STEPS)
    ordered = None if orders is None else _orders_section(orders, found, asked)
    progress(2, STEPS)
    prediction = prediction_section(chains, found)
    runs = runs_section(chains, found, orders)
    entropy, no_entropy = _entropy_section(chains, rows)
    progress(3, STEPS)
    reasons = {"orders": reason, "prediction": prediction.pop("reason"), "entropy": no_entropy}
    return {
        "version": version,
        "data_hash": hash_of(rows),
        "specification": asked.as_dict(),
        "rows": len(rows),
        "tasks": [_task(task, chains, found) for task in chains.tasks],
        "transfer": [_cell(found, i, j) for i in found.trained for j in found.tasks],
        "runs": runs,
        "orders": ordered,
        "prediction": prediction,
        "entropy": entropy,
        "reasons": {name: said for name, said in reasons.items() if said},
    }


def _task(task: str, chains: Chains, found: Transfer) -> Json:
    return {
        "task": task,
        "domain": chains.domains.get(task, ""),
        "stages": len({s.key for chain in chains.chains for s in chain.stages if s.trained == task}),
        "scale": found.scales.get(task),
        "scale_is": "given" if task in chains.given_scales else "span",
        "caution": _noisy_span(task, chains, found),
    }


def _noisy_span(task: str, chains: Chains, found: Transfer) -> str | None:
    """What to know where the scale is a span that the scores' errors alone may make."""
    if task in chains.given_scales or task not in found.scales:
        return None
    errors = [
        one.se
        for chain in chains.chains
        for stage in chain.stages
        if (one := stage.evaluations.get(task)) is not None and one.se is not None
    ]
    change = hypot(*2 * [float(np.median(errors))]) if errors else 0.0
    if not errors or found.scales[task] > NOISE * change:
        return None
    return (
        f"the scores on {task} span {found.scales[task]:.3g}, and test items alone give a change a standard "
        f"error of {change:.3g}: what stands in its column may be noise, blown up"
    )


def _cell(found: Transfer, trained: str, task: str) -> Json:
    cell = found.cells.get((trained, task))
    names = {"trained": trained, "task": task}
    if cell is None:
        none = {"value": None, "low": None, "high": None, "n": 0, "se": None, "learned": 0}
        return names | none | {"reason": found.reason(trained, task)}
    return names | cell.estimate().as_dict() | {"se": cell.se, "learned": cell.learned}


def _orders(found: Transfer) -> tuple[Orders | None, str | None]:
    """Every order, or why there is none."""
    number = len(found.trained)
    if not 2 <= number <= MOST_TASKS:
        return None, f"orders are compared of 2 to {MOST_TASKS} trained tasks, and there are {number}"
    matrix = found.matrix()
    if lacking := missing(matrix, found.trained):
        more = f" (and {len(lacking) - 1} more cells)" if len(lacking) > 1 else ""
        return None, f"{found.reason(*lacking[0])}{more}"
    return every_order(matrix, found.trained), None


def _orders_section(orders: Orders, found: Transfer, asked: Specification) -> Json:
    best = orders.ties
    gained = orders.median - orders.best
    high = orders.worst if orders.worst > orders.best else orders.best + 1
    counts, edges = np.histogram(orders.forgetting, bins=BINS, range=(orders.best, high))
    return {
        "tasks": list(orders.tasks),
        "orders": len(orders.orders),
        "best": [list(orders.named(number)) for number in best[:MOST_NAMED].tolist()],
        "ties": len(best),
        "forgetting": {"best": orders.best, "median": orders.median, "worst": orders.worst},
        "advantage": {
            "difference": gained,
            "share": gained / orders.median if orders.median > 0 else None,
        },
        "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
        "certainty": _certainty(orders, found, asked),
    }


def _certainty(orders: Orders, found: Transfer, asked: Specification) -> Json:
    lacking = without_error(found)
    n = sum(cell.n for (i, j), cell in found.cells.items() if i != j and j in found.trained)
    if lacking:
        reason = (
            "no standard error of the effect of {} on {}: give se, or n, of its scores, "
            "or train it again".format(*lacking[0])
        )
        none = {"value": None, "low": None, "high": None, "n": n, "reason": reason}
        same = dict.fromkeys(("same_order", "same_first", "same_last"))
        return {"advantage": none, "share": none, **same, "caution": None}
    sure = certainty(orders, found, draws=asked.draws, seed=asked.seed)
    return {
        "advantage": sure.advantage.as_dict(),
        "share": sure.share.as_dict(),
        "same_order": sure.same_order,
        "same_first": sure.same_first,
        "same_last": sure.same_last,
        "caution": _few_observations(found),
    }


def _few_observations(found: Transfer) -> str | None:
    """What to know where standard errors rest on the spread of a handful of observations."""
    cells = [cell for (i, j), cell in found.cells.items() if i != j and j in found.trained]
    few = [cell for cell in cells if cell.freedom < FEW - 1]
    if not few:
        return None
    return (
        f"the standard errors of {len(few)} of {len(cells)} effects rest on how fewer than {FEW} "
        "observations differ: draws take them for true, so that all seems surer than it is"
    )


def _entropy_section(chains: Chains, rows: Sequence[TableRow]) -> tuple[Json | None, str | None]:
    known = sum(row.token_entropy is not None for row in rows)
    if not known:
        return None, "no row has a token entropy"
    found = slopes(chains)
    section = {
        "rows": known,
        "domains": [
            {
                "domain": one.domain,
                "slope": one.estimate.as_dict(),
                "direction": one.direction,
                "tasks": one.tasks,
                "runs": one.runs,
                "changes": one.changes,
            }
            for one in found.domains
        ],
        "difference": found.difference.as_dict(),
        "without_domain": found.without_domain,
        "caution": SOME_BOUNDS if any(row.bound for row in rows) else None,
    }
    return section, None
