"""The tables and figures of an audit as files."""

import csv
import io
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse

from calibration.models import Audit
from calibration.report.pages import report_page
from calibration.report.tables import TABLES, flat, table_as_csv
from tests.calibration.report.test_report import finished, whole
from tests.calibration.scored import make_scored_study

pytestmark = pytest.mark.django_db


def rows(client: Client, audit: Audit, name: str) -> list[dict[str, str]]:
    answer = client.get(reverse("audit-table", args=[audit.pk, name]))
    assert answer["Content-Disposition"] == f'attachment; filename="audit-{audit.pk}-{name}.csv"'
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_nested_numbers_become_columns_named_by_their_way() -> None:
    found: dict[str, Any] = {
        "rho": {"value": 1, "low": None},
        "floor": {"brier": 2},
        "ok": True,
        "counts": [1, 2],
    }
    assert flat(found) == {"rho": 1, "rho_low": None, "floor_brier": 2, "ok": "true", "counts": "1 2"}


def test_a_table_has_the_results_own_numbers_and_says_whose_labels_they_are(console: Client) -> None:
    audit = finished(make_scored_study(simulated=True))
    assert audit.result is not None
    table = rows(console, audit, "subsets")
    found = [(scorer["name"], one) for scorer in audit.result["scorers"] for one in scorer["subsets"]]
    assert [(row["scorer"], row["rule"], float(row["parameter"]), int(row["n"])) for row in table] == [
        (name, one["rule"], one["parameter"], one["n"]) for name, one in found
    ]
    for row, (_, one) in zip(table, found, strict=True):
        assert row["spearman"] == ("" if one["spearman"]["value"] is None else repr(one["spearman"]["value"]))
        assert (row["study"], row["simulated"], row["with_excluded"]) == ("answers", "true", "false")


@pytest.mark.parametrize("kind", ["rating", "comparison"])
def test_every_table_has_rows_when_the_audit_has_the_part_and_a_heading_when_not(
    console: Client, kind: str
) -> None:
    study = make_scored_study(kind=kind)
    audit, bare = whole(study), finished(study)
    for name in TABLES:
        assert rows(console, audit, name), name
        text = console.get(reverse("audit-table", args=[bare.pk, name])).content.decode()
        assert text.startswith("study,")
        assert text.splitlines()[0].endswith("simulated,with_excluded,simulated_people")
    assert console.get(reverse("audit-table", args=[audit.pk, "nothing"])).status_code == 404


def reordered(found: Any) -> Any:
    """Keys as PostgreSQL gives them back: the shortest first."""
    if isinstance(found, dict):
        return {key: reordered(found[key]) for key in sorted(found, key=lambda key: (len(key), key))}
    return [reordered(one) for one in found] if isinstance(found, list) else found


def test_page_and_tables_are_the_same_whatever_order_the_database_keeps_keys_in() -> None:
    audit = whole(make_scored_study())
    written = []
    for order in (dict, reordered):
        audit.result = order(audit.result)
        written.append([report_page(audit), *(table_as_csv(audit.result, name) for name in TABLES)])
    assert written[0] == written[1]


def test_every_figure_stands_alone_and_what_cannot_be_drawn_is_not_found(console: Client) -> None:
    study = make_scored_study(kind="comparison", simulated=True)
    audit, bare = whole(study, preset="standard"), finished(study)
    names = ["subset-ties", "floor", "reliability-distribution", "reliability-pairwise", "annotators"]
    for name in names:
        answer = console.get(reverse("audit-figure", args=[audit.pk, name, "svg"]), {"scorer": "judge"})
        root = ElementTree.fromstring(answer.content)
        assert root.tag == "{http://www.w3.org/2000/svg}svg" and "simulated labels" in "".join(
            root.itertext()
        )
        assert not [one for one in root.iter() if one.get("class")]
        table = console.get(reverse("audit-figure", args=[audit.pk, name, "csv"])).content.decode()
        assert len(table.splitlines()) > 2
    for name, format in (
        ("floor", "svg"),
        ("nothing", "svg"),
        ("subset-nothing", "svg"),
        ("subset-ties", "png"),
    ):
        assert console.get(reverse("audit-figure", args=[bare.pk, name, format])).status_code == 404
