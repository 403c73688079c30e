"""The subsets of items on which a scorer is compared again: similar quality, and disagreed.

The rules are those of "Artificial Hivemind" (arXiv 2510.22954) and its code. A share of the items
is always cut at a value: items that tie stay together, so that file order never matters.
"""

from calibration.metrics.subsets.comparison import percent_agreement, ties
from calibration.metrics.subsets.cut import Subset
from calibration.metrics.subsets.pairs import FEW_PAIRS, MOST_PAIRS, differences, near_pairs, pair_spearman
from calibration.metrics.subsets.presets import PARAMETERS, PRESETS, subsets_for
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

__all__ = [
    "FEW_PAIRS",
    "MOST_PAIRS",
    "PARAMETERS",
    "PRESETS",
    "Subset",
    "differences",
    "entropy",
    "gini",
    "grouped_entropy",
    "majority_minority",
    "middle",
    "near_pairs",
    "pair_spearman",
    "pairwise_disagreement",
    "percent_agreement",
    "subsets_for",
    "ties",
    "tukey",
    "zscore",
]
