"""Promises of the files of plots."""

import csv
import io
import re
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse

from annotation.figures import MAKERS, figure_named
from annotation.figures.files import as_csv, as_svg
from annotation.models import Label, Study
from annotation.quality.exclusion import exclude
from generation.figures.colours import resolved
from generation.figures.figure import Figure
from tests.factory import make_items, make_labels, make_participant, make_study

pytestmark = pytest.mark.django_db

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def labelled() -> Study:
    study = make_study(imported=True)
    answers: list[list[int | None]] = [[5, 5, 5, 5], [1, 1, 5, 5], [3, 3, 3, 2], [1, 2, 3, None]]
    for item, values in zip(make_items(study, 4), answers, strict=True):
        make_labels(item, values)
    return study


def address(study: Study, name: str, format: str, **asked: str) -> str:
    return reverse("figure", args=[study.slug, name, format], query=asked)


def drawn(name: str) -> tuple[Study, Figure]:
    """The figure of a study that has something to draw for it."""
    for kind, scale in (("rating", range(1, 6)), ("comparison", range(-2, 3))):
        study = make_study(kind, kind=kind, imported=True)
        people = [make_participant(study, f"p{n}") for n in range(5)]
        for n, item in enumerate(make_items(study, 12, queries=6)):
            given = make_labels(item, [scale[n * k % 5] for k in range(1, 6)], people=people)
            Label.objects.filter(pk__in=[label.pk for label in given]).update(active_seconds=3 + n)
        figure = figure_named(study, name, {})
        if figure is not None:
            return study, figure
    pytest.skip("it takes more than labels, and is drawn in the tests of its page")


@pytest.mark.parametrize("name", MAKERS)
def test_a_picture_stands_alone_in_plain_colours(name: str) -> None:
    study, figure = drawn(name)
    text = as_svg(study, figure)
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert [root.get("width"), root.get("height")] == root.attrib["viewBox"].split()[2:]
    assert root.findtext(f"{SVG}title") == figure.title
    assert figure.says in (root.findtext(f"{SVG}desc") or "")
    assert not re.search(r"var\(|light-dark|color-mix|class=", text)
    above = {child: parent for parent in root.iter() for child in parent}

    def fill(mark: ElementTree.Element | None) -> str:
        return "" if mark is None else mark.get("fill") or fill(above.get(mark))

    shapes = {f"{SVG}{tag}" for tag in ("rect", "circle", "path", "polygon", "polyline")}
    assert all(re.fullmatch(r"#[0-9a-f]{6}|none", fill(mark)) for mark in root.iter() if mark.tag in shapes)
    assert all("sans-serif" in words.attrib["font-family"] for words in root.iter(f"{SVG}text"))


def test_names_with_characters_that_no_xml_may_hold_still_give_a_picture() -> None:
    study = make_study("odd", imported=True, name="Odd\x01 <b>&")
    people = [make_participant(study, f"]]>\x1b{n}\ufffe") for n in range(5)]
    for n, item in enumerate(make_items(study, 12, queries=6)):
        make_labels(item, [1 + n * k % 5 for k in range(1, 6)], people=people)
    figure = figure_named(study, "severities", {})
    assert figure is not None
    root = ElementTree.fromstring(as_svg(study, figure))
    assert (root.findtext(f"{SVG}desc") or "").startswith("Odd\ufffd <b>&. ")
    assert "]]>\ufffd0\ufffd" in {title.text for title in root.iter(f"{SVG}title")}


def test_rules_reach_marks_as_in_a_browser(labelled: Study) -> None:
    figure = figure_named(labelled, "kinds", {})
    assert figure
    root = ElementTree.fromstring(as_svg(labelled, figure))
    dot = next(root.iter(f"{SVG}circle"))
    accent = resolved("var(--accent)")
    assert (dot.get("fill"), dot.get("stroke"), dot.get("fill-opacity")) == (accent, accent, ".4")
    fills = {words.text: words.get("fill") for words in root.iter(f"{SVG}text")}
    # `svg .ink` is stronger than `svg text`.
    assert fills["mean label"] == resolved("var(--ink)")
    assert fills["polarising"] == resolved("var(--soft)")


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("light-dark(#ffffff, #1d2023)", "#ffffff"),
        ("color-mix(in srgb, #000000 75%, #ffffff)", "#404040"),
        # As Chromium 140 computes it.
        ("color-mix(in oklab, #ff0000, #0000ff)", "#8c53a2"),
        ("color-mix(in oklab, #b4532a 25%, #e3ad83)", "#d8966d"),
    ],
)
def test_functions_become_the_colours_that_a_browser_computes(written: str, plain: str) -> None:
    found, wanted = (
        [int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in (resolved(written), plain)
    )
    assert all(abs(one - other) <= 1 for one, other in zip(found, wanted, strict=True))


def test_the_numbers_are_whole_and_name_the_study(labelled: Study) -> None:
    figure = figure_named(labelled, "kinds", {})
    assert figure
    rows = list(csv.DictReader(io.StringIO(as_csv(labelled, figure))))
    assert [row["item_id"] for row in rows] == ["i0", "i1", "i2", "i3"]
    assert float(rows[2]["mean"]) == 2.75
    assert float(rows[3]["dispersion"]) == pytest.approx(4 / 9, rel=1e-14)
    assert {(row["study"], row["simulated"], row["with_excluded"]) for row in rows} == {
        (labelled.slug, "false", "false")
    }


def test_simulated_labels_are_marked_in_both_files(labelled: Study) -> None:
    labelled.simulated = True
    figure = figure_named(labelled, "entropy", {})
    assert figure
    assert "simulated labels</text>" in as_svg(labelled, figure)
    assert {row["simulated"] for row in csv.DictReader(io.StringIO(as_csv(labelled, figure)))} == {"true"}


def test_files_come_under_a_telling_name(console: Client, labelled: Study) -> None:
    for format, kind in (("svg", "image/svg+xml"), ("csv", "text/csv")):
        response = console.get(address(labelled, "entropy", format))
        assert response.status_code == 200
        assert response["Content-Type"] == f"{kind}; charset=utf-8"
        assert response["Content-Disposition"] == f'attachment; filename="{labelled.slug}-entropy.{format}"'


def test_what_is_not_drawn_is_not_found(console: Client, labelled: Study) -> None:
    empty = make_study("empty")
    missing = [("entropy", "png"), ("unheard-of", "svg")]
    for url in (*(address(labelled, *names) for names in missing), address(empty, "entropy", "svg")):
        assert console.get(url).status_code == 404


def test_excluded_people_are_counted_only_where_they_are_asked_for(console: Client) -> None:
    study = make_study(imported=True)
    people = [make_participant(study, f"p{n}") for n in range(3)]
    for item in make_items(study, 3):
        make_labels(item, [1, 1, 5], people=people)
    exclude(participant=people[2], reason="careless")
    counted = {
        asked: console.get(address(study, "kinds", "csv", **({"excluded": asked} if asked else {})))
        for asked in ("", "with")
    }
    means = {
        asked: {row["mean"] for row in csv.DictReader(io.StringIO(response.content.decode()))}
        for asked, response in counted.items()
    }
    assert means[""] == {"1.0"}
    assert means["with"] == {str(7 / 3)}
