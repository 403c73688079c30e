"""The authors' lists of parameters, and which rules an audit applies."""

from collections.abc import Callable, Mapping, Sequence

import numpy.typing as npt

from annotation.statistics.counts import as_counts, as_values
from annotation.statistics.entropy import entropy_bits, mean_label
from calibration.metrics.subsets.comparison import percent_agreement, ties
from calibration.metrics.subsets.cut import Subset, of_several
from calibration.metrics.subsets.pairs import near_pairs
from calibration.metrics.subsets.rating import (
    entropy,
    gini,
    grouped_entropy,
    majority_minority,
    middle,
    pairwise_disagreement,
    tukey,
    zscore,
)

DISAGREED = (16.0, 14.0, 12.0, 10.0, 8.0, 6.0, 4.0, 2.0)
COMPARED = (95.0, 90.0, 85.0, 80.0, 75.0, 70.0, 65.0, 60.0)

# The authors' lists; thresholds of near_pairs are ours, in steps of a scale from 1 to 5.
PARAMETERS: dict[str, tuple[float, ...]] = {
    "tukey": (3.0, 2.5, 2.0, 1.5, 1.0, 0.5),
    "zscore": (3.0, 2.5, 2.0, 1.5, 1.0, 0.5),
    "middle": (90.0, 80.0, 70.0, 60.0, 50.0, 40.0),
    "near_pairs": (1.0, 0.75, 0.5, 0.25),
    "entropy": DISAGREED,
    "grouped_entropy": DISAGREED,
    "gini": DISAGREED,
    "pairwise_disagreement": DISAGREED,
    "majority_minority": DISAGREED,
    "ties": COMPARED,
    "percent_agreement": COMPARED,
}

COMPARISON_RULES = ("ties", "percent_agreement")
PRESETS: dict[str, dict[str, tuple[str, ...]]] = {
    "paper": {"rating": ("tukey", "entropy"), "comparison": COMPARISON_RULES},
    "standard": {
        "rating": ("tukey", "zscore", "middle", "near_pairs", "entropy"),
        "comparison": COMPARISON_RULES,
    },
    "full": {
        "rating": tuple(rule for rule in PARAMETERS if rule not in COMPARISON_RULES),
        "comparison": COMPARISON_RULES,
    },
}


def rules_for(kind: str, preset: str) -> dict[str, tuple[float, ...]]:
    """The rules of a preset for one kind of study, each with its parameters.

    Raises
    ------
    ValueError
        If there is no such preset, or it has no rules for this kind.

    Examples
    --------
    >>> rules_for("rating", "paper")["tukey"]
    (3.0, 2.5, 2.0, 1.5, 1.0, 0.5)
    """
    if preset not in PRESETS:
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}, not {preset!r}")
    if kind not in PRESETS[preset]:
        raise ValueError(f"subsets exist for {' and '.join(PRESETS[preset])} studies, not for {kind!r}")
    return {rule: PARAMETERS[rule] for rule in PRESETS[preset][kind]}


def subsets_for(
    kind: str,
    preset: str,
    *,
    counts: npt.ArrayLike,
    values: npt.ArrayLike,
    queries: npt.ArrayLike,
    rules: Mapping[str, Sequence[float]] | None = None,
) -> list[Subset]:
    """All subsets of a preset, or of chosen rules, for one kind of study.

    Parameters
    ----------
    kind : {"rating", "comparison"}
    preset : {"paper", "standard", "full"}
    counts : array_like of int, shape (items, V)
    values : array_like of float, shape (V,)
    queries : array_like, shape (items,)
    rules : mapping of str to sequence of float, optional
        Rules of this kind with their parameters, in place of the preset's.

    Returns
    -------
    list of Subset
        By rule, in one order always, then by parameter in the order given. The thresholds of
        near_pairs are stretched to the range of the scale, and the parameter is the threshold applied.

    Raises
    ------
    ValueError
        If there is no such preset, or it has no rules for this kind, or a rule is none of this kind.

    Examples
    --------
    >>> found = subsets_for("comparison", "paper", counts=[[1, 2, 3]], values=[-1, 0, 1], queries=["q"])
    >>> len(found), found[0].rule, found[0].parameter
    (16, 'ties', 95.0)
    """
    chosen = rules_for(kind, preset) if rules is None else rules
    if strange := [rule for rule in chosen if rule not in rules_for(kind, "full")]:
        raise ValueError(f"there is no rule {strange[0]} for {kind} studies")
    checked = as_counts(counts)
    scale = as_values(values, checked)
    means, entropies = mean_label(checked, scale), of_several(entropy_bits(checked), checked)
    unit = (scale[-1] - scale[0]) / 4
    apply: dict[str, Callable[[float], Subset]] = {
        "tukey": lambda k: tukey(means, k),
        "zscore": lambda z: zscore(means, z),
        "middle": lambda percent: middle(means, percent),
        "near_pairs": lambda threshold: near_pairs(means, queries, threshold * unit),
        "entropy": lambda percent: entropy(entropies, percent),
        "grouped_entropy": lambda percent: grouped_entropy(checked, scale, percent),
        "gini": lambda percent: gini(checked, percent),
        "pairwise_disagreement": lambda percent: pairwise_disagreement(checked, percent),
        "majority_minority": lambda percent: majority_minority(checked, percent),
        "ties": lambda percent: ties(checked, scale, percent),
        "percent_agreement": lambda percent: percent_agreement(checked, scale, percent),
    }
    return [cut(parameter) for rule, cut in apply.items() for parameter in chosen.get(rule, ())]
