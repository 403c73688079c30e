"""Promises of commands of reports: what ends one early is told, and leaves nothing on a page."""

import os
import signal
from collections.abc import Callable

import pytest
from django.core.management import CommandError

from generation.diversity.report.specification import Specification
from generation.diversity.scheduling import Progress
from generation.management.report_work import measured
from generation.measuring import create_report
from generation.models import Collection, DiversityReport
from generation.reports import Json, ReportError


class Ends:
    """Measures nothing, since something happens meanwhile."""

    def __init__(self, happens: Callable[[], object]) -> None:
        self.happens = happens

    def read(self, report: DiversityReport) -> tuple[str, Callable[[Progress], Json]]:
        def measure(tell: Progress) -> Json:
            self.happens()
            return {}

        return "0" * 64, measure


def fail() -> None:
    raise ReportError("There is nothing to measure.")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGTERM), "Stopped. Nothing is kept of it"),
        (fail, "There is nothing to measure"),
        (lambda: DiversityReport.objects.all().delete(), "Somebody deleted the report meanwhile"),
    ],
)
def test_a_command_that_ends_early_says_why_and_leaves_no_report(
    happens: Callable[[], object], says: str
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    asked = Specification()
    report = create_report(collection=Collection.objects.create(name="c"), encoder=None, asked=asked)
    with pytest.raises(CommandError, match=says):
        measured(report, Ends(happens))
    assert not DiversityReport.objects.exists()
    assert signal.getsignal(signal.SIGTERM) is before
