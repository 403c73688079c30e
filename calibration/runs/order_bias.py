"""What a run's pairwise judge makes of the order that it is shown."""

from collections import defaultdict
from typing import Any

import numpy as np

from calibration.models import Call, Run
from calibration.scorers.judges.answering import RubricRecipe
from calibration.scorers.judges.bias import PositionBias, position_bias
from calibration.scorers.judges.verdicts import turned
from generation.recipes.recipe import Recipe

REPLICATES = 1000
ROWS_AT_ONCE = 2_000


def order_bias(run: Run, recipe: Recipe) -> PositionBias | None:
    """Its position bias, by what was answered so far, resampling queries.

    None for what sees no pairs, and for a panel whose personas see one order each: there persons differ too.
    Of several votes in one order their mean counts. One query, whatever the number of calls, but every result
    is read.
    """
    if not (isinstance(recipe, RubricRecipe) and recipe.shows_both_orders):
        return None
    answered = run.calls.order_by("number").filter(outcome=Call.Outcome.ANSWERED)
    rows = answered.values_list("item_id", "item__query_id", "part", "result")
    queries: dict[int, int] = {}
    verdicts: tuple[dict[int, list[float]], ...] = (defaultdict(list), defaultdict(list))
    for item, query, part, result in rows.iterator(ROWS_AT_ONCE):
        queries[item] = query
        verdicts[turned(part)][item].append(recipe.verdict(result or {}))
    first, second = (
        [float(np.mean(said[item])) if item in said else np.nan for item in queries] for said in verdicts
    )
    return position_bias(
        first,
        second,
        queries=[*queries.values()],
        replicates=REPLICATES,
        rng=np.random.default_rng(run.pk),
    )


def bias_as_dict(bias: PositionBias | None) -> dict[str, Any] | None:
    """Plain JSON."""
    return {"mean": bias.mean.as_dict(), "flips": bias.flips.as_dict()} if bias else None
