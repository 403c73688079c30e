"""Promises of the console's pages about studies."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from annotation.agreement import study_agreement
from annotation.allocation import start_session
from annotation.models import Label, Study
from annotation.quality.exclusion import exclude
from annotation.studies import close_study, open_study
from generation.models import Response
from tests.factory import make_items, make_labels, make_participant, make_response, make_study

pytestmark = pytest.mark.django_db

ITEMS = [{"query": "Why write?", "response": f"To remember {n}.", "model": "m"} for n in range(3)]


def jsonl(rows: list[Any], name: str = "items.jsonl") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join(json.dumps(row) for row in rows).encode())


def new_items(**fields: Any) -> dict[str, Any]:
    numbers = {"labels_per_item": 3, "session_size": 2, "time_limit_minutes": 30, "design": "random"}
    return {"name": "Short answers", "file": jsonl(ITEMS), **numbers, **fields}


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def labelled() -> Study:
    study = make_study(imported=True, scale_words=["very poor", "poor", "fair", "good", "excellent"])
    answers: list[list[int | None]] = [[5, 5, 5, 5], [1, 1, 5, 5], [3, 3, 3, 2], [1, 2, 3, None]]
    for item, values in zip(make_items(study, 4), answers, strict=True):
        make_labels(item, values)
    return study


def pages(study: Study) -> list[str]:
    return [
        reverse("studies"),
        reverse("study-new"),
        *(reverse(name, args=[study.slug]) for name in ("study", "study-settings", "study-export")),
        reverse("item", args=[study.slug, study.items.first().pk]),  # type: ignore[union-attr]
    ]


def test_every_page_asks_strangers_to_sign_in(client: Client, labelled: Study) -> None:
    for url in pages(labelled):
        answer = client.get(url)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("login"))
    assert client.post(reverse("study-state", args=[labelled.slug]), {"state": "open"}).status_code == 302
    labelled.refresh_from_db()
    assert labelled.state == Study.State.DRAFT


def test_no_page_has_inline_style_or_script(console: Client, labelled: Study) -> None:
    for url in [
        *pages(labelled),
        *(reverse("study-new") + f"?from={source}" for source in ("labels", "responses")),
    ]:
        html = console.get(url).content.decode()
        assert " style=" not in html
        assert not re.search(r"<script(?![^>]*\bsrc=)", html)
        assert not re.search(r"\son\w+=", html)


def test_simulated_labels_are_marked_on_every_page(console: Client, labelled: Study) -> None:
    Study.objects.update(simulated=True)
    for url in pages(labelled):
        if url != reverse("study-new"):
            assert "simulated labels" in text(console.get(url))


# The list of studies


def test_an_empty_console_says_what_to_do(console: Client) -> None:
    assert "Make one from a file of items" in text(console.get(reverse("studies")))


def test_the_lists_queries_do_not_grow_with_studies(
    console: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(12):
        open_study(study=_with_items(f"s{n}"))
    console.get(reverse("studies"))
    with django_assert_num_queries(5):  # session, person, count, what is overdue, rows
        page = console.get(reverse("studies"))
    assert page.content.count(b"<progress") == 12


def _with_items(slug: str) -> Study:
    study = make_study(slug, labels_per_item=10, consent="Yes?")
    make_items(study, 5)
    return study


def test_studies_are_found_by_name(console: Client) -> None:
    make_study("a", name="Poems")
    make_study("b", name="Recipes")
    page = console.get(reverse("studies"), {"q": "poe\x00m"})
    assert "Poems" in text(page)
    assert "Recipes" not in text(page)
    assert "Show all studies" in text(console.get(reverse("studies"), {"q": "none such"}))


# New studies


def test_a_file_of_items_becomes_a_draft_with_the_given_texts(console: Client, researcher: User) -> None:
    data = new_items(question="How kind is this?", scale_words="a\nb\nc\nd\ne")
    answer = console.post(reverse("study-new"), data)
    assert answer.status_code == 302
    study = Study.objects.get()
    assert answer.headers["Location"] == reverse("study", args=["short-answers"])
    assert (study.items.count(), study.state, study.members.get()) == (3, Study.State.DRAFT, researcher)
    assert (study.labels_per_item, study.session_size, study.time_limit_minutes) == (3, 2, 30)
    assert (study.question, study.scale_words) == ("How kind is this?", ["a", "b", "c", "d", "e"])
    assert study.consent


def test_a_bad_row_is_named_and_what_was_typed_is_kept(console: Client) -> None:
    rows = [*ITEMS, {"query": "Why write?"}, {"response": "x"}]
    data = new_items(file=jsonl(rows), question="How kind is this?")
    plain = console.post(reverse("study-new"), data)
    assert plain.status_code == 400
    assert "items.jsonl, line 4" in text(plain)
    assert "line 5" in text(plain)
    assert "How kind is this?" in plain.content.decode()
    assert not Study.objects.exists()
    assert not Response.objects.exists()


def test_an_invalid_form_is_swapped_by_htmx_as_a_part_of_the_page(console: Client) -> None:
    headers = {"HX-Request": "true", "HX-Target": "form"}
    part = console.post(reverse("study-new"), new_items(name=""), headers=headers)
    assert part.status_code == 200
    assert b"<html" not in part.content
    assert "This field is required" in text(part)
    made = console.post(reverse("study-new"), new_items(), headers=headers)
    assert made.headers["HX-Redirect"] == reverse("study", args=["short-answers"])


@pytest.mark.parametrize(
    ("upload", "said"),
    [
        (SimpleUploadedFile("items.xlsx", b"x"), "must end in .jsonl, .csv or .parquet"),
        (SimpleUploadedFile("items.csv", b""), "empty"),
        (SimpleUploadedFile("items.csv", b"query,response\n\xff\xfe,b"), "UTF-8"),
        (SimpleUploadedFile("items.csv", b"question,answer\na,b"), "columns"),
        (SimpleUploadedFile("items.parquet", b"PAR1 and no more"), "not a readable parquet file"),
        (SimpleUploadedFile("items.jsonl", b'{"query": "a"'), "line 1"),
    ],
)
def test_unreadable_files_are_refused_in_words(
    console: Client, upload: SimpleUploadedFile, said: str
) -> None:
    answer = console.post(reverse("study-new"), new_items(file=upload))
    assert answer.status_code == 400
    assert said in text(answer)
    assert not Study.objects.exists()


def test_a_file_above_the_limit_is_refused(console: Client, settings: Settings) -> None:
    settings.UPLOAD_LIMIT_MB = 1
    upload = SimpleUploadedFile("items.csv", b"query,response\n" + b"a" * 1_000_000)
    answer = console.post(reverse("study-new"), new_items(file=upload))
    assert answer.status_code == 400
    assert "more than the 1 MB that are taken here" in text(answer)


def test_an_upload_kept_on_disk_is_read_under_its_own_name(console: Client, settings: Settings) -> None:
    settings.FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
    assert "items.jsonl, line 4" in text(
        console.post(reverse("study-new"), new_items(file=jsonl([*ITEMS, {"query": "a"}])))
    )
    assert console.post(reverse("study-new"), new_items()).status_code == 302


def test_a_taken_short_name_is_refused_and_a_suggested_one_is_free(console: Client) -> None:
    make_study("short-answers")
    for slug in ("short-answers", "new"):
        assert "choose another" in text(console.post(reverse("study-new"), new_items(slug=slug)))
    console.post(reverse("study-new"), new_items())
    assert Study.objects.filter(slug="short-answers-2").exists()
    console.post(reverse("study-new"), new_items(name="日本語"))
    assert Study.objects.filter(slug="study").exists()


@pytest.mark.parametrize("field", ["labels_per_item", "session_size", "time_limit_minutes"])
@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999", "many"])
def test_impossible_numbers_are_refused(console: Client, field: str, number: str) -> None:
    assert console.post(reverse("study-new"), new_items(**{field: number})).status_code == 400


def test_wrong_scale_words_leave_nothing_behind(console: Client) -> None:
    answer = console.post(reverse("study-new"), new_items(scale_words="bad\ngood"))
    assert answer.status_code == 400
    assert "5 values but 2 words" in text(answer)
    assert not Study.objects.exists()


def test_collected_labels_become_a_study_with_its_agreement(console: Client) -> None:
    rows = [{"query": "q", "response": f"r{n}", "human_labels": [n, n, 3]} for n in range(1, 6)]
    data = {"name": "Old labels", "file": jsonl(rows)}
    answer = console.post(reverse("study-new") + "?from=labels", data, follow=True)
    study = Study.objects.get()
    assert study.imported
    alpha = study_agreement(study)["krippendorff_alpha"]["ordinal"]
    assert f"{alpha['value']:.3f}" in text(answer)
    assert "15 labels from a file" in text(answer)
    assert "Imported 5 items and 15 labels into old-labels." in text(answer)


def test_without_responses_the_form_says_where_to_add_some(console: Client) -> None:
    url = reverse("study-new") + "?from=responses"
    assert "There are no responses here yet" in text(console.get(url))
    make_response()
    assert "There are no responses here yet" not in text(console.get(url))


def test_half_a_scale_is_refused(console: Client) -> None:
    data = {"name": "Old labels", "file": jsonl([{"query": "q", "response": "r", "human_labels": [1]}])}
    url = reverse("study-new") + "?from=labels"
    assert "both ends" in text(console.post(url, data | {"scale_low": 1}))
    assert "below the highest" in text(console.post(url, data | {"scale_low": 3, "scale_high": 3}))


def test_responses_of_chosen_models_and_queries_become_pairs(console: Client) -> None:
    for query in ("Why write?", "Why read?"):
        for model in ("a", "b", "c"):
            make_response(query, f"{query} {model}", model)
    chosen = [make_response("Why write?", "Why write? a", "a").model_id, make_response(model="c").model_id]
    Response.objects.filter(text="To remember.").delete()
    numbers = {"labels_per_item": 3, "session_size": 2, "time_limit_minutes": 30, "design": "blocks"}
    data = {"name": "Pairs", "kind": "comparison", "models": chosen, "search": "WRITE", **numbers}
    assert console.post(reverse("study-new") + "?from=responses", data).status_code == 302
    item = Study.objects.get().items.get()
    assert {item.response_1.text, item.response_2.text} == {"Why write? a", "Why write? c"}  # type: ignore[union-attr]
    for nonsense in ("9" * 30, "x"):
        wrong = console.post(reverse("study-new") + "?from=responses", data | {"models": [nonsense]})
        assert wrong.status_code == 400
        assert console.get(reverse("study-new"), {"from": "responses", "models": nonsense}).status_code == 200
    none = console.post(
        reverse("study-new") + "?from=responses", data | {"search": "nothing", "name": "None"}
    )
    assert none.status_code == 400
    assert "choose others" in text(none)


# A study's page


def test_the_page_shows_the_agreement_functions_own_numbers(console: Client, labelled: Study) -> None:
    larger = make_study("larger", imported=True)
    for n, item in enumerate(make_items(larger, 8)):
        make_labels(item, [1 + n % 5, 3, 5])
    for study in (larger, labelled):
        page = text(console.get(reverse("study", args=[study.slug])))
        numbers = study_agreement(study)
        assert (
            f"intervals resample 4 queries and hold the people fixed; {numbers['intervals']['caution']}"
            in page
        )
        for found in [*numbers["krippendorff_alpha"].values(), numbers["percent_agreement"]]:
            few = study == labelled  # four items
            ends = found["reason"] if few else f"{found['low']:.3f} to {found['high']:.3f}"
            assert f"{found['value']:.3f} {ends}".replace("-", "−") in page
    assert f"{numbers['entropy_bits']['mean']:.2f} mean entropy" in page
    assert "1 could not judge" in page
    assert "5 excellent 6 40 %" in page


def test_undefined_statistics_say_so_with_the_reason(console: Client) -> None:
    study = make_study(imported=True)
    make_labels(make_items(study, 2)[0], [4])
    page = text(console.get(reverse("study", args=[study.slug])))
    assert "undefined alpha, ordinal: no item has two labels" in page
    assert "undefined: no labels yet" in page
    assert "nan" not in page.lower().replace("finance", "")


def test_a_new_label_and_an_exclusion_show_at_once(console: Client) -> None:
    study = make_study(imported=True)
    people = [make_participant(study, f"p{n}") for n in range(3)]
    first, second = make_items(study, 2)
    make_labels(first, [1, 2, 5], people=people)
    url = reverse("study", args=[study.slug])
    assert "3 labels from a file" in text(console.get(url))
    make_labels(second, [4], people=people[:1])
    assert console.get(url).context["summary"].agreement["labels"] == 4
    exclude(participant=people[0], reason="careless")
    assert console.get(url).context["summary"].agreement["labels"] == 2


def test_the_pages_queries_do_not_grow_with_items_and_labels(
    console: Client, django_assert_max_num_queries: Any
) -> None:
    study = make_study(imported=True)
    for item in make_items(study, 60):
        make_labels(item, [1, 2, 3])
    with django_assert_max_num_queries(20):
        console.get(reverse("study", args=[study.slug]))


def shown(page: Any) -> list[str]:
    return [row.item.external_id for row in page.context["page"]]


def test_items_are_sorted_both_ways_with_undefined_ones_last(console: Client, labelled: Study) -> None:
    item = make_items(make_study("other"), 1)[0]
    item.study, item.position, item.external_id = labelled, 9, "bare"
    item.save()
    url = reverse("study", args=[labelled.slug])
    assert shown(console.get(url)) == ["i3", "i1", "i2", "i0", "bare"]
    assert shown(console.get(url, {"sort": "mean"})) == ["i3", "i2", "i1", "i0", "bare"]
    assert shown(console.get(url, {"sort": "-mean"})) == ["i0", "i1", "i2", "i3", "bare"]
    assert shown(console.get(url, {"sort": "n"})) == ["bare", "i3", "i0", "i1", "i2"]
    assert shown(console.get(url, {"sort": "position"})) == ["i0", "i1", "i2", "i3", "bare"]
    assert shown(console.get(url, {"sort": "nonsense'; --"})) == ["i3", "i1", "i2", "i0", "bare"]


def test_items_are_filtered_by_text_and_kind_and_paged(console: Client) -> None:
    study = make_study(imported=True)
    for n, item in enumerate(make_items(study, 30)):
        make_labels(item, [1, 1, 5, 5] if n == 7 else [5, 5, 5, 5])
    url = reverse("study", args=[study.slug])
    assert shown(console.get(url, {"q": "answer 7"})) == ["i7"]
    assert shown(console.get(url, {"kind": "polarising"})) == ["i7"]
    assert len(shown(console.get(url))) == 25
    assert len(shown(console.get(url, {"page": "2"}))) == 5
    assert len(shown(console.get(url, {"page": "999999999999999999999"}))) == 5
    assert "No item fits" in text(console.get(url, {"q": "\x00none"}))


def test_htmx_gets_the_part_and_a_history_restore_the_whole_page(console: Client, labelled: Study) -> None:
    url = reverse("study", args=[labelled.slug])
    headers = {"HX-Request": "true", "HX-Target": "items"}
    part = console.get(url, {"sort": "mean"}, headers=headers)
    assert b"<html" not in part.content
    assert b'id="items"' in part.content
    assert "HX-Request" in part.headers["Vary"]
    whole = console.get(url, {"sort": "mean"}, headers=headers | {"HX-History-Restore-Request": "true"})
    assert b"<html" in whole.content
    assert b"<html" in console.get(url, headers={"HX-Request": "true", "HX-Target": "elsewhere"}).content


def test_the_figures_refresh_themselves_only_while_the_study_is_open(console: Client) -> None:
    study = open_study(study=_with_items("open"))
    url = reverse("study", args=[study.slug])
    part = console.get(url, headers={"HX-Request": "true", "HX-Target": "progress"})
    assert b"<html" not in part.content
    assert b"every 10s" in part.content
    assert "0 of 50 labels" in text(part)
    close_study(study=study)
    assert b"every 10s" not in console.get(url).content


def test_people_now_inside_hold_a_lease_that_has_not_run_out(console: Client) -> None:
    study = open_study(study=_with_items("open"))
    for code in ("here", "gone"):
        start_session(participant=make_participant(study, code))
    study.slots.filter(participant__code="gone").update(leased_until=timezone.now() - timedelta(minutes=1))
    assert "1 person labelling now" in text(console.get(reverse("study", args=[study.slug])))


def test_the_door_is_offered_while_people_may_come(console: Client) -> None:
    study = _with_items("door")
    url = reverse("study", args=[study.slug])
    assert "http://testserver/s/door/" not in console.get(url).content.decode()
    open_study(study=study)
    html = console.get(url).content.decode()
    assert 'value="http://testserver/s/door/"' in html
    assert reverse("recruitment", args=[study.slug]) in html


def test_a_study_opens_pauses_and_closes_by_post_only(console: Client) -> None:
    study = _with_items("states")
    url = reverse("study-state", args=[study.slug])
    for state in ("open", "paused", "open", "closed"):
        assert console.post(url, {"state": state}).status_code == 302
        study.refresh_from_db()
        assert study.state == state
    assert console.get(url).status_code == 405
    assert console.post(url, {"state": "draft"}).status_code == 400
    assert console.post(url).status_code == 400


def test_what_a_state_forbids_is_said_and_changes_nothing(console: Client, labelled: Study) -> None:
    answer = console.post(reverse("study-state", args=[labelled.slug]), {"state": "open"}, follow=True)
    assert "cannot be opened" in text(answer)
    labelled.refresh_from_db()
    assert labelled.state == Study.State.DRAFT


# An item's page


def test_an_items_page_shows_its_texts_counts_statistics_and_comments(
    console: Client, labelled: Study
) -> None:
    item = labelled.items.get(external_id="i3")
    Label.objects.filter(item=item, value=2).update(comment="Too <b>short</b>")
    page = console.get(reverse("item", args=[labelled.slug, item.pk]))
    assert "answer 3" in text(page)
    assert "2 poor 1 33 %" in text(page)
    assert "3 labels; 1 could not judge" in text(page)
    assert "Too &lt;b&gt;short&lt;/b&gt;" in page.content.decode()
    assert "cannot judge" in text(page)


def test_an_item_without_labels_is_undefined_in_words(console: Client) -> None:
    study = make_study()
    item = make_items(study, 1)[0]
    assert "Undefined: no labels yet" in text(console.get(reverse("item", args=[study.slug, item.pk])))


def test_surplus_labels_and_excluded_people_are_shown_as_not_counted(console: Client) -> None:
    study = make_study(imported=True)
    item = make_items(study, 1)[0]
    people = [make_participant(study, code) for code in ("one", "two")]
    exclude(participant=people[0], reason="careless")
    make_labels(item, [1, 5], people=people)
    Label.objects.filter(participant=people[1]).update(status=Label.Status.SURPLUS)
    page = text(console.get(reverse("item", args=[study.slug, item.pk])))
    assert "person excluded" in page
    assert "surplus, not counted" in page
    assert "0 labels; 0 could not judge" in page


def test_an_item_is_found_only_in_its_own_study(console: Client, labelled: Study) -> None:
    other = make_study("other")
    item = labelled.items.first()
    assert item
    assert console.get(reverse("item", args=[other.slug, item.pk])).status_code == 404
    assert console.get(f"/studies/{labelled.slug}/items/99999999999999999999999/").status_code == 404


# Settings and export


def settings_of(study: Study, client: Client) -> dict[str, Any]:
    form = client.get(reverse("study-settings", args=[study.slug])).context["form"]
    values = {name: form[name].value() for name in form.fields if not form.fields[name].disabled}
    return {name: value for name, value in values.items() if value not in (None, False)}


def test_a_draft_may_change_its_scale_and_number_of_people(console: Client) -> None:
    study = _with_items("draft")
    words = "\n".join("abcdefg")
    data = settings_of(study, console) | {"scale_high": 7, "labels_per_item": 4, "scale_words": words}
    assert console.post(reverse("study-settings", args=["draft"]), data).status_code == 302
    study.refresh_from_db()
    assert (study.scale_high, study.labels_per_item, study.scale_words) == (7, 4, list("abcdefg"))


def test_an_open_study_keeps_its_scale_and_numbers_whatever_is_sent(console: Client) -> None:
    study = open_study(study=_with_items("open"))
    data = settings_of(study, console) | {"scale_high": 7, "labels_per_item": 4, "consent": "Really?"}
    assert console.post(reverse("study-settings", args=["open"]), data).status_code == 302
    study.refresh_from_db()
    assert (study.scale_high, study.labels_per_item) == (5, 10)
    assert (study.consent, study.consent_version) == ("Really?", 2)


def test_saving_unchanged_settings_changes_nothing(console: Client) -> None:
    study = open_study(study=_with_items("open"))
    before = Study.objects.filter(pk=study.pk).values().get()
    assert (
        console.post(reverse("study-settings", args=["open"]), settings_of(study, console)).status_code == 302
    )
    assert Study.objects.filter(pk=study.pk).values().get() == before


@pytest.mark.parametrize(
    "wrong", [{"scale_high": 1}, {"scale_words": "one"}, {"session_size": 0}, {"name": ""}]
)
def test_wrong_settings_are_refused_with_a_message(console: Client, wrong: dict[str, Any]) -> None:
    study = _with_items("draft")
    before = Study.objects.values().get()
    answer = console.post(reverse("study-settings", args=["draft"]), settings_of(study, console) | wrong)
    assert answer.status_code == 400
    assert "Nothing was saved" in text(answer)
    assert Study.objects.values().get() == before


def test_a_download_is_streamed_under_a_telling_name(console: Client, labelled: Study) -> None:
    url = reverse("study-export", args=[labelled.slug])
    for shape in ("long", "items", "infinity-chat"):
        for form in ("csv", "jsonl", "parquet"):
            answer = console.get(url, {"shape": shape, "format": form})
            assert answer.status_code == 200
            assert answer.streaming
            assert answer.headers["Content-Disposition"] == f'attachment; filename="answers-{shape}.{form}"'
            assert len(answer.getvalue()) > 100


def test_an_unknown_shape_or_format_is_refused(console: Client, labelled: Study) -> None:
    url = reverse("study-export", args=[labelled.slug])
    assert console.get(url, {"shape": "wide", "format": "csv"}).status_code == 400
    assert console.get(url, {"shape": "long", "format": "xlsx"}).status_code == 400


def test_the_export_page_warns_of_cells_that_a_spreadsheet_would_run(
    console: Client, labelled: Study
) -> None:
    page = text(console.get(reverse("study-export", args=[labelled.slug])))
    assert "a spreadsheet may run a cell that begins with =, +, - or @" in page


def test_pages_switch_between_numbers_with_and_without_the_excluded(
    console: Client,
) -> None:
    study = make_study(imported=True)
    people = [make_participant(study, code) for code in ("one", "two", "three")]
    items = make_items(study, 2)
    for item in items:
        make_labels(item, [1, 2, 5], people=people)
    urls = [reverse("study", args=[study.slug]), reverse("item", args=[study.slug, items[0].pk])]
    assert not any("excluded" in text(console.get(url)) for url in urls)
    exclude(participant=people[2], reason="careless")
    first, second = (text(console.get(url)) for url in urls)
    assert "1 person is excluded, and left out of these numbers. With them: 6 labels" in first
    assert "1 person of those who labelled it is excluded, and left out of these numbers." in second
    assert "With them: 3 labels, mean 2.67" in second
    first, second = (text(console.get(url, {"excluded": "with"})) for url in urls)
    assert "counted here all the same. Without them: 4 labels" in first
    assert "Without them: 2 labels, mean 1.50" in second
    shown = console.get(urls[0], {"excluded": "with"})
    assert shown.context["summary"].agreement["labels"] == 6
    assert f"{urls[1]}?excluded=with" in shown.content.decode()


def test_an_export_from_the_page_is_with_or_without_the_excluded(console: Client) -> None:
    study = make_study(imported=True)
    people = [make_participant(study, code) for code in ("one", "two")]
    make_labels(make_items(study, 1)[0], [1, 5], people=people)
    exclude(participant=people[1], reason="careless")
    url = reverse("study-export", args=[study.slug])

    def labels(excluded: str) -> int:
        asked = {"format": "jsonl", "shape": "long", "excluded": excluded}
        return len(b"".join(console.get(url, asked).streaming_content).splitlines())  # type: ignore[attr-defined]

    assert [labels(way) for way in ("", "with", "without")] == [2, 2, 1]
    assert console.get(url, {"format": "jsonl", "shape": "long", "excluded": "some"}).status_code == 400
