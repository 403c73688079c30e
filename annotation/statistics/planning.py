"""How many labels, items and queries a study of people needs, by simulating it at every size considered."""

from collections.abc import Callable, Sequence
from math import ceil, log, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.statistics.agreement import Level, krippendorff_alpha
from annotation.statistics.counts import FloatArray
from annotation.statistics.entropy import entropy_bits, entropy_bits_corrected, standard_deviation
from annotation.statistics.population import Population
from annotation.statistics.sizes import (
    MOST_ITEMS,
    Achieve,
    Achieved,
    Option,
    Options,
    Progress,
    chosen,
    mean_achieved,
    options_by_labels,
    seed_from,
)

GRID = (3, 5, 10, 15, 25)
MOST_LABELS_PER_ITEM = 200
REPLICATES = 1000
# Items of one simulated study where only labels an item count, and numbers that are tried beyond the grid.
ITEMS_AT_ONCE = 60
BEYOND_GRID = 9
# Labels of simulated studies that are in memory at once, half a gigabyte at most.
LABELS_AT_ONCE = 12_000_000


def plan_alpha_width(
    population: Population,
    *,
    target: float,
    rng: np.random.Generator,
    level: Level = "ordinal",
    items_per_query: int = 15,
    grid: Sequence[int] = GRID,
    most_items: int = MOST_ITEMS,
    simulations: int = 200,
    session_size: int = 15,
    progress: Progress | None = None,
) -> Options:
    """Items and labels for a wanted width of the interval of Krippendorff's alpha.

    Parameters
    ----------
    population : Population
    target : float
        Mean width, over simulated studies, of the 95 % interval that `krippendorff_alpha` gives from 1,000
        resamples of queries.
    rng : numpy.random.Generator
    level : {"nominal", "ordinal", "interval"}
    items_per_query : int
    grid : sequence of int
        Labels an item; the smallest number of queries is found for each.
    most_items : int
    simulations : int
        Simulated studies at each size; a tenth of them where these leave no doubt.
    session_size : int
        Items that one person labels, as far as people differ in severity.
    progress : callable, optional
        Called with the share done.

    Returns
    -------
    Options
        At least 10 queries each.

    Raises
    ------
    ValueError
        If `most_items` are fewer than 10 queries have.

    Examples
    --------
    >>> people = Population.assumed([1, 2, 3, 4, 5], shares=[1, 2, 3, 3, 1], alpha=0.3, query_share=0.3)
    >>> plan = plan_alpha_width(people, target=0.2, grid=[5], simulations=20, rng=np.random.default_rng(0))
    >>> plan.options[0].met, plan.options[0].achieved.value <= 0.2
    (True, True)
    """

    def widths(labels_per_item: int) -> Achieve:
        def achieve(queries: int, number: int, rng: np.random.Generator) -> Achieved:
            clusters = np.repeat(np.arange(queries), items_per_query)
            found = np.full(number, np.nan)
            for study in range(number):
                counts = population.simulate(
                    queries, items_per_query, labels_per_item, rng=rng, session_size=session_size
                )[0]
                alpha = krippendorff_alpha(
                    counts,
                    values=population.values,
                    level=level,
                    clusters=clusters,
                    replicates=REPLICATES,
                    rng=rng,
                )
                if alpha.low is not None and alpha.high is not None:
                    found[study] = alpha.high - alpha.low
            return mean_achieved(found)

        return achieve

    return options_by_labels(
        widths,
        grid=[k for k in grid if k > 1],
        meets=lambda width: width <= target,
        items_per_query=items_per_query,
        most_items=most_items,
        simulations=simulations,
        rng=rng,
        progress=progress,
    )


def plan_mean_width(
    population: Population,
    *,
    target: float,
    rng: np.random.Generator,
    items: int,
    items_per_query: int = 15,
    grid: Sequence[int] = GRID,
    simulations: int = 200,
    progress: Progress | None = None,
) -> Options:
    """Labels an item for a wanted width of the interval of an item's mean.

    Parameters
    ----------
    population : Population
    target : float
        Mean over items of the width of Student's 95 % interval of an item's mean, in units of the scale.
    rng : numpy.random.Generator
    items : int
        How many the study will have: the width does not depend on it, labels do.
    items_per_query, grid, simulations, progress
        As for `plan_alpha_width`.

    Returns
    -------
    Options
        Of the grid, and of the fewest labels an item that meet the target.

    Examples
    --------
    >>> people = Population.assumed([1, 2, 3, 4, 5], shares=[1, 2, 3, 3, 1], alpha=0.3, query_share=0.3)
    >>> plan = plan_mean_width(people, target=1.0, items=150, rng=np.random.default_rng(0))
    >>> plan.options[plan.best].achieved.value <= 1.0
    True
    """
    from scipy.special import stdtrit

    def achieve(labels_per_item: int, rng: np.random.Generator) -> Achieved:
        quantile = float(stdtrit(labels_per_item - 1, 0.975))

        def widths(latents: FloatArray) -> FloatArray:
            counts = population.label(latents, labels_per_item, rng=rng)
            spread = _by_item(lambda rows: standard_deviation(rows, population.values), counts)
            # Items of one simulated study share their queries: the Monte Carlo error is that of studies.
            return np.asarray((2 * quantile * spread / sqrt(labels_per_item)).mean(axis=1))

        return mean_achieved(
            _of_studies(widths, population, items_per_query, labels_per_item, simulations, rng)
        )

    return _options_of_labels(
        achieve,
        meets=lambda width: width <= target,
        items=items,
        items_per_query=items_per_query,
        grid=grid,
        rng=rng,
        progress=progress,
    )


def plan_entropy_bias(
    population: Population,
    *,
    target: float,
    rng: np.random.Generator,
    items: int,
    corrected: bool = False,
    items_per_query: int = 15,
    grid: Sequence[int] = GRID,
    simulations: int = 200,
    progress: Progress | None = None,
) -> Options:
    """Labels an item for a wanted bias of the mean entropy of items.

    Parameters
    ----------
    population : Population
    target : float
        Largest absolute bias, in bits: the mean over items of estimated less true entropy.
    corrected : bool
        Of the Miller-Madow estimate instead of the plug-in one.
    rng, items, items_per_query, grid, simulations, progress
        As for `plan_mean_width`.

    Returns
    -------
    Options
        Achieved is the bias with its sign.

    Examples
    --------
    >>> people = Population.assumed([1, 2, 3, 4, 5], shares=[1, 1, 1, 1, 1], alpha=0.2, query_share=0.3)
    >>> plan = plan_entropy_bias(people, target=0.15, items=750, rng=np.random.default_rng(0))
    >>> -0.15 <= plan.options[plan.best].achieved.value < 0
    True
    """
    from scipy.special import entr

    estimate = entropy_bits_corrected if corrected else entropy_bits

    def achieve(labels_per_item: int, rng: np.random.Generator) -> Achieved:
        def biases(latents: FloatArray) -> FloatArray:
            estimated = _by_item(estimate, population.label(latents, labels_per_item, rng=rng))
            true = entr(population.probabilities(latents)).sum(axis=-1) / log(2)
            return np.asarray((estimated - true).mean(axis=1))

        return mean_achieved(
            _of_studies(biases, population, items_per_query, labels_per_item, simulations, rng)
        )

    return _options_of_labels(
        achieve,
        meets=lambda bias: abs(bias) <= target,
        items=items,
        items_per_query=items_per_query,
        grid=grid,
        rng=rng,
        progress=progress,
    )


def _options_of_labels(
    achieve: Callable[[int, np.random.Generator], Achieved],
    *,
    meets: Callable[[float], bool],
    items: int,
    items_per_query: int,
    grid: Sequence[int],
    rng: np.random.Generator,
    progress: Progress | None,
) -> Options:
    """Where only labels an item count: those of the grid, and the fewest that do."""
    tried: dict[int, Achieved] = {}
    seed = seed_from(rng)

    def enough(labels_per_item: int) -> bool:
        if labels_per_item not in tried:
            tried[labels_per_item] = achieve(labels_per_item, np.random.default_rng([seed, labels_per_item]))
            if progress:
                progress(len(tried) / (len(set(grid)) + BEYOND_GRID))
        value = tried[labels_per_item].value
        return value is not None and meets(value)

    queries = ceil(items / items_per_query)
    high = next((k for k in [*sorted(grid), MOST_LABELS_PER_ITEM] if enough(k)), MOST_LABELS_PER_ITEM)
    low = max((k for k in tried if k < high), default=1)
    while enough(high) and high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    met = {k: enough(k) for k in sorted({*grid, high})}
    options = [Option(k, queries, items, items * k, tried[k], met[k]) for k in met]
    words = f"{MOST_LABELS_PER_ITEM} labels an item, the most considered, are too few"
    return chosen(options, words, progress)


def _of_studies(
    measure: Callable[[FloatArray], FloatArray],
    population: Population,
    items_per_query: int,
    labels_per_item: int,
    simulations: int,
    rng: np.random.Generator,
) -> FloatArray:
    """A number a study, from the latent qualities of the items of small studies, each of a few whole queries.

    Some studies at a time, since all their labels are in memory at once.
    """
    queries = ceil(ITEMS_AT_ONCE / items_per_query)
    each = queries * items_per_query * max(labels_per_item, len(population.values))
    step = max(1, LABELS_AT_ONCE // each)
    parts = [min(step, simulations - start) for start in range(0, simulations, step)]
    return np.concatenate(
        [measure(population.latents(queries, items_per_query, rng=rng, studies=part)) for part in parts]
    )


def _by_item(measure: Callable[[FloatArray], FloatArray], rows: npt.NDArray[Any]) -> FloatArray:
    """A measure of items, of all items of all studies at once."""
    return measure(rows.reshape(-1, rows.shape[-1])).reshape(rows.shape[:-1])
