"""The language in which people read a study, and its texts in several."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import translation

from annotation.languages import in_language, missing, offered
from annotation.models import Act, Label, Membership, Participant, Study
from annotation.studies import StudyError, create_study
from annotation.translations import translatable, translate, translations_of
from annotation.usual import KINDS, usual_texts
from tests.factory import make_check, make_practice, make_question, make_study
from tests.visitor import MTURK, PROLIFIC, Visitor, opened, radios

pytestmark = pytest.mark.django_db
GERMAN = {
    "name": "Antworten",
    "question": "Wie gut ist das?",
    "consent": "Sie stimmen zu.",
    "instructions": "Bitte lesen.",
    "scale_words": ["eins", "zwei", "drei", "vier", "fünf"],
}
ARABIC = {"question": "ما مدى جودة هذا؟", "consent": "توافق على المشاركة."}
BROWSER = "HTTP_ACCEPT_LANGUAGE"


def spoken(kind: str = "rating", **fields: Any) -> Study:
    """An open study in English and German, all of it, and in Arabic, as far as is needed."""
    return opened(kind=kind, translations={"de": GERMAN, "ar": ARABIC}, **fields)


def visitor(study: Study, *, browser: str = "", **parameters: str) -> Visitor:
    person = Visitor(study, **parameters)
    person.client = Client(headers={"accept-language": browser}) if browser else Client()
    return person


def language_of(person: Visitor) -> str:
    said = person.page.headers["Content-Language"]
    assert f'<html lang="{said}"' in person.text
    return str(said)


# What a study offers


def test_a_language_is_offered_once_its_question_and_its_consent_are_there() -> None:
    study = spoken()
    assert offered(study) == ["en", "de", "ar"]
    study.translations["es"] = {"question": "¿Qué tal?"}
    assert "es" not in offered(study)
    study.translations["es"]["consent"] = "Acepta."
    assert offered(study) == ["en", "es", "de", "ar"]


def test_a_study_without_a_consent_of_its_own_needs_only_the_question() -> None:
    study = opened(consent="", translations={"de": {"question": "Wie gut?"}, "tlh": GERMAN})
    assert offered(study) == ["en", "de"]


def test_a_text_that_is_missing_stays_in_the_studys_own_language() -> None:
    study = spoken(instructions="Read it.")
    shown = in_language(study, "ar")
    assert (shown.question, shown.instructions) == (ARABIC["question"], "Read it.")
    assert missing(study, "ar") == ["name", "scale_words", "instructions"]
    assert study.question != shown.question  # the study itself is as it was


def test_words_that_no_longer_fit_the_scale_are_not_shown() -> None:
    study = opened(scale_high=4, scale_words=["a", "b", "c", "d"], translations={"de": GERMAN})
    assert in_language(study, "de").scale_words == ["a", "b", "c", "d"]
    assert "scale_words" in missing(study, "de")


# Which one somebody gets


@pytest.mark.parametrize(
    ("browser", "language"),
    [
        ("", "en"),
        ("fr", "en"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr,ar-EG;q=0.8,de;q=0.5", "ar"),
        ("es;q=1,en;q=0.1", "en"),
        ("de;q=0,*", "en"),
        ("\x00;;q=9," * 50, "en"),
    ],
)
def test_the_browser_chooses_among_what_is_offered(browser: str, language: str) -> None:
    person = visitor(spoken(), browser=browser)
    person.enter()
    assert language_of(person) == language
    assert "Accept-Language" in person.page.headers["Vary"]


def test_a_link_that_names_a_language_goes_before_the_browser() -> None:
    person = visitor(spoken(), browser="de", language="ar")
    person.enter()
    assert language_of(person) == "ar"
    assert 'dir="rtl"' in person.text
    assert "توافق على المشاركة" in person.text and "أوافق، متابعة" in person.text


@pytest.mark.parametrize("asked", ["es", "tlh", "../de", "\x00", "DE"])
def test_a_language_that_is_not_offered_changes_nothing(asked: str) -> None:
    person = visitor(spoken(), browser="de", language=asked)
    person.enter()
    assert language_of(person) == "de"


def test_the_language_of_the_consent_becomes_the_persons_on_every_device() -> None:
    study = spoken()
    person = visitor(study, language="de", **PROLIFIC)
    person.enter()
    person.send()
    assert Participant.objects.get().language == "de"
    assert language_of(person) == "de" and "Bitte lesen." in person.text
    elsewhere = visitor(study, browser="ar", **PROLIFIC)
    elsewhere.enter()
    assert elsewhere.here.endswith("/instructions/")
    assert language_of(elsewhere) == "de"


def test_the_language_changes_at_any_time_and_no_answer_is_lost() -> None:
    person = visitor(spoken())
    person.start()
    person.send(label="4")
    person.get("task/2/?language=ar")
    assert language_of(person) == "ar"
    person.send(label="2")
    assert language_of(person) == "ar"
    assert Participant.objects.get().language == "ar"
    assert sorted(Label.objects.values_list("value", flat=True)) == [2, 4]
    person.get("task/1/?language=de")
    assert "Wie gut ist das?" in person.text
    assert [read for _, read, checked in radios(person.text) if checked] == ["4 vier"]


def test_in_mechanical_turks_frame_the_language_needs_no_cookie() -> None:
    person = visitor(spoken(), language="de", **MTURK)
    person.enter()
    person.send()
    assert not person.client.cookies
    assert language_of(person) == "de" and "Bitte lesen." in person.text
    person.send()
    assert "Wie gut ist das?" in person.text


def test_whoever_comes_by_a_recruiters_link_does_not_change_what_the_last_person_reads() -> None:
    study = spoken()
    first = visitor(study, **PROLIFIC)
    first.enter()
    first.send()
    second = visitor(study, language="de", **(PROLIFIC | {"PROLIFIC_PID": "0" * 24}))
    second.client = first.client
    second.enter()
    second.send()
    assert set(Participant.objects.values_list("language", flat=True)) == {"en", "de"}


def test_the_chooser_names_each_language_in_itself_and_keeps_the_recruiters_parameters() -> None:
    person = visitor(spoken(), **PROLIFIC)
    person.enter()
    assert 'lang="de" hreflang="de">Deutsch</a>' in person.text
    assert "SESSION_ID=submission-1&amp;language=de" in person.text
    assert 'lang="en" hreflang="en" aria-current="true">English</a>' in person.text


def test_a_study_in_one_language_shows_no_chooser() -> None:
    person = visitor(opened(), browser="de")
    person.enter()
    assert language_of(person) == "en" and "hreflang" not in person.text


# What is shown


def test_the_scale_is_in_the_persons_language_and_stores_the_same_values() -> None:
    person = visitor(spoken(), language="de")
    person.start()
    assert [read for _, read, _ in radios(person.text)] == ["1 eins", "2 zwei", "3 drei", "4 vier", "5 fünf"]
    assert "1 heißt eins, 5 heißt fünf." in person.text


@pytest.mark.parametrize("language", ["es", "de", "zh-hans", "ar"])
def test_a_comparison_reads_a_and_b_in_every_language(language: str) -> None:
    texts = usual_texts(Study.Kind.COMPARISON, language)
    person = visitor(opened(kind="comparison", translations={language: texts}), language=language)
    person.start()
    read = [shown for _, shown, _ in radios(person.text)]
    assert [shown[:2] for shown in read] == ["A ", "A ", "= ", "B ", "B "]
    assert len(set(read)) == 5


def test_refusals_are_in_the_persons_language() -> None:
    person = visitor(spoken(), language="de")
    person.start()
    person.send()
    assert "Wählen Sie eine Antwort" in person.text
    person.send(label="9")
    assert "Die Antwort ist eine ganze Zahl von 1 bis 5." in person.text


def test_what_is_not_translated_says_which_language_it_is_in() -> None:
    person = visitor(spoken(instructions="Read it."), language="ar")
    person.enter()
    person.send()
    assert '<section class="card guidance" dir="auto" lang="en">' in person.text


def test_items_are_read_aloud_in_the_studys_language_and_translated_practice_in_the_pages() -> None:
    study = spoken()
    make_practice(study)
    texts = {"query": "Frage", "response": "Antwort", "feedback": "Gut"}
    make_practice(study, translations={"de": texts})
    person = visitor(study, language="de")
    person.enter()
    person.send()
    person.send()
    assert '<div class="text" dir="auto" lang="en">practice response 1</div>' in person.text
    person.send(label="5")
    person.get("practice/")
    assert '<p class="query" dir="auto">Frage</p>' in person.text
    person.send(label="5")
    person.get("instructions/")
    person.send()
    assert '<p class="query" dir="auto" lang="en">Query' in person.text


def test_the_console_stays_in_its_language(console: Client) -> None:
    study = spoken()
    visitor(study, language="ar").enter()
    shown = console.get(reverse("study-settings", args=[study.slug]), headers={"accept-language": "ar"})
    assert b'<html lang="en" dir="ltr">' in shown.content
    assert translation.get_language() == "en"


# New studies


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("language", ["es", "de", "zh-hans", "ar"])
def test_a_new_study_speaks_its_language(kind: str, language: str) -> None:
    study = create_study(slug="new-one", name="New", kind=kind, language=language)
    english = {"consent", *KINDS[kind]}
    for name in english & {"question", "instructions", "scale_words", "consent"}:
        assert getattr(study, name) != usual_texts(kind, "en")[name]
    assert len(study.scale_words) == len(study.values) == len(set(study.scale_words))


def test_a_new_study_in_no_known_language_is_refused() -> None:
    with pytest.raises(StudyError, match="language"):
        create_study(slug="new-one", name="New", kind="rating", language="tlh")


# Translating


def test_translations_are_stored_where_they_belong_and_logged(researcher: User) -> None:
    study = opened()
    question, check = make_question(study, "age"), make_check(study)
    texts: dict[Any, Any] = {
        study: GERMAN,
        question: {"text": "Wie alt?", "options": ["jung", "alt"]},
        check: {"query": "Zeigen Sie es.", "response": ""},
    }
    translate(study=study, language="de", texts=texts, by=researcher)
    for row in (study, question, check):
        row.refresh_from_db()
    assert study.translations == {"de": GERMAN}
    assert question.translations == {"de": texts[question]}
    assert check.translations == {"de": {"query": "Zeigen Sie es."}}
    assert Act.objects.filter(what="translated", user=researcher).get().detail == {"language": "de"}
    german, *others = [one for one in translations_of(study) if one.code == "de"]
    assert not others and german.offered and german.missing == 1


def test_texts_stand_in_the_order_in_which_people_meet_them() -> None:
    study = make_study()
    for place in ("after", "before", "comprehension"):
        make_question(study, place, place=place)
    assert [str(row) for row in translatable(study)[1:]] == ["comprehension", "before", "after"]


def test_a_text_taken_out_again_is_missing_again() -> None:
    study = spoken()
    translate(study=study, language="de", texts={study: GERMAN | {"question": ""}})
    study.refresh_from_db()
    assert offered(study) == ["en", "ar"]
    translate(study=study, language="de", texts={study: {}})
    study.refresh_from_db()
    assert list(study.translations) == ["ar"]


def test_words_that_do_not_fit_the_scale_are_refused_and_nothing_is_stored() -> None:
    study = opened()
    question = make_question(study, "age")
    texts: dict[Any, Any] = {question: {"text": "Wie alt?"}, study: {"scale_words": ["eins"]}}
    with pytest.raises(StudyError, match="1 lines in place of 5"):
        translate(study=study, language="de", texts=texts)
    question.refresh_from_db()
    assert question.translations == {}


def test_a_study_is_not_translated_into_its_own_language_nor_an_unknown_one() -> None:
    study = opened()
    for language in ("en", "tlh"):
        with pytest.raises(StudyError, match="is not translated into"):
            translate(study=study, language=language, texts={study: GERMAN})


def test_a_consent_that_changes_in_one_language_is_asked_for_again() -> None:
    study = spoken()
    person = visitor(study, language="de")
    person.enter()
    person.send()
    translate(study=study, language="de", texts={study: GERMAN | {"consent": "Sie stimmen neu zu."}})
    study.refresh_from_db()
    assert study.consent_version == 2
    person.get("instructions/")
    assert "Sie stimmen neu zu." in person.text and "Dieser Text hat sich geändert" in person.text
    translate(study=study, language="es", texts={study: {"consent": "Acepta.", "question": "¿Qué tal?"}})
    study.refresh_from_db()
    assert study.consent_version == 2  # nobody agreed to a text that was not there


def test_the_page_shows_each_text_beside_its_original_and_saves_it(console: Client) -> None:
    study = spoken(instructions="Read it.")
    make_question(study, "age", options=["Young", "Old"])
    url = reverse("study-language", args=[study.slug, "ar"])
    shown = console.get(url).content.decode()
    assert "Read it." in shown and ARABIC["question"] in shown and shown.count(">missing<") == 5
    said = ARABIC | {"instructions": "اقرأ"}
    assert (
        console.post(url, {f"study-{study.pk}-{name}": text for name, text in said.items()}).status_code
        == 302
    )
    study.refresh_from_db()
    assert study.translations["ar"] == said


def test_usual_texts_that_nobody_changed_stand_there_translated_until_they_are_saved(console: Client) -> None:
    study = opened(question="Is it good?")
    url = reverse("study-language", args=[study.slug, "es"])
    form = console.get(url).context["form"]
    given = {name: form[name].value() for name in form.fields}
    usual = usual_texts("rating", "es")
    assert given[f"study-{study.pk}-consent"] == usual["consent"]
    assert not given[f"study-{study.pk}-question"]
    assert offered(study) == ["en"]
    console.post(url, {name: value or "" for name, value in given.items()})
    study.refresh_from_db()
    assert study.translations["es"].keys() == {"consent", "instructions", "scale_words"}
    assert study.translations["es"]["scale_words"] == usual["scale_words"]


def test_a_page_of_texts_that_do_not_fit_says_so_and_saves_nothing(console: Client) -> None:
    study = spoken()
    url = reverse("study-language", args=[study.slug, "ar"])
    answer = console.post(url, {f"study-{study.pk}-scale_words": "واحد\nاثنان"})
    assert answer.status_code == 400
    assert "2 lines in place of 5" in answer.content.decode()
    study.refresh_from_db()
    assert study.translations["ar"] == ARABIC


@pytest.mark.parametrize("language", ["en", "tlh"])
def test_there_is_no_page_for_the_studys_own_language_or_an_unknown_one(
    console: Client, language: str
) -> None:
    assert console.get(reverse("study-language", args=[opened().slug, language])).status_code == 404


def test_a_viewer_reads_the_texts_and_changes_none(client: Client) -> None:
    study, viewer = spoken(), User.objects.create_user("viewer")
    Membership.objects.create(study=study, user=viewer, role=Membership.Role.VIEWER)
    client.force_login(viewer)
    url = reverse("study-language", args=[study.slug, "de"])
    assert client.get(url).status_code == 200
    assert client.post(url, {}).status_code == 403
    study.refresh_from_db()
    assert study.translations["de"] == GERMAN


def test_the_settings_say_what_each_language_lacks(console: Client) -> None:
    study = spoken()
    shown = console.get(reverse("study-settings", args=[study.slug])).content.decode()
    assert "all 5 texts, offered to people" in shown
    assert "3 of 5 texts missing, offered to people" in shown
    assert shown.count("no texts yet") == 2
