"""How many items, people and labels an audit's tests need, by simulating audits of every size considered."""

from collections.abc import Sequence
from math import ceil

import numpy as np

from annotation.statistics.counts import FloatArray
from annotation.statistics.entropy import entropy_bits, mean_label
from annotation.statistics.planning import GRID
from annotation.statistics.population import Population
from annotation.statistics.sizes import (
    MOST_ITEMS,
    Achieve,
    Achieved,
    Option,
    Options,
    Progress,
    chosen,
    options_by_labels,
    part_of,
    seed_from,
    share_achieved,
    smallest_size,
)
from calibration.metrics.annotators.altest import FEWEST_ITEMS, alternative_annotator_test
from calibration.metrics.nulls.residuals import stratified_residual_test
from calibration.metrics.nulls.unsure_means import variance_of_means

SIGNIFICANT = 0.05


def plan_residual_power(
    population: Population,
    *,
    target: float,
    rng: np.random.Generator,
    noise_ratio: float = 1.5,
    people_ratio: float = 2.0,
    contested_share: float = 0.5,
    correlation: float = 0.5,
    items_per_query: int = 15,
    grid: Sequence[int] = GRID,
    most_items: int = MOST_ITEMS,
    simulations: int = 200,
    progress: Progress | None = None,
) -> Options:
    """Items and labels for a wanted power of the stratified residual test.

    Parameters
    ----------
    population : Population
    target : float
        Share of simulated audits in which p is .05 or less.
    rng : numpy.random.Generator
    noise_ratio : float
        How many times larger the scorer's error is on contested items.
    people_ratio : float
        How many times larger people's noise is there. Contested items are not known: the test takes those of
        highest entropy for them, and with few labels an item many are the wrong ones.
    contested_share : float
        Share of items that is contested, and that the test takes.
    correlation : float
        Of the scorer with the true means of items, where its error is the usual one.
    items_per_query, grid, most_items, simulations, progress
        As for `plan_alpha_width`.

    Returns
    -------
    Options

    Raises
    ------
    ValueError
        If the scale has two values: its entropy follows from the mean, so the test has nothing to compare. Or
        if `most_items` are fewer than 10 queries have.

    See Also
    --------
    calibration.metrics.nulls.residuals.stratified_residual_test

    Examples
    --------
    >>> people = Population.assumed([1, 2, 3, 4, 5], shares=[1, 1, 1, 1, 1], alpha=0.25, query_share=0.3)
    >>> plan = plan_residual_power(people, target=0.8, noise_ratio=2, grid=[25], simulations=40,
    ...                            rng=np.random.default_rng(0))
    >>> plan.options[0].met, plan.options[0].items <= 750
    (True, True)
    """
    if len(population.values) < 3:
        raise ValueError("on two values the mean says how much people disagree: there is nothing to compare")
    calm = 1 / np.sqrt(contested_share * people_ratio**2 + 1 - contested_share)
    error = np.sqrt(1 / correlation**2 - 1)

    def significant(queries: int, labels_per_item: int, rng: np.random.Generator) -> bool:
        latents = population.latents(queries, items_per_query, rng=rng)
        items = latents.shape[1]
        contested = rng.permutation(items) < round(contested_share * items)
        noise = np.where(contested, people_ratio * calm, calm)
        counts = population.label(latents, labels_per_item, rng=rng, noise=noise)[0]
        quality = _standardised(population.probabilities(latents[0], noise=noise) @ population.values)
        scores = quality + rng.normal(scale=error * np.where(contested, noise_ratio, 1.0))
        entropy = entropy_bits(counts)
        tested = stratified_residual_test(
            scores,
            mean_label(counts, population.values),
            entropy >= np.quantile(entropy, 1 - contested_share),
            variances=variance_of_means(counts, population.values),
            permutations=0,
        )
        return tested.p is not None and tested.p <= SIGNIFICANT

    def power(labels_per_item: int) -> Achieve:
        return lambda queries, number, rng: share_achieved(
            sum(significant(queries, labels_per_item, rng) for _ in range(number)), number
        )

    return options_by_labels(
        power,
        grid=[k for k in grid if k > 1],
        meets=lambda power: power >= target,
        items_per_query=items_per_query,
        most_items=most_items,
        simulations=simulations,
        rng=rng,
        progress=progress,
    )


def plan_altest_pass(
    population: Population,
    *,
    target: float,
    rng: np.random.Generator,
    annotators: int = 10,
    judge: float = 0.5,
    epsilon: float = 0.1,
    items_per_query: int = 15,
    grid: Sequence[int] = GRID,
    most_items: int = MOST_ITEMS,
    simulations: int = 200,
    progress: Progress | None = None,
) -> Options:
    """Items and labels with which a judge passes the alternative annotator test, as often as wanted.

    Parameters
    ----------
    population : Population
    target : float
        Share of simulated studies that the judge passes.
    rng : numpy.random.Generator
    annotators : int
        People, who share the items evenly; numbers of labels an item beyond theirs are left out.
    judge : float
        The judge's noise as a multiple of a person's: 1 is as noisy, 0 knows what people think on average. It
        is neither mild nor severe, whatever people are.
    epsilon : float
        What the judge is granted.
    items_per_query, grid, most_items, simulations, progress
        As for `plan_alpha_width`.

    Returns
    -------
    Options
        At least 30 items a person.

    Raises
    ------
    ValueError
        If there are fewer annotators than labels an item, whatever the number, or if `most_items` are too few
        for 30 items a person.

    See Also
    --------
    calibration.metrics.annotators.altest.alternative_annotator_test

    Examples
    --------
    >>> people = Population.assumed([1, 2, 3, 4, 5], shares=[1, 1, 1, 1, 1], alpha=0.25, query_share=0.3)
    >>> plan = plan_altest_pass(people, target=0.8, judge=0.5, grid=[10], simulations=40,
    ...                         rng=np.random.default_rng(0))
    >>> plan.options[0].met, plan.options[0].people
    (True, 10)
    """
    possible = [k for k in grid if 2 <= k <= annotators]
    if not possible:
        raise ValueError("labels an item must be at least 2, and no more than there are annotators")
    if most_items < fewest_items(annotators, min(possible)):
        raise ValueError(f"most_items must be at least {fewest_items(annotators, min(possible))}")

    def passes(items: int, labels_per_item: int, rng: np.random.Generator) -> bool:
        queries = ceil(items / items_per_query)
        latents = population.latents(queries, items_per_query, rng=rng)[0, :items]
        item = np.repeat(np.arange(items), labels_per_item)
        # In turn, so that nobody labels an item twice and all have as many, give or take one.
        who = np.arange(len(item)) % annotators
        severity = rng.normal(scale=np.sqrt(population.severity), size=annotators)
        noise = np.sqrt(population.noise)
        answers = population.answers(latents[item] + severity[who] + rng.normal(scale=noise, size=len(item)))
        judged = population.answers(latents + judge * rng.normal(scale=noise, size=items))
        scale = np.array(population.values)
        found = alternative_annotator_test(who, item, scale[answers], scale[judged], epsilon=epsilon)
        return bool(found.passed)

    options, seed = [], seed_from(rng)
    for place, labels_per_item in enumerate(possible):

        def achieve(each: int, number: int, rng: np.random.Generator, k: int = labels_per_item) -> Achieved:
            items = ceil(each * annotators / k)
            return share_achieved(sum(passes(items, k, rng) for _ in range(number)), number)

        found = smallest_size(
            achieve,
            meets=lambda share: share >= target,
            least=FEWEST_ITEMS,
            most=most_items * labels_per_item // annotators,
            simulations=simulations,
            seed=[seed, labels_per_item],
            progress=part_of(progress, place, len(possible)),
        )
        items = ceil(found.size * annotators / labels_per_item)
        options.append(
            Option(
                labels_per_item,
                ceil(items / items_per_query),
                items,
                items * labels_per_item,
                found.achieved,
                found.met,
                annotators,
            )
        )
    words = f"{most_items:,} items, the most allowed, are too few for this judge, or it is too noisy"
    return chosen(options, words, progress)


def fewest_items(annotators: int, labels_per_item: int) -> int:
    """Items of which each of the annotators labels as many as the alternative annotator test takes.

    Examples
    --------
    >>> fewest_items(10, 3)
    100
    """
    return ceil(FEWEST_ITEMS * annotators / labels_per_item)


def _standardised(x: FloatArray) -> FloatArray:
    centred: FloatArray = (x - x.mean()) / (x.std() or 1.0)
    return centred
