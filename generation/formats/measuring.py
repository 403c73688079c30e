"""Reports of formats: what a collection's are asked for, and how they are measured."""

from collections.abc import Callable

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User

from generation.diversity.content import CONTENT, data_hash
from generation.diversity.responses import DataSet
from generation.diversity.scheduling import Progress, measure
from generation.diversity.similarity import SIMILARITY
from generation.diversity.tables import Table
from generation.formats.checkpoints import Checkpoints, too_few
from generation.formats.counted import Alike, Asked, Counted
from generation.formats.counting import cells_of, counted_of, digest_of, tokens_of
from generation.formats.examples import examples_of
from generation.formats.kinds import RulesError
from generation.formats.report import format_report
from generation.formats.sorting import is_judged, sort_responses
from generation.formats.specification import Specification
from generation.frames import data_set
from generation.models import Collection, Encoder, FormatReport, FormatRules
from generation.reports import Json, ReportError, teller, write_down


class FormatMeasurer:
    """As `generation.reports.Measurer`."""

    def read(self, report: FormatReport) -> tuple[str, Callable[[Progress], Json]]:
        """Sort what is unsorted by the rules, then count. Raises ReportError and UnusableResponses."""
        asked = Specification.from_dict(report.specification)
        checkpoints = Checkpoints.of(report.collection, asked)
        _sort(report, checkpoints)
        cells, tokens = cells_of(checkpoints, report.rules), tokens_of(checkpoints)
        if not cells:
            judged = (
                f"{report.rules}, a judge, has sorted no response: have it sort them first, or choose rules."
            )
            none = f"No response has a format by {report.rules}: choose other rules, or give these a default."
            raise ReportError(judged if is_judged(report.rules) else none)
        counted = counted_of(checkpoints, cells, tokens)
        if len(counted.steps) < 2:
            raise ReportError(too_few(report.collection, asked.family, list(counted.steps)))
        examples = [one.as_dict() for one in examples_of(checkpoints, report.rules, counted)]
        unsorted = checkpoints.responses.count() - int(counted.counts.sum())
        data = _with_vectors(report, checkpoints)
        content = [] if data is None else [data_hash(data, measure(data, [CONTENT], sample=0))]
        digest = digest_of(checkpoints, report.rules, cells, tokens, examples, unsorted, *content)

        def found(tell: Progress) -> Json:
            alike = None if data is None else _alike(data, counted, tell)
            return {
                "collection": report.collection.name,
                "condition": checkpoints.condition,
                "rules": {"name": report.rules.name, "digest": report.rules.digest},
                "data_hash": digest,
                "unsorted": unsorted,
                "without_step": list(checkpoints.without_step),
                "examples": examples,
                **format_report(Asked(counted, asked, alike), version=settings.VERSION),
            }

        return digest, found


def create_report(
    *,
    collection: Collection,
    rules: FormatRules,
    encoder: Encoder | None,
    asked: Specification,
    created_by: User | None = None,
) -> FormatReport:
    """Write down what is to be measured.

    Raises ReportError where there is no change to measure, or too much of a person's waits.
    """
    Checkpoints.of(collection, asked)
    return write_down(
        FormatReport(
            collection=collection,
            rules=rules,
            encoder=encoder,
            specification=asked.as_dict(),
            created_by=created_by,
        )
    )


def _sort(report: FormatReport, checkpoints: Checkpoints) -> None:
    keys, tell = [one.pk for one in checkpoints.models], teller(report)

    def still_here(done: int, steps: int) -> None:
        """Sorting is not measuring, but takes minutes: another worker is not to take this one for killed."""
        tell(0, steps)

    try:
        sort_responses(collection=report.collection, rules=report.rules, models=keys, progress=still_here)
    except RulesError as error:
        raise ReportError(str(error)) from None


def _with_vectors(report: FormatReport, checkpoints: Checkpoints) -> DataSet | None:
    if report.encoder is None:
        return None
    return data_set(
        collection=report.collection,
        encoder=report.encoder,
        models=[one.name for one in checkpoints.models],
        conditions=[checkpoints.condition],
    )


def _alike(data: DataSet, counted: Counted, tell: Progress) -> Alike:
    named = [source.model for source in data.sources]
    table = measure(data, [SIMILARITY], sample=0, progress=tell)
    # Queries are drawn again by their places, which are not to depend on the database's keys.
    order = np.array(sorted(range(len(table)), key=table.texts.__getitem__), dtype=np.intp)
    return Alike(
        encoder=data.encoder,
        table=Table(
            tuple(table.keys[n] for n in order),
            tuple(table.texts[n] for n in order),
            table.counts[order],
            {name: column[order] for name, column in table.columns.items()},
        ),
        order=tuple(named.index(name) for name in counted.models),
        without_vectors=data.without_vectors,
    )
