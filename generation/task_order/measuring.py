"""Reports of the order of tasks: how one is asked for, and how it is measured."""

from collections.abc import Callable, Sequence

from django.conf import settings
from django.contrib.auth.models import User

from generation.diversity.scheduling import Progress
from generation.models import TaskOrderReport
from generation.reports import Json, write_down
from generation.task_order.entropies import with_entropies
from generation.task_order.report import hash_of, task_order_report
from generation.task_order.specification import Specification
from generation.task_order.table import TableRow


class TaskOrderMeasurer:
    """As `generation.reports.Measurer`."""

    def read(self, report: TaskOrderReport) -> tuple[str, Callable[[Progress], Json]]:
        rows = with_entropies([TableRow.from_dict(row) for row in report.table])
        asked = Specification.from_dict(report.specification)

        def found(tell: Progress) -> Json:
            return task_order_report(rows, asked, version=settings.VERSION, progress=tell)

        return hash_of(rows), found


def create_report(
    *, name: str, rows: Sequence[TableRow], asked: Specification, created_by: User | None = None
) -> TaskOrderReport:
    """Write down what is to be measured. Raises ReportError where too much of a person's waits."""
    table = [row.as_dict() for row in rows]
    return write_down(
        TaskOrderReport(name=name, table=table, specification=asked.as_dict(), created_by=created_by)
    )
