"""A threshold of similarity against what people say, and what people say of queries."""

import json
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from annotation.duplicates import study_duplicates
from annotation.labelling import study_query_shares
from annotation.models import Item, Label, Study
from annotation.studies import StudyError, create_study
from generation.selection import banded
from tests.factory import make_items, make_labels, make_response

pytestmark = pytest.mark.django_db


def judged(told: dict[str, Any], pairs: list[tuple[int, float, float, list[int | None]]]) -> Study:
    """A study of pairs: the query, the similarity, the weight and the labels of each."""
    study = create_study(slug="near", name="Near", kind="pair", metadata={"selection": told})
    shown = {
        query: [make_response(f"Query {query}", side) for side in "ab"] for query in {row[0] for row in pairs}
    }
    items = Item.objects.bulk_create(
        Item(
            study=study,
            external_id=str(n),
            position=n,
            query=shown[query][0].query,
            response_1=shown[query][0],
            response_2=shown[query][1],
            metadata={"similarity": similarity, "weight": weight},
        )
        for n, (query, similarity, weight, _) in enumerate(pairs)
    )
    Label.objects.bulk_create(
        Label(item=item, value=value, cannot_judge=value is None)
        for item, (*_, values) in zip(items, pairs, strict=True)
        for value in values
    )
    return study


def test_precision_and_recall_are_those_of_all_pairs_though_few_were_drawn() -> None:
    """Planted: pairs are the same with a chance that rises with similarity; bands are drawn evenly."""
    rng = np.random.default_rng(5)
    drawn, same_above, above, same_all = [], 0, 0, 0
    for query in range(60):
        similarity = rng.uniform(0.4, 1, size=200)
        same = rng.random(200) < similarity**4
        high = similarity >= 0.8
        same_above, above, same_all = (
            same_above + (same & high).sum(),
            above + high.sum(),
            same_all + same.sum(),
        )
        places = banded(similarity, [0.8, 0.85, 0.9, 0.95, 1.0], 8, rng)
        places += banded(np.where(high, 2, similarity), [0.4, 0.6, 0.8], 6, rng)
        for n, weight, _ in places:
            drawn.append((query, float(similarity[n]), weight, [1, 1, 0] if same[n] else [0, 0, 1]))
    found = study_duplicates(judged({"pairs": "near", "threshold": 0.8, "below": 6}, drawn))
    precision, recall = found["precision"], found["recall"]
    assert precision["low"] <= same_above / above <= precision["high"]
    assert recall["low"] <= same_above / same_all <= recall["high"]
    assert precision["high"] - precision["low"] < 0.2 and found["weighted"]
    assert found["mean_share"]["value"] == pytest.approx(1 / 3 + precision["value"] / 3)
    rising = [row["precision"]["value"] for row in found["curve"]]
    assert rising[-1] > rising[0] + 0.2
    assert [row["threshold"] for row in found["curve"]] == sorted(row["threshold"] for row in found["curve"])
    falling = [row["recall"]["value"] for row in found["curve"]]
    assert falling == sorted(falling, reverse=True) and falling[0] == 1


def test_ties_count_half_and_what_was_not_drawn_is_undefined_with_its_reason() -> None:
    pairs: list[tuple[int, float, float, list[int | None]]] = [
        (0, 0.95, 2.0, [1, 1]), (0, 0.9, 2.0, [0, 1]), (1, 0.85, 1.0, [0, None]), (1, 0.82, 1.0, []),
        (2, 0.8, 1.0, [1]), (2, 0.81, 1.0, [1, 0, 0]), (3, 0.83, 1.0, [1]),
    ]  # fmt: skip
    study = judged({"pairs": "near", "threshold": 0.8, "below": 0, "encoder": "tiny"}, pairs)
    found = study_duplicates(study)
    # 2 + half of 2 + 0 + 1 + 0 + 1, of 2 + 2 + 1 + 1 + 1 + 1 pairs.
    assert found["precision"]["value"] == pytest.approx(5 / 8)
    assert (found["precision"]["n"], found["labelled"], found["pairs"]) == (6, 6, 7)
    assert found["ties"] == {"pairs": 1, "count_as": 0.5}
    assert (found["recall"]["value"], found["recall"]["reason"]) == (
        None,
        "no pairs below the threshold were drawn",
    )
    lower = study_duplicates(study, threshold=0.7)
    assert lower["precision"]["value"] is None and "below the threshold" in lower["precision"]["reason"]
    higher = study_duplicates(study, threshold=0.99)
    assert higher["precision"]["reason"] == "no labelled pair is so similar"
    study.metadata = {"selection": {"pairs": "same-cluster"}}
    study.save()
    some = study_duplicates(study)
    for name in ("precision", "mean_share", "recall"):
        assert some[name]["reason"] == "only pairs within a cluster were drawn"
    make_items(plain := create_study(slug="plain", name="Plain", kind="pair"), 2)
    with pytest.raises(StudyError, match="have no similarity"):
        study_duplicates(plain)


def test_the_studys_page_and_the_command_tell_the_thresholds_precision(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pairs: list[tuple[int, float, float, list[int | None]]] = [
        (n, 0.8 + n / 100, 1.0, [1, 1, n % 2]) for n in range(12)
    ]
    study = judged({"pairs": "near", "threshold": 0.8, "below": 0, "encoder": "tiny"}, pairs)
    call_command("duplicates", "near", json=True)
    told = json.loads(capsys.readouterr().out)
    # All of them are the same to most people, which leaves room for other queries.
    assert told["precision"]["value"] == 1 and told["precision"]["low"] == pytest.approx(0.025 ** (1 / 12))
    call_command("duplicates", "near")
    assert "Precision at 0.8: 1.000 (0.735 to 1.000), n = 12" in capsys.readouterr().out
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    page = client.get(f"/studies/{study.slug}/").content.decode()
    assert "Are pairs this similar the same idea?" in page and "(0.735 to 1.000)" in page
    assert "undefined" in page and "figure-duplicates" in page
    csv = client.get(f"/studies/{study.slug}/figures/duplicates.csv").content.decode()
    assert csv.splitlines()[0].startswith("study,threshold,pairs,precision_value")
    assert client.get(f"/studies/{study.slug}/figures/duplicates.svg").status_code == 200


def queried(asks: str, labels: list[list[int | None]], about: list[dict[str, Any]] | None = None) -> Study:
    study = create_study(slug=asks, name=asks, kind="query", metadata={"asks": asks})
    for n, given in enumerate(labels):
        query = make_response(f"Query {n} of {asks}").query
        item = Item.objects.create(
            study=study, external_id=str(n), position=n, query=query, claim="Is it?" if about else "",
            metadata=about[n] if about else {},
        )  # fmt: skip
        make_labels(item, given)
    return study


def test_openness_is_by_most_people_and_by_at_least_one() -> None:
    found = study_query_shares(queried("openness", [[1, 1, 0]] * 6 + [[0, 0, 1]] * 2 + [[0, 0, 0], []]))
    assert found["majority"]["value"] == pytest.approx(6 / 9)
    assert found["at_least_one"]["value"] == pytest.approx(8 / 9)
    assert found["mean_share"]["value"] == pytest.approx((6 * 2 / 3 + 2 / 3) / 9)
    assert (found["items"], found["labelled"]) == (10, 9)
    assert found["published"]["majority"] == 0.89
    for name in ("majority", "at_least_one"):
        assert found[name]["low"] < found[name]["value"] < found[name]["high"]


def test_the_number_of_answers_is_the_mean_share_of_people_who_say_so() -> None:
    found = study_query_shares(queried("answers", [[0, 3, 3], [3, 3], [1], [2, 2, 2, 2], [None], [0], [3]]))
    shares = {row["words"]: row["value"] for row in found["shares"]}
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["more than 20"] == pytest.approx((2 / 3 + 1 + 1) / 6)
    assert "majority" not in found and found["cannot_judge"] == 1
    assert [row["published"] for row in found["shares"]] == [0.1873, 0.3187, 0.1474, 0.3466]


def test_claims_that_people_agree_with_are_told_by_category_with_intervals(
    capsys: pytest.CaptureFixture[str],
) -> None:
    labels: list[list[int | None]] = [[1, 1, 0], [1, 1, 1], [0, 0, 1], [1, 1], [0], [1, 0]] * 2
    about = [{"category": "Poems" if n % 2 else "Plans"} for n in range(12)]
    study = queried("category", labels, about)
    found = study_query_shares(study)
    assert found["majority"]["value"] == pytest.approx(3.5 / 6)
    by_name = {row["category"]: row["majority"] for row in found["by_category"]}
    assert by_name["Plans"]["value"] == pytest.approx(1 / 3) and by_name["Poems"]["n"] == 6
    assert by_name["Poems"]["low"] is not None
    call_command("query_shares", "category")
    assert "“yes” by most people: 0.583" in capsys.readouterr().out
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    page = client.get(f"/studies/{study.slug}/").content.decode()
    assert "What do people say of the queries?" in page and "Poems" in page and "0.747" in page
