"""A small study in the field, with all that disturbs one: every number comes out exactly."""

from typing import Any

import pytest

from tests.field import SECRET, Field, field_study
from tests.field_diary import Diary, Habit, habits
from tests.field_numbers import findings
from tests.server import SECRET_KEY, serving

pytestmark = pytest.mark.django_db(transaction=True)

# Each way of disturbing, among some who do as they are asked.
SHARES = dict.fromkeys(Habit, 1) | {Habit.STEADY: 3}


def test_people_who_leave_return_come_late_or_twice_leave_every_number_exact(settings: Any) -> None:
    settings.SECRET_KEY = SECRET_KEY
    with serving(PROLIFIC_WEBHOOK_SECRET=SECRET) as server:
        for kind, forms, size in (("rating", 3, 5), ("comparison", 2, 3)):
            study = field_study(f"field-{kind}", kind=kind, forms=forms, size=size, people=4)
            field = Field(server, study, habit=habits(SHARES), diary=Diary())
            field.run(at_once=6)
            assert field.troubles == []
            assert [finding for finding in findings(field) if not finding.holds] == []
            assert {*field.diary.gone.values()} == {Habit.SILENT, Habit.TIMED_OUT, Habit.RETURNED}
            assert field.diary.late and Habit.TWICE in field.diary.habits.values()
