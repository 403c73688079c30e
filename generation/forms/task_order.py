"""What a report of the order of tasks is asked for on its page: a table, and how it is measured."""

from pathlib import Path

from django import forms
from django.contrib.auth.models import User
from django.db import transaction

from generation.forms.files import RowsFileField, on_disk
from generation.forms.measured import seed_field
from generation.models import TaskOrderReport
from generation.task_order.measuring import create_report
from generation.task_order.specification import LEAST_DRAWS, MOST_DRAWS, Specification
from generation.task_order.table import read_table
from generation.tasks import enqueue_report

LONGEST_NAME = 150


class TaskOrderForm(forms.Form):
    file = RowsFileField(
        label="Table of scores",
        help_text="Columns: stage, trained, task, score; run, se or n, token_entropy, domain, scale if you "
        "have them.",
    )
    draws = forms.IntegerField(
        min_value=LEAST_DRAWS, max_value=MOST_DRAWS, initial=1000, help_text="Behind each interval."
    )
    seed = seed_field()

    def save(self, *, by: User) -> TaskOrderReport:
        """The report, handed to a worker. Raises FileError and ReportError."""
        given = self.cleaned_data
        with on_disk(given["file"]) as path:
            rows = read_table(path)
            name = Path(path.name).stem[:LONGEST_NAME]
        asked = Specification(draws=given["draws"], seed=given["seed"])
        with transaction.atomic():
            report = create_report(name=name, rows=rows, asked=asked, created_by=by)
            enqueue_report(report=report)
        return report
