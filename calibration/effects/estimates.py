"""Numbers of a report of effects as plain JSON: what is undefined is null, beside its reason."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from annotation.statistics.intervals import Estimate
from calibration.metrics.replication.effects import Effect

Json = dict[str, Any]


def estimate_json(estimate: Estimate) -> Json:
    reason = {"reason": estimate.reason} if estimate.reason else {}
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high, "n": estimate.n, **reason}


def undefined(reason: str) -> Json:
    return {"value": None, "low": None, "high": None, "n": 0, "reason": reason}


def effect_json(effect: Effect, adjusted: float) -> Json:
    """`adjusted` is p among all contrasts' by Benjamini and Hochberg; NaN where there is none."""
    why = {"reason": effect.reason} if effect.reason else {}
    no_d = why or ({"reason": "single answers do not differ"} if effect.d is None else {})
    return {
        "difference": {
            "value": effect.difference, "low": effect.low, "high": effect.high, "n": effect.n, **why
        },
        "d": {"value": effect.d, "low": effect.d_low, "high": effect.d_high, "n": effect.n, **no_d},
        "p": effect.p,
        "p_adjusted": None if np.isnan(adjusted) else float(adjusted),
        "se": effect.se,
        "df": effect.df,
        "units": effect.units,
        "n_a": effect.n_a,
        "n_b": effect.n_b,
        "items": effect.items,
        "people": effect.people,
        "answers": effect.answers,
    }  # fmt: skip


def over(values: Sequence[float]) -> Json:
    """The mean over splits, with ends that 95 % of them, and the mean, lie between; `n` counts splits."""
    known = np.array(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    if not len(known):
        return undefined("no split has it")
    mean = float(known.mean())
    low, high = (float(end) for end in np.percentile(known, [2.5, 97.5]))
    return {"value": mean, "low": min(low, mean), "high": max(high, mean), "n": len(known)}
