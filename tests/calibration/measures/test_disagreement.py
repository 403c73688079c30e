import numpy as np
import pytest

from calibration.measures.disagreement import by_disagreement
from tests.calibration.measures.test_distribution import column, found, studied


def levels(frame, given):
    return found(frame, given, part=by_disagreement)["by_disagreement"]


@pytest.mark.parametrize("labels", [6, 25])
def test_a_perfect_judge_has_no_error_at_any_level_and_halves_a_persons_score(labels):
    """Bins cut by the labels that are measured would show it .1 too far where six people agree."""
    frame, _, true = studied(queries=200, labels=labels)
    rows = levels(frame, column(shares=true))
    assert len(rows) == (5 if labels == 25 else 2) and sum(row["n"] for row in rows) == 3000
    for row in rows:
        noise = (row["corrected"]["high"] - row["corrected"]["low"]) / 4
        assert abs(row["corrected"]["value"]) < 4 * noise < 0.04
        assert row["wasserstein_1"]["value"] == pytest.approx(row["floor"], rel=0.06)
        assert row["skill_over_person"]["value"] == pytest.approx(0.5, abs=0.03)


def test_levels_rise_and_show_where_a_scorer_errs_more():
    frame, latents, true = studied(queries=60)
    rng = np.random.default_rng(0)
    entropy = -(true * np.log2(true)).sum(axis=1)
    contested = entropy > np.median(entropy)
    rows = levels(frame, column(latents + rng.normal(size=len(latents)) * np.where(contested, 2, 0.3)))
    lows, highs = ([row[end] for row in rows] for end in ("low", "high"))
    assert all(high < low for high, low in zip(highs, lows[1:], strict=False)) and len(rows) == 5
    assert rows[0]["residual_sd"]["high"] < 1 < rows[-1]["residual_sd"]["low"]
    squares = [row["n"] * row["residual_sd"]["value"] ** 2 for row in rows]
    assert sum(squares) == pytest.approx(len(latents))


def test_a_vote_is_as_good_as_a_person_and_its_floor_knows_how_many_votes():
    frame, _, true = studied(queries=100)
    votes = np.random.default_rng(0).multinomial(1, true).astype(float)
    rows = levels(frame, column(votes=votes))
    for row in rows:
        assert row["skill_over_person"]["value"] == pytest.approx(0, abs=0.08)
        assert row["wasserstein_1"]["value"] == pytest.approx(row["floor"], rel=0.1)
        assert row["corrected"]["value"] is None and row["corrected"]["reason"]


def test_three_labels_leave_one_to_measure_and_nothing_to_correct_it_by():
    frame, latents, _ = studied(labels=3)
    for row in levels(frame, column(latents)):
        assert row["wasserstein_1"]["value"] > 0 and row["residual_sd"]["value"] > 0
        for name in ("corrected", "skill_over_person"):
            assert row[name]["value"] is None and "too few labels" in row[name]["reason"]
        assert row["floor"] is None and "too few labels" in row["reasons"]["floor"]


def test_what_cannot_be_told_is_null_with_a_reason():
    frame, latents, _ = studied(queries=1)
    one = found(frame, column(latents), part=by_disagreement)
    none = found(frame, column(np.full(15, np.nan)), part=by_disagreement)
    assert one["by_disagreement"] is none["by_disagreement"] is None
    assert "only one query" in one["reasons"]["by_disagreement"]
    assert "has a score" in none["reasons"]["by_disagreement"]
