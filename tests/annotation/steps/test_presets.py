"""Promises of the usual questions: in every language, whole, and in an order in which a name is found."""

import pytest
from django.conf import settings
from django.utils.translation import override

from annotation.forms.steps import SurveyForm
from annotation.languages import by_name
from annotation.models import Question
from annotation.steps.flow import Place
from annotation.steps.presets import PRESETS, add_preset
from tests.factory import make_study

LANGUAGES = [code for code, _ in settings.LANGUAGES]


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "de", "zh-hans"])
def test_a_usual_question_comes_with_all_languages_and_every_option_in_its_place(language: str) -> None:
    study = make_study(language=language)
    for name in PRESETS:
        question = add_preset(study=study, name=name, place=Place.BEFORE)
        assert set(question.translations) == set(LANGUAGES) - {language}
    country = study.questions.get(name="country")
    assert country.options == sorted(country.options, key=by_name)
    said = {language: country.options} | {code: row["options"] for code, row in country.translations.items()}
    place = said["en"].index("Germany")
    assert {code: options[place] for code, options in said.items()} == {
        "en": "Germany", "es": "Alemania", "de": "Deutschland", "zh-hans": "德国", "ar": "ألمانيا",
    }  # fmt: skip
    languages = study.questions.get(name="first_language")
    for options in (languages.options, *(row["options"] for row in languages.translations.values())):
        assert {"English", "Afrikaans", "Español"} <= set(options), "as its speakers write it, everywhere"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_country_has_a_name_of_its_own(language: str) -> None:
    _, names = PRESETS["country"].said_in(language)
    assert len(set(names)) == len(names) == 200
    assert not set(names) & set(PRESETS["country"].options), "no code is left"


def test_names_stand_without_regard_to_accents_and_chinese_ones_by_pinyin() -> None:
    assert sorted(["Zypern", "Österreich", "Oman", "Ägypten"], key=by_name) == [
        "Ägypten", "Oman", "Österreich", "Zypern",
    ]  # fmt: skip
    assert sorted(["中国", "德国", "阿曼", "法国"], key=by_name) == ["阿曼", "德国", "法国", "中国"]


def test_a_long_list_by_name_is_by_name_in_each_language_and_no_other_list_is_sorted() -> None:
    english, german = [*"abcdefgh"], [*"hgfedcba"]

    def shown(options: list[str], spoken: list[str]) -> list[tuple[str, str]]:
        question = Question(pk=1, text="?", options=options, translations={"de": {"options": spoken}})
        with override("de"):
            return list(SurveyForm([question]).fields["q1"].choices)[1:-1]  # type: ignore[attr-defined]

    assert shown(english, german) == [(f"={a}", b) for a, b in zip("hgfedcba", "abcdefgh", strict=True)]
    last = [*english, "another"]
    assert [words for _, words in shown(last, [*german, "andere"])] == [*german, "andere"]
