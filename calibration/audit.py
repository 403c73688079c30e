"""An audit: write down what is asked, run it, freeze what it found."""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from datetime import timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from annotation.frames import label_frame
from annotation.groups import every_group
from annotation.log import record
from annotation.models import Label, Study
from annotation.moment import one_moment
from annotation.rows import label_rows
from calibration.asking import ASKED, AuditError, check_size, checked
from calibration.frames import ScoreColumn, score_columns
from calibration.frozen import asked_of, freeze_labels
from calibration.measurements import Superseded, known, plain, store
from calibration.measures.each import exact_sums, silent
from calibration.measures.keys import measurement_key
from calibration.measures.measure import assembled, by_name, measure_scorers
from calibration.measures.people import People
from calibration.models import Audit, Score, Scorer
from calibration.provenance import provenance

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_WRITES = 1.0
# So long a worker that lives is never silent: reading and assembling take seconds.
LOST_AFTER = timedelta(minutes=2)
UNFINISHED = [Audit.State.WAITING, Audit.State.RUNNING]
# Of one person at a time: others' audits wait for the same workers.
MOST_UNFINISHED = 10


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
    margin: float = 0.5,
    confident: float = 0.75,
    cluster_unit: str = "",
    subsets: Mapping[str, Sequence[float]] | None = None,
    with_excluded: bool = False,
    created_by: User | None = None,
) -> Audit:
    """Write down what is to be audited; without `scorers`, every scorer that scored the study.

    `subsets` are rules with their parameters, in place of the preset's. `with_excluded` holds the scorers
    against the labels of excluded people too. For the rest see `Specification`; an empty `cluster_unit` is
    what the study's design chooses.

    Raises AuditError if there is nothing to audit, the specification makes no sense, or too much waits.
    """
    given = locals()
    asked = checked(study, {name: given[name] for name in ASKED})
    chosen = _scorers(study, scorers)
    _check_labels(study, with_excluded=with_excluded)
    if created_by:
        check_size(study, asked, scorers=len(chosen))
        _check_queue(created_by)
    with transaction.atomic():
        audit = Audit.objects.create(study=study, created_by=created_by, **asked)
        audit.scorers.set(chosen)
        record(study, "asked for an audit", by=created_by, audit=audit.pk, subsets=preset)
    return audit


def _check_labels(study: Study, *, with_excluded: bool) -> None:
    of_study = Q(item__study=study, value__isnull=False)
    if Label.objects.counted(with_excluded=with_excluded).filter(of_study).exists():
        return
    if Label.objects.counted(with_excluded=True).filter(of_study).exists():
        raise AuditError(f"Whoever labelled {study.slug} is excluded: restore somebody, or count them too.")
    raise AuditError(f"The study {study.slug} has no labels yet: collect or import some first.")


def _check_queue(user: User) -> None:
    """Raises AuditError where enough of a person's audits are before the workers already."""
    if Audit.objects.filter(created_by=user, state__in=UNFINISHED).count() >= MOST_UNFINISHED:
        raise AuditError(f"{MOST_UNFINISHED} of your audits wait or run: cancel one, or wait for it.")


def addable(audit: Audit) -> list[str]:
    """The scorers that scored the audit's study and are not in the audit."""
    return [*scorers_of(audit.study).exclude(audits=audit).values_list("name", flat=True)]


@transaction.atomic
def add_scorers(*, audit: Audit, scorers: Iterable[Scorer | str], by: User | None = None) -> Audit:
    """A new audit of the same specification with more scorers; what was measured is not measured again.

    It reads the labels and scores as they are now. Raises AuditError.
    """
    before = [*audit.scorers.values_list("name", flat=True)]
    more = [name for name in map(str, scorers) if name not in before]
    if not more:
        raise AuditError("Choose at least one scorer that is not in the audit.")
    asked = {name: getattr(audit, name) for name in ASKED}
    return create_audit(study=audit.study, scorers=[*before, *more], created_by=by, **asked)


@transaction.atomic
def cancel_audit(*, audit: Audit, by: User | None = None) -> None:
    """Stop an audit that waits or runs; its worker notices at its next step. A finished one stays."""
    if _of(audit).filter(state__in=UNFINISHED).update(state=Audit.State.CANCELLED):
        record(audit.study, "cancelled an audit", by=by, audit=audit.pk)


def run_audit(
    *,
    audit: Audit,
    reuse: bool = True,
    progress: Callable[[float], None] = silent,
    threads: int | None = None,
) -> Audit:
    """Run an audit and freeze its result; of one that has ended, or that a worker is at, nothing changes.

    1. Claim it: from waiting, or from running where its worker was killed, and so not heard of for long.
    2. Measure each scorer that is not measured yet, and store it when it is done: a killed worker's successor
       does only the rest. Without `reuse` everything is measured anew. A failure is stored as one line.
    3. Assemble and store the result unless another worker stored it first: both computed the same.

    `progress` hears which share is done.
    """
    if _claimed(audit):
        try:
            _finish(audit, **_found(audit, reuse=reuse, progress=progress, threads=threads))
        except Superseded:
            logger.info("audit %s was cancelled, or is another worker's", audit.pk)
        except AuditError as error:
            _fail(audit, str(error))
        except Exception as error:
            logger.exception("audit %s failed", audit.pk)
            where = "".join(f", {note}" for note in getattr(error, "__notes__", []))
            reason = str(error).strip().split("\n")[0]
            _fail(audit, f"The audit stopped{where}: {type(error).__name__}: {reason}")
    with suppress(Audit.DoesNotExist):
        audit.refresh_from_db()
    return audit


def _claimed(audit: Audit) -> bool:
    """Whether the audit was free; of many workers that ask at once, one hears so."""
    now = timezone.now()
    lost = Q(heard_at=None) | Q(heard_at__lt=now - LOST_AFTER)
    free = Q(state=Audit.State.WAITING) | Q(state=Audit.State.RUNNING) & lost
    return bool(_of(audit).filter(free).update(state=Audit.State.RUNNING, heard_at=now))


@exact_sums()
def _found(
    audit: Audit, *, reuse: bool, progress: Callable[[float], None], threads: int | None
) -> dict[str, Any]:
    """The fields of a finished audit, and the keys of its measurements. Raises AuditError and Superseded."""
    people, columns, asked = _read(audit)
    keys = {column.name: measurement_key(people, column) for column in columns}
    if not reuse:
        audit.measurements.all().delete()
    measured = known(audit, keys) if reuse else {}
    rest = [column for column in columns if column.name not in measured]
    tell = _teller(audit, progress)

    def watch(share: float) -> None:
        tell((len(columns) - len(rest) + share * len(rest)) / len(columns))

    with closing(measure_scorers(people, rest, watch=watch, threads=threads)) as done:
        for column, found in done:
            measured[column.name] = store(audit, key=keys[column.name], column=column, found=found)
    found = assembled(people, columns, [measured[column.name] for column in columns])
    found["scorers"] = [one | asked.get(one["name"], {}) for one in found["scorers"]]
    return {
        "result": plain({"study": audit.study.slug, "version": settings.VERSION, **found}),
        "labels": freeze_labels(people.frame),
        "keys": keys.values(),
    }


def _read(audit: Audit) -> tuple[People, list[ScoreColumn], dict[str, dict[str, Any]]]:
    """What the audit is of, at one moment, and how each scorer was asked: people may label meanwhile."""
    with one_moment():
        # As it is stored now, whatever the caller holds.
        audit.study = study = Study.objects.get(pk=audit.study_id)
        unit = audit.cluster_unit or None
        try:
            frame = label_frame(study, with_excluded=audit.with_excluded, cluster_unit=unit)
        except ValueError as error:
            raise AuditError(f"The audit cannot run: {error}.") from None
        if not frame.counts.any():
            raise AuditError(f"The study {study.slug} has no labels to audit against.")
        scorers = list(audit.scorers.all())
        columns = score_columns(study, item_pks=frame.item_pks, scorers=scorers)
        if not columns:
            raise AuditError("The scorers of this audit were deleted.")
        rows = label_rows(study, frame)
        groups = every_group(study, rows)
    asked = {one.name: {"asked": found} for one in scorers if (found := provenance(one, study.pk))}
    return People(frame, asked_of(audit), rows=rows, groups=groups), by_name(columns), asked


def _teller(audit: Audit, progress: Callable[[float], None]) -> Callable[[float], None]:
    """What writes the share that is done to the row, once a second at most; raises Superseded."""
    written = monotonic()

    def tell(share: float) -> None:
        nonlocal written
        progress(share)
        if monotonic() - written < SECONDS_BETWEEN_WRITES:
            return
        said = {"progress": min(1.0, share), "heard_at": timezone.now()}
        if not _of(audit).filter(state=Audit.State.RUNNING).update(**said):
            raise Superseded
        written = monotonic()

    return tell


def _finish(audit: Audit, *, result: dict[str, Any], labels: bytes, keys: Collection[str]) -> None:
    """Store the result, and of the measurements only those that it rests on. Raises Superseded."""
    outcome: dict[str, Any] = {
        "state": Audit.State.FINISHED,
        "result": result,
        "labels": labels,
        "data_hash": result["data_hash"],
        "version": result["version"],
        "progress": 1.0,
        "finished_at": timezone.now(),
    }
    with transaction.atomic():
        if not _of(audit).filter(state__in=UNFINISHED).update(**outcome):
            raise Superseded
        audit.measurements.exclude(key__in=keys).delete()


def _fail(audit: Audit, error: str) -> None:
    _of(audit).filter(state=Audit.State.RUNNING).update(state=Audit.State.FAILED, error=error)


def _of(audit: Audit) -> QuerySet[Audit]:
    """The audit's row, to be changed where its state allows."""
    return Audit.objects.filter(pk=audit.pk)


def as_json(result: dict[str, Any] | None) -> str:
    """The text of a result; keys are sorted, since PostgreSQL does not keep their order."""
    return json.dumps(result, sort_keys=True, ensure_ascii=False, allow_nan=False)


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
