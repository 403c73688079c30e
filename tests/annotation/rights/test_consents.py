"""What somebody agreed to can be shown for as long as their labels are kept."""

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import ConsentText, Participant, Study
from annotation.recruitment.entry import Entry, admit
from annotation.rights.consents import agreed_text
from annotation.studies import update_study
from tests.factory import make_study

pytestmark = pytest.mark.django_db
DOOR = "/s/answers/"


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
    person = admit(study=study, entry=Entry(), language="de")
    assert agreed_text(person) == "Sie dürfen aufhören."
    update_study(study=study, translations={"de": {"consent": "Sie dürfen immer aufhören."}})
    study.refresh_from_db()
    assert study.consent_version == 2
    assert agreed_text(person) == "Sie dürfen aufhören."


def test_a_language_added_later_asks_nobody_again_and_is_not_what_earlier_people_read() -> None:
    study = open_study()
    early = admit(study=study, entry=Entry(), language="de")
    update_study(study=study, translations={"de": {"consent": "Sie dürfen aufhören."}})
    study.refresh_from_db()
    late = admit(study=study, entry=Entry(), language="de")
    assert study.consent_version == 1
    assert (agreed_text(early), agreed_text(late)) == ("You may stop.", "Sie dürfen aufhören.")


def test_a_text_is_kept_once_and_not_before_somebody_agrees() -> None:
    study = open_study()
    assert not ConsentText.objects.exists()
    for _ in range(3):
        admit(study=study, entry=Entry())
    assert ConsentText.objects.count() == 1


def test_who_reads_on_in_another_language_agreed_to_what_they_read(client: Client) -> None:
    open_study(translations={"de": {"question": "Wie gut?", "consent": "Sie dürfen aufhören."}})
    client.post(f"{DOOR}?language=de")
    client.get(f"{reverse('instructions', args=['answers'])}?language=en")
    person = Participant.objects.get()
    assert (person.language, agreed_text(person)) == ("en", "Sie dürfen aufhören.")


def test_who_agrees_on_a_page_of_before_the_change_reads_the_new_text_first(client: Client) -> None:
    study = open_study()
    sealed = client.get(DOOR).context["sealed"]
    update_study(study=study, consent="We also record your voice.")
    assert client.post(DOOR, {"entry": sealed}).status_code == 400
    assert not Participant.objects.exists()
    client.post(DOOR, {"entry": client.get(DOOR).context["sealed"]})
    person = Participant.objects.get()
    assert (person.consent_version, agreed_text(person)) == (2, "We also record your voice.")
