"""What somebody agreed to can be shown for as long as their labels are kept."""

import pytest

from annotation.models import ConsentText, Study
from annotation.recruitment.entry import Entry, admit
from annotation.rights.consents import agreed_text
from annotation.studies import update_study
from tests.factory import make_study

pytestmark = pytest.mark.django_db


def open_study(**fields: object) -> Study:
    return make_study(state=Study.State.OPEN, consent="You may stop.", **fields)


def test_the_text_that_somebody_agreed_to_outlives_its_change() -> None:
    study = open_study()
    early = admit(study=study, entry=Entry())
    update_study(study=study, consent="You may stop at any time.")
    study.refresh_from_db()
    late = admit(study=study, entry=Entry())
    assert (early.consent_version, agreed_text(early)) == (1, "You may stop.")
    assert (late.consent_version, agreed_text(late)) == (2, "You may stop at any time.")


def test_people_agree_to_the_text_in_their_language_and_a_changed_one_asks_again() -> None:
    study = open_study(translations={"de": {"consent": "Sie dürfen aufhören."}})
    person = admit(study=study, entry=Entry())
    person.language = "de"
    assert agreed_text(person) == "Sie dürfen aufhören."
    update_study(study=study, translations={"de": {"consent": "Sie dürfen immer aufhören."}})
    study.refresh_from_db()
    assert study.consent_version == 2
    assert agreed_text(person) == "Sie dürfen aufhören."


def test_a_language_added_later_asks_nobody_again_and_is_not_what_earlier_people_read() -> None:
    study = open_study()
    early = admit(study=study, entry=Entry())
    early.language = "de"
    update_study(study=study, translations={"de": {"consent": "Sie dürfen aufhören."}})
    study.refresh_from_db()
    late = admit(study=study, entry=Entry())
    late.language = "de"
    assert study.consent_version == 1
    assert (agreed_text(early), agreed_text(late)) == ("You may stop.", "Sie dürfen aufhören.")


def test_a_text_is_kept_once_and_not_before_somebody_agrees() -> None:
    study = open_study()
    assert not ConsentText.objects.exists()
    for _ in range(3):
        admit(study=study, entry=Entry())
    assert ConsentText.objects.count() == 1
