"""Short names of ways to ask, for plots and sentences; tables have them whole."""

from collections.abc import Mapping
from typing import Any

from generation.charts.names import shortened

Json = Mapping[str, Any]

# What fits into the legend of a plot; and of it a model and a condition.
MOST, MODEL, CONDITION = 40, 17, 20
NO_CONDITION = "no condition named"


def short_names(found: Json) -> dict[str, str]:
    """Of each arm, as short as tells them apart: of one model alone, its condition."""
    arms = found["arms"]
    one_model = len({tuple(arm["models"]) for arm in arms}) == 1
    for short in (_of_one_model,) if one_model else (_whole, _begun, _at_both_ends):
        names = [short(arm) for arm in arms]
        if len(set(names)) == len(arms) and max(map(len, names)) <= MOST:
            return {arm["arm"]: name for arm, name in zip(arms, names, strict=True)}
    return {arm["arm"]: arm["arm"] for arm in arms}


def _of_one_model(arm: Json) -> str:
    return shortened(_condition(arm), MOST)


def _whole(arm: Json) -> str:
    return f"{_who(arm)} · {_condition(arm)}"


def _begun(arm: Json) -> str:
    """With the beginning of the condition, which names the strategy."""
    text = _condition(arm)
    begun = text if len(text) <= CONDITION else f"{text[: CONDITION - 1].rstrip()}…"
    return f"{shortened(_who(arm), MODEL)} · {begun}"


def _at_both_ends(arm: Json) -> str:
    return f"{shortened(_who(arm), MODEL)} · {shortened(_condition(arm), CONDITION)}"


def _who(arm: Json) -> str:
    """The model without who made it, or how many models."""
    if len(arm["models"]) > 1:
        return f"{len(arm['models'])} models"
    return str(arm["models"][0]).rpartition("/")[2]


def _condition(arm: Json) -> str:
    condition: str = arm["condition"] or NO_CONDITION
    return condition
