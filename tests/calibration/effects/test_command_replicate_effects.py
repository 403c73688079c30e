"""Promises of the command `replicate_effects`: planted effects, reasons, the same numbers again."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Avg
from jsonschema import Draft202012Validator

from annotation.models import Label, Participant, Study
from calibration.models import EffectReport, Score, Scorer
from tests.calibration.effects.planted import MODELS, make_panel, make_planted

pytestmark = pytest.mark.django_db

SCHEMA = Path(__file__).parents[3] / "docs" / "effects.schema.json"


def measured(slug: str, *options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("replicate_effects", slug, "--json", "--splits", "20", *options, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(found)
    return found


def written(folder: Path, *rows: dict[str, Any]) -> str:
    folder.mkdir(exist_ok=True)
    path = folder / "contrasts.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(path)


OF_BOTH = (
    {"contrast": "best less worst", "of": "items", "by": "model", "a": "delta", "b": ["alpha", "beta"]},
    {"contrast": "twins", "by": "model", "a": "alpha", "b": "beta", "kind": "main"},
    {"contrast": "length", "by": "length", "a": "long", "b": "short"},
    {"contrast": "named", "items_a": ["i3", "i7", "i11", "i15"], "items_b": ["i0", "i4", "i8", "i12"]},
    {"contrast": "age", "of": "people", "by": "age", "a": "old", "b": "young"},
)


def test_a_panel_that_copies_people_replicates_near_the_ceiling_and_one_without_signal_only_nulls(
    tmp_path: Path,
) -> None:
    study = make_planted()
    make_panel(study, "mirror")
    make_panel(study, "coin", signal=0.0)
    file = written(tmp_path, *OF_BOTH)
    mirror, coin = (measured("planted", "--scorer", name, "--contrasts", file) for name in ("mirror", "coin"))
    people = {one["name"]: one["people"] for one in mirror["contrasts"]}
    significant = [name for name, one in people.items() if one["p"] < 0.05]
    assert significant == ["best less worst", "named", "age"]
    assert people["best less worst"]["difference"]["value"] == pytest.approx(0.9, abs=0.15)
    old = Label.objects.filter(participant__replies__value="old").aggregate(Avg("value"))["value__avg"]
    young = Label.objects.filter(participant__replies__value="young").aggregate(Avg("value"))["value__avg"]
    assert people["age"]["difference"]["value"] == pytest.approx(old - young)
    assert [people[name]["units"] for name in ("twins", "length", "age")] == [
        "queries in pairs",
        "queries",
        "people",
    ]
    verdicts = [{one["name"]: one["verdict"] for one in found["contrasts"]} for found in (mirror, coin)]
    assert [verdicts[0][name] for name in (*significant, "twins")] == ["replicated"] * 3 + ["null replicated"]
    assert [verdicts[1][name] for name in (*significant, "twins")] == ["not found"] * 3 + ["null replicated"]
    assert mirror["halves"]["people"]["significant"]["value"] > 0.75
    assert abs(mirror["halves"]["panel_less_people"]["all"]["value"]) < 0.15
    assert coin["halves"]["people"] == mirror["halves"]["people"]
    for found in (mirror, coin):
        assert found["halves"]["noise"]["significant"]["value"] < 0.15
    assert coin["halves"]["panel"]["significant"]["value"] < 0.15
    assert coin["rates"]["people_n"]["null"]["value"] > 0.8
    assert mirror["sizes"]["slope_corrected"]["value"] == pytest.approx(1, abs=0.15)
    assert coin["sizes"]["slope"]["value"] == pytest.approx(0, abs=0.15)
    for one in mirror["contrasts"]:
        size = one["people"]["d"]
        assert (one["ratio"]["value"] is None) == (size["low"] <= 0 <= size["high"])
    assert sum(one["contrasts"] for one in mirror["bins"]) == len(OF_BOTH)
    assert mirror["scorer"]["simulated"]
    told = ("gave", "personas", "answers", "items", "without_personas")
    assert [mirror["scorer"][name] for name in told] == ["votes of personas", 24, 24 * 40, 40, 0]


def test_every_two_values_of_a_column_or_of_a_question_make_contrasts_and_a_number_shows_those_of_items() -> (
    None
):
    study = make_planted(named=False)
    reward = Scorer.objects.create(name="reward", family="reward_model")
    Score.objects.bulk_create(
        Score(study=study, scorer=reward, item=item, value=item.position % 4 + item.position**2 % 7 / 10)
        for item in study.items.all()
    )
    found = measured("planted", "--scorer", "reward", "--by", "model")
    assert [(one["a"], one["b"]) for one in found["contrasts"]][:3] == [
        (["alpha"], ["beta"]),
        (["alpha"], ["delta"]),
        (["alpha"], ["gamma"]),
    ]
    assert len(found["contrasts"]) == len(MODELS) * (len(MODELS) - 1) / 2
    assert found["people"]["of_nobody_known"] == found["people"]["labels"]
    assert found["contrasts"][0]["verdict"] == "found where people show none"
    assert found["contrasts"][1]["verdict"] == "replicated"
    assert "spread" in found["sizes"]["slope"]["reason"]
    by_age = measured("planted", "--scorer", "reward", "--by", "age")["contrasts"][0]
    assert "fewer than 10 people" in by_age["people"]["difference"]["reason"]
    assert by_age["verdict"] is None


def test_the_same_data_and_seed_give_the_same_numbers_and_excluded_people_do_not_count() -> None:
    study = make_planted()
    make_panel(study, "mirror")
    asked = ("--scorer", "mirror", "--by", "age")
    first, again = (measured("planted", *asked) for _ in range(2))
    assert first == again
    Participant.objects.filter(code="person-00").update(
        excluded_at="2026-01-01T00:00Z", exclusion_reason="bot"
    )
    without = measured("planted", *asked)
    assert without["data_hash"] != first["data_hash"]
    assert without["people"]["labels"] == first["people"]["labels"] - 40


def test_the_lines_name_simulated_people_and_every_rate() -> None:
    study = make_planted()
    Study.objects.update(simulated=True)
    make_panel(study, "mirror")
    out = StringIO()
    call_command("replicate_effects", "planted", "--scorer", "mirror", "--by", "model", splits=20, stdout=out)
    said = out.getvalue()
    for words in (
        "mirror (simulated people): 24 personas",
        "The labels are simulated",
        "alpha less delta",
        "one half of people by the other",
        "84 of 111",
        "Caution: ",
    ):
        assert words in said


def test_what_cannot_be_asked_is_told_in_a_line_and_nothing_is_kept(tmp_path: Path) -> None:
    make_panel(make_planted(), "mirror")
    absent = [written(tmp_path / str(n), OF_BOTH[place] | {"by": "absent"}) for n, place in ((1, 1), (2, 4))]
    for options, says in [
        (("--scorer", "absent", "--by", "model"), "No scorer absent has scores in planted"),
        (("--scorer", "mirror", "--by", "absent"), "No item of planted has a column absent"),
        (("--scorer", "mirror", "--by", "model", "--splits", "3"), "20 to 2,000 times, not 3"),
        (("--scorer", "mirror", "--by", "model", "--seed", "-1"), "A seed is a whole number"),
        (("--scorer", "mirror", "--contrasts", absent[0]), "No item of planted has a column absent"),
        (("--scorer", "mirror", "--contrasts", absent[1]), "The surveys of planted have no question absent"),
        (("--scorer", "mirror", "--contrasts", str(tmp_path / "none.csv")), "none.csv cannot be read"),
    ]:
        with pytest.raises(CommandError, match=re.escape(says)):
            measured("planted", *options)
    assert not EffectReport.objects.exists()
