"""Reports of the order of tasks: how one is asked for, and how it is measured."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from django.conf import settings
from django.contrib.auth.models import User

from generation.diversity.scheduling import Progress
from generation.models import TaskOrderReport
from generation.reports import Json, write_down
from generation.task_order.entropies import with_entropies
from generation.task_order.report import Asked, hash_of, task_order_report
from generation.task_order.table import TableRow


class TaskOrderMeasurer:
    """As `generation.reports.Measurer`."""

    def read(self, report: TaskOrderReport) -> tuple[str, Callable[[Progress], Json]]:
        rows = with_entropies([TableRow.from_dict(row) for row in report.table])
        asked = Asked(**report.specification)

        def found(tell: Progress) -> Json:
            return task_order_report(rows, asked, version=settings.VERSION, progress=tell)

        return hash_of(rows), found


def create_report(
    *, name: str, rows: Sequence[TableRow], asked: Asked, created_by: User | None = None
) -> TaskOrderReport:
    """Write down what is to be measured. Raises ReportError where too much of a person's waits."""
    table = [row.as_dict() for row in rows]
    return write_down(
        TaskOrderReport(name=name, table=table, specification=asdict(asked), created_by=created_by)
    )
