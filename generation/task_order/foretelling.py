"""The part of a report that holds predictions against the stages that were really trained."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from generation.diversity.intervals import Estimate
from generation.training.backward import backward_transfer, forward_transfer
from generation.training.chains import Chain, Chains
from generation.training.orders import Orders
from generation.training.prediction import (
    Fit,
    fit,
    foretold,
    measured_forgetting,
    predicted_forgetting,
    without,
)
from generation.training.transfer import Transfer

Json = dict[str, Any]

ONLY_FIRST = "no run trains a second stage that has another task evaluated before and after it"
NO_OTHER = "no change of a later stage has been seen in another run too: nothing foretells it"


def prediction_section(chains: Chains, whole: Transfer) -> Json:
    """Each change after a chain's first stage, foretold by the other runs, and how well; in-sample apart."""
    rows = foretold(chains, whole)
    told = [(row.predicted, row.actual, row.run) for row in rows if row.predicted is not None]
    fitted = [(row.fitted, row.actual, row.run) for row in rows if not row.alone]
    return {
        "rows": [asdict(row) for row in rows],
        "foretold": _fit(told),
        "in_sample": _fit(fitted),
        "alone": sum(row.alone for row in rows),
        "reason": None if told else NO_OTHER if rows else ONLY_FIRST,
    }


def runs_section(chains: Chains, whole: Transfer, orders: Orders | None) -> Json:
    """Each chain: its order, its transfer, the forgetting that was predicted and that was measured."""
    rows = [_run(chain, chains, whole, orders) for chain in chains.chains]
    known = [row for row in rows if row["measured"] is not None]
    pairs = {
        name: [(row[name], row["measured"], row["run"]) for row in known if row[name] is not None]
        for name in ("predicted", "fitted")
    }
    return {
        "rows": rows,
        "foretold": _fit(pairs["predicted"]),
        "in_sample": _fit(pairs["fitted"]),
    }


def _run(chain: Chain, chains: Chains, whole: Transfer, orders: Orders | None) -> Json:
    measured = measured_forgetting(chain, whole.scales)
    predicted = predicted_forgetting(chain, without(chains, chain.run, whole.scales))
    fitted = predicted_forgetting(chain, whole)
    ranked = orders is not None and sorted(chain.order) == sorted(orders.tasks)
    return {
        "run": chain.run,
        "order": list(chain.order),
        "backward": backward_transfer(chain).as_dict(),
        "forward": forward_transfer(chain).as_dict(),
        "backward_scaled": backward_transfer(chain, scales=whole.scales).as_dict(),
        "forward_scaled": forward_transfer(chain, scales=whole.scales).as_dict(),
        "measured": _number(measured),
        "predicted": _number(predicted),
        "fitted": _number(fitted),
        "rank": orders.rank(chain.order) if orders is not None and ranked else None,
        "reasons": {
            name: said
            for name, said in (("measured", measured), ("predicted", predicted), ("fitted", fitted))
            if isinstance(said, str)
        },
    }


def _number(found: float | str) -> float | None:
    return None if isinstance(found, str) else found


def _fit(rows: Sequence[tuple[float, float, str]]) -> Json | None:
    if not rows:
        return None
    found: Fit = fit(*zip(*rows, strict=True))
    return {
        name: one.as_dict() if isinstance(one, Estimate) else one
        for name, one in ((name, getattr(found, name)) for name in Fit.__dataclass_fields__)
    }
