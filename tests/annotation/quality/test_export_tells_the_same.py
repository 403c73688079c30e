"""Promise: whoever recomputes a page from the file of labels finds its numbers."""

import csv
import io
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.core.cache import cache
from django.test import Client
from scipy import stats

from annotation.agreement import study_agreement
from annotation.exporters import stream_labels
from annotation.models import Label, Study
from annotation.pay import as_csv, owed
from annotation.quality.exclusion import exclude, restore, top_up
from annotation.rehearsal import rehearse
from tests.factory import make_items, make_study

pytestmark = pytest.mark.django_db
NUMBERS = [
    "answers", "cannot_judge", "cannot_judge_share", "timed", "median_seconds", "modal_share", "entropy_bits",
    "longest_run", "sided", "left_share", "others_n", "correlation", "difference", "severity", "severity_low",
    "severity_high",
]  # fmt: skip


@pytest.fixture(params=["rating", "comparison"])
def study(request: pytest.FixtureRequest) -> Study:
    """Corrected, cut short, excluded, topped up, restored too late, and excluded again."""
    cache.clear()
    fields: dict[str, Any] = {"labels_per_item": 5, "session_size": 6, "kind": request.param}
    study = make_study("messy", pay_by="item", pay_rate=Decimal("0.155"), currency="JPY", **fields)
    make_items(study, 20)
    rehearse(study=study, participants=14, seed=1)
    gone = list(study.participants.filter(sessions__isnull=False).distinct().order_by("pk")[:4])
    for person in gone[:3]:
        exclude(participant=person, reason="for the test")
    top_up(study=study)
    rehearse(study=study, participants=9, seed=2)
    restore(participant=gone[0])
    exclude(participant=gone[3], reason="for the test")
    Label.objects.filter(participant=gone[1]).update(active_seconds=None)
    statuses = set(Label.objects.values_list("status", flat=True))
    assert statuses == set(Label.Status.values)
    study.refresh_from_db()
    return study


def exported(study: Study, shape: str = "long", **options: Any) -> pd.DataFrame:
    lines = b"".join(stream_labels(study=study, format="jsonl", shape=shape, **options))
    return pd.read_json(io.BytesIO(lines), lines=True, dtype={"annotator_id": str})


def longest_run(shown: pd.Series) -> int:
    """`shown` is one session in its order."""
    same = shown.fillna(99)
    return int((same != same.shift()).cumsum().value_counts().max())


def of_person(mine: pd.DataFrame, others: pd.DataFrame, *, comparison: bool) -> dict[str, float]:
    said = mine[~mine.cannot_judge]
    shown = mine.label.where(mine.swapped != True, -mine.label)  # noqa: E712  (may be missing)
    values = shown.dropna()
    sided = values[values != 0] if comparison else values[:0]
    theirs = others[others.label.notna()].groupby("item_id").label.mean()
    beside = said.set_index("item_id").label.to_frame("mine").join(theirs.rename("others"), how="inner")
    away = beside.mine - beside.others
    defined = len(beside) >= 3 and np.ptp(beside.mine) > 0 and np.ptp(beside.others) > 1e-9
    low, high = np.nan, np.nan
    if len(away) > 1 and away.std() > 1e-9:
        low, high = stats.t.interval(0.95, len(away) - 1, away.mean(), stats.sem(away))
    in_order = mine.assign(shown=shown).sort_values("position").groupby("session_id").shown
    return {
        "answers": len(mine),
        "cannot_judge": len(mine) - len(said),
        "cannot_judge_share": (len(mine) - len(said)) / len(mine) if len(mine) else np.nan,
        "modal_share": values.value_counts(normalize=True).max() if len(values) else np.nan,
        "entropy_bits": stats.entropy(values.value_counts(), base=2) if len(values) else np.nan,
        "longest_run": max((longest_run(session) for _, session in in_order), default=np.nan),
        "sided": len(sided),
        "left_share": (sided > 0).mean() if len(sided) else np.nan,
        "others_n": len(beside),
        "correlation": stats.pearsonr(beside.mine, beside.others)[0] if defined else np.nan,
        "difference": away.abs().mean(),
        "severity": away.mean(),
        "severity_low": low,
        "severity_high": high,
    }


def test_the_people_page(study: Study, console: Client) -> None:
    for with_excluded in (False, True):
        check_people(study, console, with_excluded=with_excluded)


def check_people(study: Study, console: Client, *, with_excluded: bool) -> None:
    query = {"format": "csv"} | ({"excluded": "with"} if with_excluded else {})
    page = console.get(f"/studies/{study.slug}/people/", query).content.decode()
    people = {row["annotator_id"]: row for row in csv.DictReader(io.StringIO(page))}
    labels = exported(study)
    assert set(labels.annotator_id) <= set(people)
    counted = labels[~labels.surplus] if with_excluded else labels[~labels.surplus & ~labels.excluded]
    for code, row in people.items():
        mine, others = labels[labels.annotator_id == code], counted[counted.annotator_id != code]
        found = of_person(mine, others, comparison=study.kind == Study.Kind.COMPARISON)
        timed = mine.active_seconds.dropna()
        if len(timed) == len(mine):  # the file has no times that no script told
            found |= {"timed": len(timed), "median_seconds": timed.median()}
        for name in set(NUMBERS) & set(found):
            shown = float(row[name]) if row[name] else np.nan
            assert shown == pytest.approx(found[name], abs=1e-9, nan_ok=True), (code, name)
        assert row["excluded"] == ("true" if mine.excluded.any() else "false")
        assert row["simulated"] == "true"


def test_the_study_page_and_the_other_files(study: Study) -> None:
    for with_excluded in (False, True):
        check_agreement(study, exported(study), with_excluded=with_excluded)


def check_agreement(study: Study, labels: pd.DataFrame, *, with_excluded: bool) -> None:
    counted = labels[~labels.surplus] if with_excluded else labels[~labels.surplus & ~labels.excluded]
    found = study_agreement(study, replicates=0, with_excluded=with_excluded)
    said = counted[~counted.cannot_judge]
    assert found["labels"] == len(said)
    assert found["cannot_judge"] == len(counted) - len(said)
    assert found["annotators"] == counted.annotator_id.nunique()
    items, bare = (
        exported(study, shape, with_excluded=with_excluded) for shape in ("items", "infinity-chat")
    )
    entropies = []
    rows = zip(found["items_detail"], items.itertuples(), bare.human_labels, strict=True)
    for detail, row, human_labels in rows:
        values = said[said.item_id == detail["item_id"]].label
        assert sorted(human_labels) == sorted(values)
        assert detail["n"] == row.labels == len(values)
        assert detail["mean"] == pytest.approx(values.mean()) == row.mean
        assert detail["sd"] == pytest.approx(values.std())
        entropies.append(stats.entropy(values.value_counts(), base=2))
        assert detail["entropy_bits"] == pytest.approx(entropies[-1])
    assert found["entropy_bits"]["mean"] == pytest.approx(np.mean(entropies))


def test_what_people_are_owed(study: Study) -> None:
    answers = exported(study).annotator_id.value_counts()
    pay = owed(study=study)
    assert {row.code: row.answers for row in pay.rows if row.answers} == answers.to_dict()
    amounts = [int(n * Decimal("0.155") + Decimal("0.5")) for n in answers]
    assert pay.total == sum(amounts), "yen have no decimals"
    assert {row["simulated"] for row in csv.DictReader(io.StringIO(as_csv(pay)))} == {"true"}
