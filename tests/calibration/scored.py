"""A study with labels and scores, drawn once from a fixed seed, and its audits."""

from typing import Any

import numpy as np

from annotation.models import Study
from calibration.audit import create_audit, run_audit
from calibration.models import Audit, Measurement, Score, Scorer
from tests.factory import make_items, make_labels, make_study

NAMES = ("alpha", "beta", "gamma")


def make_scored_study(
    slug: str = "answers",
    *,
    kind: str = "rating",
    items: int = 60,
    people: int = 7,
    scorers: tuple[str, ...] = ("reward", "judge"),
    **fields: Any,
) -> Study:
    """Items have a quality; people and scorers see it with noise. The last scorer knows half the items."""
    rng = np.random.default_rng(20)
    study = make_study(slug, kind=kind, **fields)
    quality = rng.normal(3 if kind == "rating" else 0, 1, items)
    rows = make_items(study, items, queries=12)
    for item, level in zip(rows, quality, strict=True):
        labels = np.clip(np.round(level + rng.normal(0, 1, people)), study.scale_low, study.scale_high)
        make_labels(item, [int(label) for label in labels])
    for number, name in enumerate(scorers):
        scorer, _ = Scorer.objects.get_or_create(name=name, defaults={"family": "reward_model"})
        scores = np.round(quality + rng.normal(0, 1 + number, items), 2)
        known = rows if number < len(scorers) - 1 else rows[::2]
        Score.objects.bulk_create(
            Score(study=study, scorer=scorer, item=item, value=scores[item.position]) for item in known
        )
    return study


def asked(study: Study, **more: Any) -> Audit:
    return create_audit(study=study, **({"replicates": 20, "preset": "paper"} | more))


def finished(audit: Audit, **options: Any) -> Audit:
    run_audit(audit=audit, **options)
    assert (audit.state, audit.error) == (Audit.State.FINISHED, "")
    return audit


def measured_since(moment: Any) -> list[str]:
    """The scorers that were measured, not copied, since then."""
    return [
        *Measurement.objects.filter(measured_at__gte=moment)
        .order_by("scorer")
        .values_list("scorer", flat=True)
    ]
