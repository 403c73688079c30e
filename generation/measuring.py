"""Reports of diversity: write down what is asked, measure, freeze what was found."""

import logging
from time import monotonic

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils import timezone

from generation.diversity.content import CONTENT, data_hash
from generation.diversity.report.report import diversity_report
from generation.diversity.report.specification import Specification
from generation.diversity.responses import UnusableResponses
from generation.diversity.scheduling import Progress, SchedulingError, measure
from generation.frames import data_set
from generation.models import Collection, DiversityReport, Encoder
from generation.tasks import LOST_AFTER

logger = logging.getLogger(__name__)

State = DiversityReport.State
UNFINISHED = [State.WAITING, State.RUNNING]
SECONDS_BETWEEN_WRITES = 1.0
# Of one person at a time: others' reports wait for the same workers.
MOST_UNFINISHED = 10


class MeasuringError(Exception):
    """Why there is no report, in one line."""


class Superseded(Exception):
    """Somebody deleted the report, or another worker finished it."""


def create_report(
    *,
    collection: Collection,
    encoder: Encoder | None,
    asked: Specification,
    created_by: User | None = None,
) -> DiversityReport:
    """Write down what is to be measured. Raises MeasuringError where too much of a person's waits."""
    if created_by is not None:
        waiting = DiversityReport.objects.filter(created_by=created_by, state__in=UNFINISHED).count()
        if waiting >= MOST_UNFINISHED:
            raise MeasuringError(f"{waiting} of your reports wait or run: wait for one of them.")
    return DiversityReport.objects.create(
        collection=collection, encoder=encoder, specification=asked.as_dict(), created_by=created_by
    )


def run_report(
    *,
    report: DiversityReport,
    scheduler: str = "threads",
    progress: Progress = lambda done, steps: None,
) -> DiversityReport:
    """Measure and freeze the result; of a report that has ended, or that a worker is at, nothing changes.

    1. Claim it: from waiting, or from running where its worker was killed, and so not heard of for long.
    2. Read the data once for its digest: what was measured of the same data before is taken from there.
    3. Measure, and store the result unless somebody deleted the report meanwhile.

    Raises MeasuringError, with the report failed and saying why.
    """
    if not _claimed(report):
        report.refresh_from_db()
        return report
    try:
        _finish(report, _found(report, scheduler, _teller(report, progress)))
    except Superseded:
        return report
    except (UnusableResponses, SchedulingError) as error:
        line = str(error).rstrip(".")
        raise _failed(report, f"{line[:1].upper()}{line[1:]}.") from None
    except Exception as error:
        logger.exception("report %s failed", report.pk)
        reason = str(error).strip().split("\n")[0]
        raise _failed(report, f"Measuring stopped: {type(error).__name__}: {reason}") from error
    report.refresh_from_db()
    return report


def reports_of(collection: Collection) -> QuerySet[DiversityReport]:
    """The newest first, without their results, which are long."""
    return (
        DiversityReport.objects.filter(collection=collection)
        .select_related("encoder", "created_by")
        .defer("result")
        .order_by("-pk")
    )


def may_delete(report: DiversityReport, user: User) -> bool:
    """Whether they asked for it, or are a superuser."""
    return user.is_superuser or report.created_by_id == user.pk


def _claimed(report: DiversityReport) -> bool:
    now = timezone.now()
    lost = Q(heard_at=None) | Q(heard_at__lt=now - LOST_AFTER)
    free = Q(state=State.WAITING) | Q(state=State.RUNNING) & lost
    return bool(_of(report).filter(free).update(state=State.RUNNING, heard_at=now))


def _found(report: DiversityReport, scheduler: str, tell: Progress) -> tuple[str, dict[str, object]]:
    asked = Specification.from_dict(report.specification)
    data = data_set(
        collection=report.collection,
        encoder=report.encoder,
        models=asked.models or None,
        conditions=asked.conditions or None,
    )
    read = data_hash(data, measure(data, [CONTENT], scheduler=scheduler, sample=0))
    before = _measured_before(report, read)
    if before is not None:
        return read, before
    found = diversity_report(data, asked, version=settings.VERSION, scheduler=scheduler, progress=tell)
    return read, {"collection": report.collection.name, **found}


def _measured_before(report: DiversityReport, read: str) -> dict[str, object] | None:
    same = DiversityReport.objects.filter(
        collection=report.collection_id,
        encoder=report.encoder_id,
        specification=report.specification,
        data_hash=read,
        version=settings.VERSION,
        state=State.FINISHED,
    )
    result: dict[str, object] | None = same.values_list("result", flat=True).first()
    return result


def _teller(report: DiversityReport, progress: Progress) -> Progress:
    """What writes the share that is done to the row, once a second at most; raises Superseded."""
    written = monotonic()

    def tell(done: int, steps: int) -> None:
        nonlocal written
        progress(done, steps)
        if monotonic() - written < SECONDS_BETWEEN_WRITES:
            return
        said = {"progress": min(1.0, done / max(1, steps)), "heard_at": timezone.now()}
        if not _of(report).filter(state=State.RUNNING).update(**said):
            raise Superseded
        written = monotonic()

    return tell


def _finish(report: DiversityReport, found: tuple[str, dict[str, object]]) -> None:
    read, result = found
    outcome = {
        "state": State.FINISHED,
        "progress": 1.0,
        "result": result,
        "data_hash": read,
        "version": settings.VERSION,
        "finished_at": timezone.now(),
    }
    if not _of(report).filter(state__in=UNFINISHED).update(**outcome):
        raise Superseded


def _failed(report: DiversityReport, error: str) -> MeasuringError:
    _of(report).filter(state=State.RUNNING).update(state=State.FAILED, error=error)
    return MeasuringError(error)


def _of(report: DiversityReport) -> QuerySet[DiversityReport]:
    return DiversityReport.objects.filter(pk=report.pk)
