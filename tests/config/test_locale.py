"""Whatever people who label can read is translated, whole, into every language that the settings name."""

import ast
import gettext
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template.base import Lexer, TokenType
from django.utils.translation import to_locale

from tests.messages import Entry, Message, marked_messages, read_catalog

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|</?\w+>")
PAGES = sorted((settings.ROOT / "templates" / "annotation" / "crowd").glob("*.html"))
TO_PEOPLE = {"InvalidAnswer", "InvalidEntry", "WrongInvitation"}
READ_ALOUD = {"aria-label", "title", "alt", "placeholder", "data-done", "data-unsent"}


def catalog(language: str) -> Path:
    folder: Path = settings.LOCALE_PATHS[0]
    return folder / to_locale(language) / "LC_MESSAGES" / "django.po"


@cache
def marked() -> dict[tuple[str, str], Message]:
    return marked_messages()


@cache
def entries(language: str) -> dict[tuple[str, str], Entry]:
    return {entry.message.key: entry for entry in read_catalog(catalog(language))}


@cache
def compiled(language: str) -> gettext.GNUTranslations:
    with catalog(language).with_suffix(".mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def numbers_of(language: str, forms: int) -> list[list[int]]:
    """For each plural form, the numbers that take it."""
    form_of = compiled(language).plural  # type: ignore[attr-defined]
    return [[n for n in range(1_000) if form_of(n) == form] for form in range(forms)]


def test_the_extraction_finds_what_modules_and_templates_mark() -> None:
    texts = {message.text for message in marked().values()}
    for text in ("I agree, go on", "%(place)s of %(total)s", "very poor", "Choose an answer.", "Copied"):
        assert text in texts
    assert marked()["", "One answer to give."].plural == "Up to %(size)s answers to give, one a page."
    assert ("to a question about oneself", "Prefer not to say") in marked()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_marked_text_is_translated(language: str) -> None:
    missing = [key for key in marked() if not all(entries(language).get(key, Entry(Message(""), [""])).said)]
    assert not missing


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_fuzzy_or_of_a_text_that_is_gone(language: str) -> None:
    assert not [key for key, entry in entries(language).items() if "fuzzy" in entry.flags]
    assert not set(entries(language)) - set(marked())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_loses_or_invents_a_placeholder(language: str) -> None:
    wrong = []
    for key, entry in entries(language).items():
        wanted = set(PLACEHOLDER.findall(entry.message.text + entry.message.plural))
        numbers = numbers_of(language, len(entry.said)) if entry.message.plural else [range(1_000)]
        for said, taken_by in zip(entry.said, numbers, strict=True):
            given = set(PLACEHOLDER.findall(said))
            # A form of one number alone, such as a dual, may say the number in words.
            if given - wanted or (wanted - given and len(taken_by) > 1):
                wrong.append((key, said))
    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_have_every_form_of_the_language(language: str) -> None:
    info = compiled(language).info()  # type: ignore[no-untyped-call]
    forms = int(re.findall(r"nplurals=(\d)", info["plural-forms"])[0])
    for key, entry in entries(language).items():
        assert len(entry.said) == (forms if entry.message.plural else 1), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalog_says_what_its_source_says(language: str) -> None:
    said: dict[object, str] = {}
    for (context, text), entry in entries(language).items():
        key = f"{context}\x04{text}" if context else text
        for form, words in enumerate(entry.said):
            said[(key, form) if entry.message.plural else key] = words
    there = compiled(language)._catalog  # type: ignore[attr-defined]
    assert {key: words for key, words in there.items() if key} == said


class _Words(HTMLParser):
    """What a template says by itself: its text, and its attributes that are shown or read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in READ_ALOUD and value]

    def handle_data(self, data: str) -> None:
        self.found.append(data)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_page_says_anything_that_is_not_marked(path: Path) -> None:
    text, passing = "", False
    for token in Lexer(path.read_text()).tokenize():
        words = token.split_contents() if token.token_type == TokenType.BLOCK else []
        if words[:1] == ["blocktranslate"] or words[:2] == ["block", "width"]:  # marked, or a class's name
            passing = True
        elif words[:1] in (["endblocktranslate"], ["endblock"]):
            passing = False
        elif token.token_type == TokenType.TEXT and not passing:
            text += token.contents
    reader = _Words()
    reader.feed(text)
    assert not [words for words in reader.found if re.search(r"[^\W\d_]", words)]


def test_no_message_to_people_who_label_is_left_unmarked() -> None:
    unmarked = []
    for path in sorted((settings.ROOT / "annotation").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in TO_PEOPLE:
                plain = any(isinstance(part, (ast.Constant, ast.JoinedStr)) for part in node.args)
                unmarked += [f"{path.name}:{node.lineno}"] if plain else []
    assert not unmarked
