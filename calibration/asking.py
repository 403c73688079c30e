"""What may be asked of an audit: everything that makes no sense is refused in one line."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from annotation.models import Study
from annotation.statistics.resampling import FEWEST_REPLICATES
from calibration.measures.specification import CLUSTER_UNITS
from calibration.metrics.subsets import PRESETS
from calibration.metrics.subsets.presets import rules_for

MOST_REPLICATES = 100_000
HIGHEST_SEED = 2**63 - 1
MOST_CUTS = 20
# Items times replicates times scorers: about an hour of two cores.
MOST_DRAWS = 4_000_000_000
# What intervals resample, times replicates: about 1.5 GB.
MOST_WEIGHTS = 30_000_000
FEWER = "Ask for fewer replicates or scorers, or use the command audit."
# What an audit asks for beside its scorers: fields of the model.
ASKED = (
    "preset", "seed", "replicates", "epsilon", "margin", "confident", "cluster_unit", "subsets",
    "with_excluded",
)  # fmt: skip
# Rules whose parameter is a distance; those of the others are percentages.
DISTANCES = ("tukey", "zscore", "near_pairs")


class AuditError(Exception):
    """What cannot be audited, and why: one line for a person."""


def checked(study: Study, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked of an audit of the study, as its fields hold it. Raises AuditError."""
    if not study.of_quality:
        raise AuditError(f"Scorers are asked about ratings and comparisons: {study.slug} is neither.")
    asked = dict(given)
    preset, seed, replicates = asked["preset"], asked["seed"], asked["replicates"]
    if preset not in PRESETS:
        raise AuditError(f"There is no preset {preset}: choose one of {', '.join(PRESETS)}.")
    if not 0 <= seed <= HIGHEST_SEED:
        raise AuditError(f"The seed must be a whole number from 0 to {HIGHEST_SEED}, not {seed}.")
    if not FEWEST_REPLICATES <= replicates <= MOST_REPLICATES:
        raise AuditError(
            f"An interval takes {FEWEST_REPLICATES} to {MOST_REPLICATES} replicates, not {replicates}."
        )
    if not 0 <= asked["epsilon"] < 1:
        raise AuditError(f"Epsilon must be at least 0 and less than 1, not {asked['epsilon']}.")
    if not 0 < asked["margin"] < math.inf:
        raise AuditError(f"The margin must be more than 0 steps of the scale, not {asked['margin']}.")
    if not 0.5 <= asked["confident"] < 1:
        raise AuditError(f"A confident share is at least .5 and less than 1, not {asked['confident']}.")
    _check_unit(study, asked["cluster_unit"])
    return asked | {"subsets": _rules(study, preset, asked["subsets"])}


def check_size(study: Study, asked: Mapping[str, Any], *, scorers: int) -> None:
    """Raises AuditError for what would keep a worker, which others' audits wait for, too long, or kill it."""
    items, replicates = study.items.count(), asked["replicates"]
    if (draws := items * replicates * scorers) > MOST_DRAWS:
        raise AuditError(
            f"Items times replicates times scorers are {draws:,}: more than {MOST_DRAWS:,} are hours of a "
            f"worker. {FEWER}"
        )
    by_item = asked["cluster_unit"] == "item"
    clusters = items if by_item else study.items.order_by().values("query").distinct().count()
    if (weights := clusters * replicates) > MOST_WEIGHTS:
        unit = "Items" if by_item else "Queries"
        raise AuditError(
            f"{unit} times replicates are {weights:,}: more than {MOST_WEIGHTS:,} are gigabytes. {FEWER}"
        )


def _check_unit(study: Study, unit: str) -> None:
    if unit and unit not in CLUSTER_UNITS:
        raise AuditError(f"Intervals resample queries, forms or items: there is no {unit}.")
    if unit == "form" and study.items.filter(block=None).exists():
        raise AuditError(f"The items of {study.slug} lie in no forms: choose query or item.")


def _rules(
    study: Study, preset: str, subsets: Mapping[str, Sequence[float]] | None
) -> dict[str, list[float]] | None:
    """The chosen rules with their parameters as numbers; None for those of the preset."""
    if subsets is None:
        return None
    if preset == "paper":
        raise AuditError("The preset paper has the authors’ subsets: choose another for subsets of your own.")
    if not subsets:
        raise AuditError("Name at least one rule of subsets, or leave them to the preset.")
    known = rules_for(study.kind, "full") if study.kind in PRESETS["full"] else {}
    for rule, cuts in subsets.items():
        if rule not in known:
            raise AuditError(f"There is no rule {rule} for {study.kind} studies: {', '.join(known)}.")
        if not 0 < len(cuts) <= MOST_CUTS or len(set(cuts)) < len(cuts):
            raise AuditError(f"The rule {rule} takes 1 to {MOST_CUTS} different numbers.")
        most = math.inf if rule in DISTANCES else 100
        for cut in cuts:
            if not (0 < cut <= most and math.isfinite(cut)):
                limit = "" if most == math.inf else " and at most 100"
                raise AuditError(f"A parameter of {rule} is more than 0{limit}, not {cut}.")
    return {rule: [*map(float, cuts)] for rule, cuts in subsets.items()}
