"""Whether a drop on a subset is the scorer's: what the narrower range, and chance, would show anyhow."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.statistics.intervals import Estimate
from annotation.statistics.reliability import intraclass_correlation
from calibration.measures.people import People
from calibration.measures.scored import Scored
from calibration.measures.specification import Specification
from calibration.metrics.nulls.corrections import attenuation, thorndike
from calibration.metrics.nulls.equal_noise import EqualNoise, equal_noise
from calibration.metrics.nulls.equal_noise_pairs import equal_noise_of_pairs
from calibration.metrics.nulls.mean_reliability import Reliability, pair_reliability, subset_reliability
from calibration.metrics.nulls.residuals import ResidualTest, stratified_residual_tests
from calibration.metrics.nulls.size_matched import SizeMatched, size_matched, size_matched_pairs
from calibration.metrics.nulls.wanted import EVERY
from calibration.metrics.subsets import MOST_PAIRS, Subset

Found = dict[str, Any]

DROP = ("mean_sd", "reliability", "ceiling", "random", "expected", "excess", "stratified", "corrected")
# Outside these no item has a mean label like those inside.
CUT_BY_MEAN = frozenset(["tukey", "zscore", "middle", "near_pairs"])
BY_MEAN = "the subset is cut by the mean label itself: no item outside has one like those inside"
MANY_PAIRS = f"more than {MOST_PAIRS:,} pairs are too many to compare"
UNRELIABLE = "the mean labels of items differ no more than by chance, so there is no ceiling"
TOO_FEW = "fewer than 3 items, or pairs, or all their scores or mean labels are equal"
NO_CORRECTION = "rho or the reliability is undefined, or the corrected rho would be beyond 1"


def reliability(people: People, asked: Specification) -> Found:
    """How surely other people would put the items in the same order, and so the rho of a perfect scorer."""
    found = intraclass_correlation(
        people.frame.counts,
        values=people.frame.values,
        average=True,
        clusters=people.frame.clusters,
        replicates=asked.replicates,
        rng=asked.rng("reliability"),
    )
    return {"reliability": found.as_dict(), "ceiling": _ceiling(found).as_dict()}


def _ceiling(found: Estimate) -> Estimate:
    if found.value is None or found.value <= 0:
        return Estimate(None, None, None, found.n, found.reason or UNRELIABLE)
    low, high = (None if end is None else max(end, 0.0) ** 0.5 for end in (found.low, found.high))
    return replace(found, value=found.value**0.5, low=low, high=high)


def drops(people: People, scored: Scored, asked: Specification, subsets: Sequence[Subset]) -> list[Found]:
    """What each subset, on the items that the scorer scored, would show of a scorer without favourites."""
    whole = [subset for subset in subsets if subset.pairs is None]
    paired = [subset for subset in subsets if subset.pairs is not None]
    found = dict(zip(map(id, whole), _of_items(people, scored, asked, whole), strict=True))
    if paired:
        found |= dict(zip(map(id, paired), _of_pairs(people, scored, asked, paired), strict=True))
    return [found[id(subset)] for subset in subsets]


def _of_items(people: People, scored: Scored, asked: Specification, subsets: Sequence[Subset]) -> list[Found]:
    known = people.labelled & ~np.isnan(scored.values)
    masks = [subset.mask & known for subset in subsets]
    # Several cuts can keep the same items: those are computed once.
    once = {mask.tobytes(): mask for mask in masks}
    data = scored.values, people.means
    permuted: Found = {"variances": people.mean_variances, "permutations": asked.replicates}
    noise = equal_noise(*data, list(once.values()), **permuted, rng=asked.rng(scored.name, "equal_noise"))
    random = size_matched(
        *data, [int(mask.sum()) for mask in once.values()], rng=asked.rng(scored.name, "random")
    )
    tested = {
        mask.tobytes(): mask
        for subset, mask in zip(subsets, masks, strict=True)
        if subset.rule not in CUT_BY_MEAN
    }
    tests = stratified_residual_tests(
        *data, list(tested.values()), **permuted, rng=asked.rng(scored.name, "stratified")
    )
    by_mask = dict(zip(once, zip(noise, random, strict=True), strict=True))
    by_test = dict(zip(tested, tests, strict=True))
    spread = _sd(people.means[known])
    return [
        _drop(
            *by_mask[mask.tobytes()],
            None if subset.rule in CUT_BY_MEAN else by_test[mask.tobytes()],
            subset_reliability(people.means[known], people.mean_variances[known], mask[known]),
            sd=_sd(people.means[mask]),
            sd_of_all=spread,
        )
        for subset, mask in zip(subsets, masks, strict=True)
    ]


def _of_pairs(people: People, scored: Scored, asked: Specification, subsets: Sequence[Subset]) -> list[Found]:
    every = people.all_pairs
    if every.unlisted or any(subset.unlisted for subset in subsets):
        return [dict.fromkeys(DROP) | {"reasons": dict.fromkeys(DROP, MANY_PAIRS)} for _ in subsets]
    known = people.labelled & ~np.isnan(scored.values)
    data = scored.values, people.means
    listed = [_known(subset, known) for subset in subsets]
    noise = equal_noise_of_pairs(
        *data,
        people.frame.queries,
        listed,
        variances=people.mean_variances,
        permutations=asked.replicates,
        rng=asked.rng(scored.name, "equal_noise", "pairs"),
    )
    all_pairs = _known(every, known)
    random = size_matched_pairs(
        *data, all_pairs, [len(pairs) for pairs in listed], rng=asked.rng(scored.name, "random", "pairs")
    )
    noise = [
        EqualNoise(one.observed, None, None, None, None, one.n, reason=one.reason or EVERY)
        if one.n == len(all_pairs)
        else one
        for one in noise
    ]
    means = np.where(known, people.means, np.nan)
    spread = _sd_of_differences(means, all_pairs)
    return [
        _drop(
            one,
            sizes,
            None,
            pair_reliability(means, people.mean_variances, people.frame.queries, pairs),
            sd=_sd_of_differences(means, pairs),
            sd_of_all=spread,
        )
        for one, sizes, pairs in zip(noise, random, listed, strict=True)
    ]


def _drop(
    noise: EqualNoise,
    random: SizeMatched,
    test: ResidualTest | None,
    reliable: Reliability,
    *,
    sd: float | None,
    sd_of_all: float | None,
) -> Found:
    """The keys of a subset's row, each undefined number beside its reason."""
    ratio = sd_of_all / sd if sd and sd_of_all is not None else None
    corrected = {
        "thorndike": thorndike(noise.observed, ratio),
        "attenuation": attenuation(noise.observed, reliable.value),
    }
    stratified = {"value": None, "expected": None, "p": None, "n_inside": noise.n, "n_outside": None}
    return {
        "mean_sd": sd,
        "reliability": _because({"value": reliable.value}, reliable.reason),
        "ceiling": _because({"value": reliable.ceiling}, reliable.reason),
        "random": _because({key: asdict(random)[key] for key in ("value", "low", "high")}, TOO_FEW),
        "expected": _because({"value": noise.expected, "low": noise.low, "high": noise.high}, noise.reason),
        "excess": _because({"value": noise.excess, "p": noise.p}, noise.reason),
        "stratified": stratified | {"reason": BY_MEAN} if test is None else test.as_dict(),
        "corrected": _because(corrected, NO_CORRECTION),
    } | ({"reasons": {"mean_sd": TOO_FEW}} if sd is None else {})


def _because(found: Found, reason: str | None) -> Found:
    return found | {"reason": reason} if None in found.values() else found


def _known(subset: Subset, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    pairs = np.empty((0, 2), dtype=np.intp) if subset.pairs is None else subset.pairs
    return pairs[known[pairs].all(axis=1)]


def _sd(numbers: npt.NDArray[np.float64]) -> float | None:
    return float(numbers.std(ddof=1)) if len(numbers) > 1 else None


def _sd_of_differences(means: npt.NDArray[np.float64], pairs: npt.NDArray[np.intp]) -> float | None:
    """Both orientations of a pair lie about 0."""
    difference = means[pairs[:, 0]] - means[pairs[:, 1]]
    return float(np.sqrt(np.square(difference).mean())) if len(pairs) else None
