"""Two sources at one number of responses, for measures that depend on how many there are.

More responses have more classes, a higher Vendi score and more that BLEU can match, whoever gives them: of a
source that gave more than the other, as many are drawn as the other gave.
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from generation.diversity.measures import Columns, Setting
from generation.diversity.responses import Indices, QueryResponses

# Each is unbiased; more would take time, and what queries differ by is larger than what draws do.
DRAWS = 5


def equal_name(name: str) -> str:
    """The column of a measure at equal numbers."""
    return f"{name}.equal"


def at_equal_numbers(
    query: QueryResponses,
    setting: Setting,
    whole: Columns,
    measure: Callable[[Indices], Mapping[str, float]],
) -> dict[str, npt.NDArray[np.float32]]:
    """Measure each source at the number of responses that each other one gave, if that is lower.

    Parameters
    ----------
    query : QueryResponses
    setting : Setting
    whole : mapping of str to ndarray of float, shape (sources,)
        The measures of all of a source's responses, by name.
    measure : callable
        Takes rows of the query; returns the same measures of these responses, NaN where undefined.

    Returns
    -------
    dict of str to ndarray of float32, shape (sources, sources)
        By `equal_name`: at [a, b] source a, measured of as many of its responses as b gave, the mean over 5
        draws without replacement; of all of them if b gave no fewer. NaN where either gave fewer than two, or
        a draw is undefined.
    """
    cells = {source: rows for source, rows in query.cells() if len(rows) > 1}
    sizes = sorted({len(rows) for rows in cells.values()})
    found = {name: setting.pairs() for name in whole}
    rng = setting.rng(query, "equal")
    for source, rows in cells.items():
        at = {size: _drawn(rows, size, rng, measure) for size in sizes if size < len(rows)}
        for other, theirs in cells.items():
            for name, values in found.items():
                drawn = at.get(len(theirs))
                values[source, other] = whole[name][source] if drawn is None else drawn[name]
    return {equal_name(name): values for name, values in found.items()}


def _drawn(
    rows: Indices,
    size: int,
    rng: np.random.Generator,
    measure: Callable[[Indices], Mapping[str, float]],
) -> dict[str, float]:
    draws = [measure(rng.choice(rows, size, replace=False)) for _ in range(DRAWS)]
    return {name: float(np.mean([one[name] for one in draws])) for name in draws[0]}
