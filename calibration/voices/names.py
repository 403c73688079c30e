"""Short names of ways to ask, for plots and sentences; tables have them whole."""

from collections.abc import Mapping
from typing import Any

from generation.charts.names import shortened

Json = Mapping[str, Any]

# Of a model and a condition, so that both fit into the legend of a plot.
MODEL, CONDITION = 17, 20
NO_CONDITION = "no condition named"


def short_names(found: Json) -> dict[str, str]:
    """Of each arm, as short as tells them apart: of one model alone, its condition."""
    one_model = len({tuple(arm["models"]) for arm in found["arms"]}) == 1
    short = {arm["arm"]: _short(arm, one_model=one_model) for arm in found["arms"]}
    taken = list(short.values())
    return {name: words if taken.count(words) == 1 else name for name, words in short.items()}


def _short(arm: Json, *, one_model: bool) -> str:
    condition = arm["condition"] or NO_CONDITION
    if one_model:
        return shortened(condition)
    who = arm["models"][0] if len(arm["models"]) == 1 else f"{len(arm['models'])} models"
    if len(who) + len(condition) <= MODEL + CONDITION:
        return f"{who} · {condition}"
    return f"{shortened(who, MODEL)} · {shortened(condition, CONDITION)}"
