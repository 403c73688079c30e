"""Reports of diversity: what a collection's are asked for, and how they are measured."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import User

from generation.diversity.content import CONTENT, data_hash
from generation.diversity.report.report import diversity_report
from generation.diversity.report.specification import Specification
from generation.diversity.scheduling import Progress, measure
from generation.frames import data_set
from generation.models import Collection, DiversityReport, Encoder
from generation.reports import Json, write_down


class DiversityMeasurer:
    """As `generation.reports.Measurer`; Dask's scheduler may be a cluster's address."""

    def __init__(self, scheduler: str = "threads") -> None:
        self.scheduler = scheduler

    def read(self, report: DiversityReport) -> tuple[str, Callable[[Progress], Json]]:
        asked = Specification.from_dict(report.specification)
        data = data_set(
            collection=report.collection,
            encoder=report.encoder,
            models=asked.models or None,
            conditions=asked.conditions or None,
        )
        digest = data_hash(data, measure(data, [CONTENT], scheduler=self.scheduler, sample=0))

        def found(tell: Progress) -> Json:
            result = diversity_report(
                data, asked, version=settings.VERSION, scheduler=self.scheduler, progress=tell
            )
            return {"collection": report.collection.name, **result}

        return digest, found


def create_report(
    *,
    collection: Collection,
    encoder: Encoder | None,
    asked: Specification,
    created_by: User | None = None,
) -> DiversityReport:
    """Write down what is to be measured. Raises ReportError where too much of a person's waits."""
    return write_down(
        DiversityReport(
            collection=collection, encoder=encoder, specification=asked.as_dict(), created_by=created_by
        )
    )
