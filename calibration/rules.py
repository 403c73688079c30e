"""The rules that make subsets, in words for a page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

SIMILAR = "Without the answers whose mean label is far from the others, does the scorer still rank them?"
TIED = "Among comparisons that more people call similar, does the scorer still follow their mean?"
DISAGREED = "Where people disagree, does the scorer lose more than it must?"


@dataclass(frozen=True)
class Rule:
    """A rule that makes subsets, in words; `cut` writes one of its parameters."""

    title: str
    question: str
    meaning: str
    cut: Callable[[float], str]
    unit: str = "item"

    @property
    def short(self) -> str:
        """What it goes by, without the kind of subset."""
        return self.title.partition(": ")[2]


# In the order of a report: where people disagree first.
RULES: Mapping[str, Rule] = {
    "entropy": Rule(
        "Disagreed: entropy",
        DISAGREED,
        "The share of items whose labels have the highest entropy.",
        "top {:g} %".format,
    ),
    "grouped_entropy": Rule(
        "Disagreed: entropy of low, middle and high",
        DISAGREED,
        "The share of items with the highest entropy of three groups: below, at and above the middle value.",
        "top {:g} %".format,
    ),
    "gini": Rule(
        "Disagreed: Gini impurity",
        DISAGREED,
        "The share of items whose labels have the highest Gini impurity.",
        "top {:g} %".format,
    ),
    "pairwise_disagreement": Rule(
        "Disagreed: pairs of people",
        DISAGREED,
        "The share of items on which two people drawn at random differ most often.",
        "top {:g} %".format,
    ),
    "majority_minority": Rule(
        "Disagreed: majority against minority",
        DISAGREED,
        "The share of items with the most labels other than the commonest one.",
        "top {:g} %".format,
    ),
    "percent_agreement": Rule(
        "Disagreed: percent agreement",
        DISAGREED,
        "The share of comparisons on which the fewest people side with the majority, ties split.",
        "lowest {:g} %".format,
    ),
    "tukey": Rule(
        "Similar quality: Tukey’s fences",
        SIMILAR,
        "Items whose mean label lies within k interquartile ranges of the middle half of all means.",
        "k = {:g}".format,
    ),
    "zscore": Rule(
        "Similar quality: standard scores",
        SIMILAR,
        "Items whose mean label lies within so many standard deviations of the mean of all.",
        "|z| ≤ {:g}".format,
    ),
    "middle": Rule(
        "Similar quality: the middle",
        SIMILAR,
        "Items whose mean label lies in the middle share of all means.",
        "middle {:g} %".format,
    ),
    "near_pairs": Rule(
        "Similar quality: near pairs",
        "Between two answers that people rate nearly the same, does the scorer pick the better one?",
        "Pairs of answers to one query whose mean labels differ by less than the threshold: rho of the "
        "differences of score and of mean label, each pair in both orders; n counts pairs once.",
        "less than {:g} apart".format,
        unit="pair",
    ),
    "ties": Rule(
        "Similar quality: ties",
        TIED,
        "The share of comparisons that the most people call similar.",
        "top {:g} %".format,
    ),
}
