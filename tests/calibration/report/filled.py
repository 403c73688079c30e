"""A result with every part of the contract, made by hand upon a real one: known numbers for pages."""

import copy
from typing import Any

from calibration.report.across import MEASURES

Result = dict[str, Any]

FALLS, HOLDS = 0.01, 0.6
BINS = [{"predicted": x, "observed": x, "low": x - 0.05, "high": x + 0.05, "n": 30} for x in (0.1, 0.5, 0.9)]


def estimate(value: float, n: int = 60) -> Result:
    return {
        "value": value,
        "low": value - 0.05,
        "high": value + 0.05,
        "n": n,
        "replicates": 20,
        "clusters": 12,
    }


def filled(result: Result, examples: list[tuple[str, list[int]]]) -> Result:
    """The first scorer by name falls more than the range explains, the others do not."""
    whole = copy.deepcopy(result)
    whole["design"] = [
        {"question": "Enough queries?", "adequate": False, "words": "12 queries are few."},
        {"question": "Enough labels?", "adequate": True, "words": "7 labels an item are enough."},
    ]
    whole["people"] |= {"reliability": estimate(0.9), "ceiling": estimate(0.95)}
    first, *others = sorted(whole["scorers"], key=lambda scorer: -scorer["spearman"]["value"])
    whole["differences"] = [
        {"first": first["name"], "second": other["name"], "n": 60, "spearman": estimate(0.2), "p": 0.01}
        | {"adjusted_p": 0.02}
        for other in others
    ]
    for number, scorer in enumerate(whole["scorers"]):
        scorer.pop("reasons", None)
        scorer |= _parts(whole["kind"], examples)
        for subset in scorer["subsets"]:
            subset.pop("reasons", None)
            subset |= _subset(subset, FALLS if number == 0 else HOLDS)
    return whole


def _subset(subset: Result, p: float) -> Result:
    rho = subset["spearman"]["value"] or 0.0
    return {
        "mean_sd": 0.61,
        "reliability": {"value": 0.8},
        "ceiling": {"value": 0.89},
        "random": {"value": 0.4, "low": 0.3, "high": 0.5},
        "expected": {"value": rho + 0.1, "low": rho + 0.05, "high": rho + 0.15},
        "excess": {"value": -0.1, "p": p / 2, "adjusted_p": p},
        "stratified": {"value": None, "p": None, "reason": "the subset does not overlap the rest"},
        "corrected": {"thorndike": 0.5, "attenuation": None, "reason": "no reliability"},
    }


def _parts(kind: str, examples: list[tuple[str, list[int]]]) -> Result:
    measures = dict.fromkeys(MEASURES, 0.5)
    curve = {"bins": BINS, "ece": estimate(0.04), "ece_floor": 0.015}
    equal = {"margin": 0.5, "n_equivalent": 10, "n_decided": 40, "n_undecided": 10}
    equal |= {
        key: estimate(0.7) for key in ("spread_equivalent", "spread_decided", "ratio", "auc", "confident")
    }
    pairwise = {"n": 60, "equally_good": equal, "reliability_curve": {"bins": BINS}, "ece_floor": 0.015}
    pairwise |= {"log_loss_floor": 0.55, "brier_floor": 0.19}
    pairwise |= {
        key: estimate(0.6)
        for key in (
            "slope",
            "slope_without_intercept",
            "intercept",
            "log_loss",
            "brier",
            "ece",
            "single_person",
            "person_with_person",
        )
    }
    return {
        "distribution": {
            "source": "ordered_logit", "n": 60, "floor": measures | {"wasserstein_1": 0.21},
            **{measure: estimate(0.4) for measure in MEASURES},
            "corrected": estimate(0.1), "skill": {measure: estimate(0.3) for measure in MEASURES},
            "references": {"overall": measures, "left_out_person": measures, "uniform": measures},
            "entropy_gap": estimate(0.2), "entropy_correlation": estimate(0.3), "reliability_curve": curve,
        },
        "by_disagreement": [
            {"low": low, "high": low + 1, "n": 30, "residual_sd": estimate(0.5),
             "wasserstein_1": estimate(0.4), "corrected": estimate(0.1), "floor": 0.2,
             "skill_over_person": estimate(0.3)}
            for low in (0.0, 1.0)
        ],
        "pairwise": pairwise if kind == "comparison" else None,
        "alt_test": {
            "winning_rate": 0.4, "passed": False, "advantage_probability": estimate(0.45), "epsilon": 0.2,
            "adequate": False, "annotators": 14, "left_out": 0, "items": 60, "items_per_annotator": 30,
        },
        "annotators": {
            "n": 14, "mean": estimate(0.4), "spread": {"value": 0.1, "low": 0.02, "high": 0.15, "p": 0.03},
            "bins": [{"low": 0.2, "high": 0.3, "n": 4}, {"low": 0.3, "high": 0.4, "n": 10}],
        },
        "groups": [
            {"question": "How old are you?", "groups": [
                {"name": name, "people": people, "n": 60, "spearman": estimate(0.4),
                 "expected": estimate(0.45), "difference": {"value": -0.05, "p": 0.2, "adjusted_p": 0.4}}
                for name, people in (("18 to 29", 12), ("30 to 44", 11))
            ]}
        ],
        "examples": [
            {"item_id": item, "mean": 1.5, "predicted": 4.25, "counts": counts, "error": 2.75,
             "distribution": [0.0, 0.05, 0.15, 0.3, 0.5]}
            for item, counts in examples
        ],
    }  # fmt: skip
