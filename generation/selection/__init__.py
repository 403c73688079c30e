"""Which responses and pairs of responses people are shown: drawn by a seed, under a stated rule.

Nothing drawn depends on the order in which responses come, nor on their keys: the same texts and the same
seed give the same choice in every database.
"""

from generation.selection.pairs import BANDS, RULES, Pair, PairRule, Rule, banded, pairs
from generation.selection.responses import PICKS, Pick, Picked, TooFew, distinct, diverse

__all__ = [
    "BANDS",
    "PICKS",
    "RULES",
    "Pair",
    "PairRule",
    "Pick",
    "Picked",
    "Rule",
    "TooFew",
    "banded",
    "distinct",
    "diverse",
    "pairs",
]
