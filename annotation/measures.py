"""The measures of a study's agreement: their names, and what each means and does not mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measure:
    key: str
    name: str
    says: str


MEASURES: tuple[Measure, ...] = (
    Measure(
        "alpha_nominal",
        "Krippendorff’s alpha, nominal",
        "Agreement beyond chance, where a near miss counts like a far one: 1 is full agreement, 0 what "
        "chance would give. It does not say that who disagrees is wrong.",
    ),
    Measure(
        "alpha_ordinal",
        "Krippendorff’s alpha, ordinal",
        "The same, where labels that lie further apart in the order of all labels count for more. "
        "It falls where items are alike, however well people agree on each.",
    ),
    Measure(
        "alpha_interval",
        "Krippendorff’s alpha, interval",
        "The same by squared distances between values. It takes the steps of the scale for equal, which "
        "words on a scale do not promise.",
    ),
    Measure(
        "percent_agreement",
        "Percent agreement",
        "The share of pairs of labels of an item that are equal. It takes no chance off: with few values, or "
        "one that most people use, it is high by itself.",
    ),
    Measure(
        "fleiss_kappa",
        "Fleiss’ kappa",
        "Nearly nominal alpha, for comparison with work that reports it. It needs equally many labels an "
        "item, and knows no order either.",
    ),
    Measure(
        "icc_single",
        "ICC(1), of one label",
        "The share of the variance of single labels that lies between items. How strict a person is counts "
        "as error, so it does not tell strictness from carelessness.",
    ),
    Measure(
        "icc_average",
        "ICC(1,k), of an item’s mean",
        "How well the means of items would come out again with other people. It is high with many labels "
        "even where single people hardly agree: it speaks of means, not of people.",
    ),
    Measure(
        "split_half",
        "Split-half, Spearman-Brown",
        "The correlation of items’ means in two random halves of their labels, stepped up to all of them. It "
        "is reliability of the means, not agreement, and not how right they are.",
    ),
    Measure(
        "entropy_bits",
        "Mean entropy, bits, plug-in",
        "How evenly an item’s labels spread over the values, on average; 0 is everybody alike. Too low with "
        "few labels, so studies of different numbers do not compare; it knows no order.",
    ),
    Measure(
        "entropy_bits_corrected",
        "Mean entropy, bits, corrected",
        "The same with what few labels miss on average added (Miller-Madow). It is right on average only, "
        "and an item’s own may pass the largest that the scale allows.",
    ),
)


def measured(report: Mapping[str, Any]) -> list[tuple[Measure, Mapping[str, Any]]]:
    """Every measure with its value, interval, n and reason, from the report of `agreement_of`."""
    alpha, icc = report["krippendorff_alpha"], report["intraclass_correlation"]
    found = {
        **{f"alpha_{level}": estimate for level, estimate in alpha.items()},
        "percent_agreement": report["percent_agreement"],
        "fleiss_kappa": report["fleiss_kappa"],
        "icc_single": icc["single"],
        "icc_average": icc["average"],
        "split_half": report["split_half_reliability"],
        "entropy_bits": _mean_entropy(report["entropy_bits"]),
        "entropy_bits_corrected": _mean_entropy(report["entropy_bits"], "corrected_"),
    }
    return [(measure, found[measure.key]) for measure in MEASURES]


def _mean_entropy(bits: Mapping[str, Any], which: str = "") -> dict[str, Any]:
    ends = {end: bits[f"{which}{end}"] for end in ("low", "high")}
    return {"value": bits[f"{which}mean"], **ends, "n": bits["n"], "reason": bits.get("reason")}
