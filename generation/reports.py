"""Reports of any kind: write down what is asked, measure, freeze what was found."""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils import timezone

from generation.diversity.responses import UnusableResponses
from generation.diversity.scheduling import Progress, SchedulingError
from generation.models import AbstractReport
from generation.models.reports import LOST_AFTER

logger = logging.getLogger(__name__)

State = AbstractReport.State
UNFINISHED = [State.WAITING, State.RUNNING]
SECONDS_BETWEEN_WRITES = 1.0
# Of one person and kind at a time: others' reports wait for the same workers.
MOST_UNFINISHED = 10

Json = dict[str, Any]
R = TypeVar("R", bound=AbstractReport)
Contra = TypeVar("Contra", bound=AbstractReport, contravariant=True)


class ReportError(Exception):
    """Why there is no report, in one line."""


class Superseded(Exception):
    """Somebody deleted the report, or another worker finished it."""


class Measurer(Protocol[Contra]):
    """What reads a report's data and answers it."""

    def read(self, report: Contra) -> tuple[str, Callable[[Progress], Json]]:
        """The digest of all that is read, and what then measures it: called only where nobody has yet.

        Both raise ReportError or UnusableResponses, in one line, for what cannot be measured.
        """


def write_down(report: R) -> R:
    """Save a report that is to be measured. Raises ReportError where too much of a person's waits."""
    if report.created_by is not None:
        own = type(report)._default_manager.filter(created_by=report.created_by, state__in=UNFINISHED)
        waiting = own.count()
        if waiting >= MOST_UNFINISHED:
            raise ReportError(f"{waiting} of your reports wait or run: wait for one of them.")
    report.save(force_insert=True)
    return report


def listed(reports: QuerySet[R], *related: str) -> QuerySet[R]:
    """The newest first, without their results, which are long."""
    return reports.select_related("created_by", *related).defer("result").order_by("-pk")


def run_report(
    *,
    report: R,
    measurer: Measurer[R] | None = None,
    progress: Progress = lambda done, steps: None,
) -> R:
    """Measure and freeze the result; of a report that has ended, or that a worker is at, nothing changes.

    1. Claim it: from waiting, or from running where its worker was killed, and so not heard of for long.
    2. Read the data for their digest: what was found in the same data before is taken from there.
    3. Measure, and store the result unless somebody deleted the report meanwhile.

    Raises ReportError, with the report failed and saying why.
    """
    if not _claimed(report):
        report.refresh_from_db()
        return report
    try:
        _finish(report, *_found(report, measurer or report.measurer, teller(report, progress)))
    except Superseded:
        return report
    except (ReportError, UnusableResponses, SchedulingError) as error:
        raise _failed(report, sentence(error)) from None
    except Exception as error:
        logger.exception("%s failed", report.label)
        reason = str(error).strip().split("\n")[0]
        raise _failed(report, f"Measuring stopped: {type(error).__name__}: {reason}") from error
    report.refresh_from_db()
    return report


def sentence(error: Exception) -> str:
    """What an error says, from a capital to a full stop."""
    line = str(error).rstrip(".")
    return f"{line[:1].upper()}{line[1:]}."


def may_delete(report: AbstractReport, user: User) -> bool:
    """Whether they asked for it, or are a superuser."""
    return user.is_superuser or report.created_by_id == user.pk


def _claimed(report: AbstractReport) -> bool:
    now = timezone.now()
    lost = Q(heard_at=None) | Q(heard_at__lt=now - LOST_AFTER)
    free = Q(state=State.WAITING) | Q(state=State.RUNNING) & lost
    return bool(_of(report).filter(free).update(state=State.RUNNING, heard_at=now))


def _found(report: R, measurer: Measurer[R], tell: Progress) -> tuple[str, Json]:
    read, measure = measurer.read(report)
    before = _found_before(report, read)
    return read, measure(tell) if before is None else before


def _found_before(report: AbstractReport, read: str) -> Json | None:
    """The result of a report of the same, by the same version."""
    same = type(report)._default_manager.filter(
        **{name: getattr(report, name) for name in report.about},
        specification=report.specification,
        data_hash=read,
        version=settings.VERSION,
        state=State.FINISHED,
    )
    result: Json | None = same.values_list("result", flat=True).first()
    return result


def teller(report: AbstractReport, progress: Progress = lambda done, steps: None) -> Progress:
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


def _finish(report: AbstractReport, read: str, result: Json) -> None:
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


def _failed(report: AbstractReport, error: str) -> ReportError:
    _of(report).filter(state=State.RUNNING).update(state=State.FAILED, error=error)
    return ReportError(error)


def _of(report: AbstractReport) -> QuerySet[Any]:
    return type(report)._default_manager.filter(pk=report.pk)
