import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from annotation.enough import study_labels_curve
from annotation.groups import study_groups
from tests.annotation.test_groups import surveyed
from tests.factory import make_study

pytestmark = pytest.mark.django_db


def printed(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_groups_prints_what_the_page_shows_and_as_json_all_of_it() -> None:
    study, question, _ = surveyed(groups={"young": 12, "old": 11, "": 2}, shift=2)
    assert json.loads(printed("groups", study.slug, "--json")) == study_groups(study, question)
    lines = printed("groups", study.slug, "--question", "age").splitlines()
    assert lines[0].startswith("answers, by age: 23 of 25 people in 2 groups; 2 without a reply")
    assert lines[1] == "young: 12 people, 96 labels"
    assert "shufflings of people, seed 0" in lines[-1]


def test_labels_curve_prints_a_row_a_size_and_as_json_all_of_it() -> None:
    study, _, _ = surveyed(groups={"young": 6})
    assert json.loads(printed("labels_curve", study.slug, "--json")) == study_labels_curve(study)
    assert [line.split()[0] for line in printed("labels_curve", study.slug).splitlines()[1:]] == [
        "labels", "3", "4", "5", "6",
    ]  # fmt: skip


@pytest.mark.parametrize("command", ["groups", "labels_curve"])
def test_bad_input_is_one_line_and_nothing_to_tell_is_said(command: str) -> None:
    with pytest.raises(CommandError, match="There is no study none"):
        printed(command, "none")
    surveyed(groups={"": 2}, slug="bare")
    with pytest.raises(CommandError, match="--seed is 0 or more"):
        printed(command, "bare", "--seed", "-1")
    assert "undefined: no" in printed(command, "bare")
    with pytest.raises(CommandError, match="no question with options"):
        printed("groups", make_study("plain").slug)
