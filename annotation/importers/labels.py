"""Labels from files, into a study of their own: closed, and marked as imported."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from annotation import studies
from annotation.importers.answers import Answer, LabelledRow, LabelReader, usual_scale
from annotation.importers.items import draft_for_writing, draft_study, kind_for, store_items
from annotation.importers.survey import WIDEST_SCALE, Survey
from annotation.importers.table import insert_labels
from annotation.log import record
from annotation.models import SHOWN, Label, Participant, Study
from annotation.studies import StudyError
from annotation.usual import UNSTATED
from generation.files import FileError, ImportReport, Progress, Rejections, Row, RowError, silent
from generation.importers import QUERY, all_or_nothing, read_right
from generation.reading import first_row, require_columns
from generation.spool import ROWS_AT_ONCE, Spool

MOST_LABELS = 10_000  # of one item; what a study may ask for


def import_labels(
    *,
    path: Path | str,
    slug: str,
    kind: str | None = None,
    scale: tuple[int, int] | None = None,
    name: str | None = None,
    owner: User | None = None,
    skip_bad_rows: bool = False,
    progress: Progress = silent,
    **fields: Any,
) -> ImportReport:
    """Store a file's labels in a new study, or in a draft that has none, and close it.

    Where no scale is given for a new study, it is the kind's usual one (1..5 for ratings, -2..2 for
    comparisons, 0..1 for the others) if all labels are on it, else from the lowest label to the highest.
    `fields` are settings of the new study, and a draft that is there must have the same. Raises FileError
    and StudyError.
    """
    path = Path(path)
    first = first_row(path)
    study = draft_study(slug)
    kind = kind_for(study, kind, path, first)
    wide = _is_wide(path, first, kind, known=study is not None)
    scale = _scale_for(study, scale)
    rejected = Rejections(path, skip=skip_bad_rows)
    reader = LabelReader(kind=kind, wide=wide, scale=scale)
    remarks = []
    with Spool[LabelledRow]() as spool:
        survey = _read(spool, rejected, reader, Survey(study, unit=rejected.unit), progress)
        if scale is None:
            scale = survey.scale(usual_scale(kind), rejected)
            remarks.append(survey.scale_in_words(scale))
        if survey.most_labels > MOST_LABELS:
            raise FileError(
                f"{path.name}: an item has {survey.most_labels:,} labels; {MOST_LABELS:,} are the most. "
                "Nothing was imported."
            )
        with all_or_nothing():
            study = _empty_draft(study, fields) or studies.create_study(
                slug=slug,
                name=name or slug,
                kind=kind,
                owner=owner,
                scale_low=scale[0],
                scale_high=scale[1],
                **_unstated(kind) | fields,
            )
            written = _store(study, survey, spool.batches(rejected))
            _close(study, survey)
            record(study, "imported labels", by=owner, labels=written["labels"], file=path.name)
    rows = written.pop("rows", 0)
    return ImportReport(rows, +written, rejected.named(), into=slug, remarks=remarks)


def _unstated(kind: str) -> dict[str, Any]:
    """What a file of labels does not tell; a comparison's values have their meaning from the format."""
    words: dict[str, Any] = {} if kind == Study.Kind.COMPARISON else {"scale_words": []}
    return {
        "question": UNSTATED,
        "instructions": "",
        "consent": "",
        **words,
    }


def _is_wide(path: Path, row: Row, kind: str, *, known: bool) -> bool:
    wide = "human_labels" in row
    texts = () if known else (QUERY, *((name,) for name in SHOWN[kind]))
    if not wide and "label" not in row and "cannot_judge" not in row:
        require_columns(path, row, ("human_labels", "label"))
        raise FileError(
            f"{path.name}: the first row has neither human_labels nor label. Nothing was imported."
        )
    require_columns(path, row, *texts, *(() if wide else (("item_id",),)))
    return wide


def _scale_for(study: Study | None, scale: tuple[int, int] | None) -> tuple[int, int] | None:
    if scale is not None and not 2 <= scale[1] - scale[0] + 1 <= WIDEST_SCALE:
        raise StudyError(f"A scale has from 2 to {WIDEST_SCALE} values, the lowest first, such as 1..5.")
    if study is None:
        return scale
    own = (study.scale_low, study.scale_high)
    if scale not in (None, own):
        raise StudyError(f"{study.slug} has the scale {own[0]}..{own[1]}: change that in its settings first.")
    return own


def _read(
    spool: Spool[LabelledRow], rejected: Rejections, reader: LabelReader, survey: Survey, progress: Progress
) -> Survey:
    for line, row in read_right(rejected.path, rejected, reader.read, progress):
        try:
            survey.take(line, row, wide=reader.wide)
        except RowError as error:
            rejected.add(line, error)
        else:
            spool.add(line, row)
    survey.reject_repeats(rejected)
    rejected.settle(rows=survey.rows)
    return survey


def _empty_draft(study: Study | None, fields: dict[str, Any]) -> Study | None:
    study = draft_for_writing(study, fields)
    if study is not None and Label.objects.filter(item__study=study).exists():
        raise StudyError(f"{study.slug} has labels already: import these into another study.")
    return study


def _store(study: Study, survey: Survey, batches: Iterator[list[LabelledRow]]) -> Counter[str]:
    """Write people, items and labels; how many of each, and of rows."""
    people = _store_people(study, survey)
    items = dict(study.items.values_list("external_id", "pk"))
    written = Counter(items=-len(items), labels=0, people=len(survey.people))
    for batch in batches:
        new = [row.item for row in batch if row.item and row.item_id not in items]
        items |= zip((item.item_id for item in new), store_items(study, new), strict=True)
        insert_labels(_keyed(batch, items, people))
        written.update(rows=len(batch), labels=sum(len(row.answers) for row in batch))
    written.update(items=len(items))
    return written


def _keyed(
    batch: list[LabelledRow], items: dict[str, int], people: dict[str, int]
) -> Iterator[tuple[int, int | None, Answer]]:
    for row in batch:
        item = items[row.item_id]
        for answer in row.answers:
            yield item, people[answer.annotator] if answer.annotator else None, answer


def _store_people(study: Study, survey: Survey) -> dict[str, int]:
    found = dict(study.participants.values_list("code", "pk"))
    now = timezone.now()
    Participant.objects.bulk_create(
        (
            Participant(
                study=study,
                code=code,
                simulated=code in survey.simulated_people,
                excluded_at=now if code in survey.excluded else None,
                exclusion_reason="excluded in the imported file" if code in survey.excluded else "",
            )
            for code in survey.people
            if code not in found
        ),
        batch_size=ROWS_AT_ONCE,
    )
    return dict(study.participants.values_list("code", "pk"))


def _close(study: Study, survey: Survey) -> None:
    study.imported, study.simulated = True, survey.simulated
    study.labels_per_item = max(survey.most_labels, 1)
    study.state, study.closed_at = Study.State.CLOSED, timezone.now()
    study.save(update_fields=["imported", "simulated", "labels_per_item", "state", "closed_at"])
