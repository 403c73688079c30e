"""An audit: write down what is asked, run it, freeze what it found."""

import json
import logging
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from annotation.frames import label_frame
from annotation.log import record
from annotation.models import Label, Study
from annotation.statistics.resampling import FEWEST_REPLICATES
from calibration.frames import score_columns
from calibration.frozen import asked_of
from calibration.measures.measure import measure
from calibration.metrics.subsets import PRESETS
from calibration.models import Audit, Score, Scorer

logger = logging.getLogger(__name__)

MOST_REPLICATES = 100_000
HIGHEST_SEED = 2**63 - 1


class AuditError(Exception):
    """What cannot be audited, and why: one line for a person."""


def scorers_of(study: Study) -> QuerySet[Scorer]:
    """The scorers that have scores for the study."""
    return Scorer.objects.filter(Exists(Score.objects.filter(study=study, scorer=OuterRef("pk"))))


def create_audit(
    *,
    study: Study,
    preset: str = "standard",
    scorers: Iterable[Scorer | str] | None = None,
    seed: int = 0,
    replicates: int = 1000,
    epsilon: float = 0.2,
    with_excluded: bool = False,
    created_by: User | None = None,
) -> Audit:
    """Write down what is to be audited; without `scorers`, every scorer that scored the study.

    `with_excluded` holds the scorers against the labels of excluded people too.

    Raises AuditError if there is nothing to audit or the specification makes no sense.
    """
    _check(preset=preset, seed=seed, replicates=replicates, epsilon=epsilon)
    chosen = _scorers(study, scorers)
    labels = Label.objects.counted(with_excluded=with_excluded)
    if not labels.filter(item__study=study, value__isnull=False).exists():
        raise AuditError(f"The study {study.slug} has no labels yet: collect or import some first.")
    with transaction.atomic():
        audit = Audit.objects.create(
            study=study,
            preset=preset,
            seed=seed,
            replicates=replicates,
            epsilon=epsilon,
            with_excluded=with_excluded,
            created_by=created_by,
        )
        audit.scorers.set(chosen)
        record(study, "asked for an audit", by=created_by, audit=audit.pk, subsets=preset)
    return audit


def run_audit(*, audit: Audit) -> Audit:
    """Run an audit and freeze its result; of a finished one, nothing changes.

    1. Claim it: from waiting, from failed, or from running, since a worker that was killed leaves that.
    2. Compute. A failure is stored as one line.
    3. Store the result unless another worker stored it first: both computed the same.
    """
    unfinished = Audit.objects.filter(pk=audit.pk).exclude(state=Audit.State.FINISHED)
    if unfinished.update(state=Audit.State.RUNNING, error=""):
        unfinished.update(**_outcome(audit))
    audit.refresh_from_db()
    return audit


def _outcome(audit: Audit) -> dict[str, Any]:
    """The fields of a finished or a failed audit."""
    try:
        result = _result(audit)
    except AuditError as error:
        return {"state": Audit.State.FAILED, "error": str(error)}
    except Exception as error:
        logger.exception("audit %s failed", audit.pk)
        reason = str(error).strip().split("\n")[0]
        return {"state": Audit.State.FAILED, "error": f"The audit stopped: {type(error).__name__}: {reason}"}
    return {
        "state": Audit.State.FINISHED,
        "result": result,
        "data_hash": result["data_hash"],
        "version": result["version"],
        "progress": 1.0,
        "finished_at": timezone.now(),
    }


def _result(audit: Audit) -> dict[str, Any]:
    study = Study.objects.get(pk=audit.study_id)  # as it is stored now, whatever the caller holds
    frame = label_frame(study, with_excluded=audit.with_excluded)
    if not frame.counts.any():
        raise AuditError(f"The study {study.slug} has no labels to audit against.")
    columns = score_columns(study, item_pks=frame.item_pks, scorers=audit.scorers.all())
    asked = asked_of(audit)
    found = {"study": study.slug, "version": settings.VERSION, **measure(frame, columns, asked)}
    # Through text, as any database gives it back: NaN would raise, and PostgreSQL knows no minus zero.
    text = json.dumps(found, allow_nan=False)
    result: dict[str, Any] = json.loads(text, parse_float=lambda number: float(number) + 0.0)
    return result


def as_json(result: dict[str, Any] | None) -> str:
    """The text of a result; keys are sorted, since PostgreSQL does not keep their order."""
    return json.dumps(result, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _check(*, preset: str, seed: int, replicates: int, epsilon: float) -> None:
    if preset not in PRESETS:
        raise AuditError(f"There is no preset {preset}: choose one of {', '.join(PRESETS)}.")
    if not 0 <= seed <= HIGHEST_SEED:
        raise AuditError(f"The seed must be a whole number from 0 to {HIGHEST_SEED}, not {seed}.")
    if not FEWEST_REPLICATES <= replicates <= MOST_REPLICATES:
        raise AuditError(
            f"An interval takes {FEWEST_REPLICATES} to {MOST_REPLICATES} replicates, not {replicates}."
        )
    if not 0 <= epsilon < 1:
        raise AuditError(f"Epsilon must be at least 0 and less than 1, not {epsilon}.")


def _scorers(study: Study, wanted: Iterable[Scorer | str] | None) -> list[Scorer]:
    """The scorers asked for, all of which scored the study; by default all that did."""
    known = {scorer.name: scorer for scorer in scorers_of(study)}
    if not known:
        raise AuditError(f"The study {study.slug} has no scores yet: import some first.")
    names = list(known if wanted is None else dict.fromkeys(str(scorer) for scorer in wanted))
    if not names:
        raise AuditError("Choose at least one scorer.")
    if unknown := [name for name in names if name not in known]:
        there = ", ".join(known)
        raise AuditError(f"{unknown[0]} has no scores for the study {study.slug}; these have: {there}.")
    return [known[name] for name in names]
