"""Promises of the forms that make a study of a file."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.datastructures import MultiValueDict

from annotation.exporters import FORMATS, SHAPES
from annotation.forms.export import ExportForm
from annotation.forms.fields import MOST
from annotation.forms.settings import SettingsForm
from annotation.forms.studies import ItemsFileForm, LabelsFileForm, NewStudyForm
from annotation.models import Study
from annotation.studies import StudyError, create_study, update_study
from generation.files import FileError
from generation.models import Response

NUMBERS = {"labels_per_item": 3, "session_size": 2, "time_limit_minutes": 30, "design": "random"}
ROWS = [{"query": "Why write?", "response": f"To remember {n}.", "human_labels": [1, 2]} for n in range(3)]


def filled(kind: type[NewStudyForm], rows: list[Any], **fields: Any) -> NewStudyForm:
    file = SimpleUploadedFile("rows.jsonl", "\n".join(map(json.dumps, rows)).encode())
    files: MultiValueDict[str, UploadedFile[Any]] = MultiValueDict({"file": [file]})
    form = kind({"name": "Short answers", **NUMBERS, **fields}, files)
    assert form.is_valid(), form.errors
    return form


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [ItemsFileForm, LabelsFileForm])
def test_nobody_waits_while_a_file_is_read(researcher: User, kind: type[NewStudyForm]) -> None:
    # On SQLite a transaction is the write lock: a file that is found wrong must never have begun one.
    form = filled(kind, [*ROWS, {"response": "no query"}])
    with CaptureQueriesContext(connection) as queries, pytest.raises(FileError):
        form.save(owner=researcher)
    assert not [query["sql"] for query in queries if query["sql"].startswith("BEGIN")]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [ItemsFileForm, LabelsFileForm])
def test_settings_that_do_not_fit_leave_nothing_written(researcher: User, kind: type[NewStudyForm]) -> None:
    with pytest.raises(StudyError, match="5 values but 2 words"):
        filled(kind, ROWS, scale_words="bad\ngood").save(owner=researcher)
    assert not Study.objects.exists()
    assert not Response.objects.exists()


@pytest.mark.django_db
def test_a_file_of_labels_gets_the_question_and_the_words_that_were_typed(researcher: User) -> None:
    typed = {"question": "How kind is this?", "scale_words": "a\nb\nc\nd\ne"}
    study, _ = filled(LabelsFileForm, ROWS, **typed).save(owner=researcher)
    assert (study.question, study.scale_words) == ("How kind is this?", ["a", "b", "c", "d", "e"])
    assert (study.state, study.members.get()) == (Study.State.CLOSED, researcher)


def test_the_export_form_offers_every_shape_and_format() -> None:
    fields = ExportForm().fields
    assert [name for name, _ in fields["shape"].choices] == list(SHAPES)  # type: ignore[attr-defined]
    assert [name for name, _ in fields["format"].choices] == list(FORMATS)  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["labels_per_item", "session_size", "time_limit_minutes"])
def test_the_browser_is_told_the_limits_that_the_database_has(name: str) -> None:
    most: dict[str, Any] = {name: MOST[name]}
    study = create_study(slug="s", name="S", kind="rating", **most)
    for form in (ItemsFileForm(), SettingsForm(instance=study)):
        assert f'max="{MOST[name]}"' in str(form[name])
    with pytest.raises(StudyError):
        update_study(study=study, **{name: MOST[name] + 1})
