"""Promises of the plots of a comparison of voices."""

from calibration.voices.figures import less
from generation.charts.intervals import LONGEST


def test_ways_of_one_model_with_a_long_name_are_told_apart_where_they_are_compared() -> None:
    model = "an-organisation/a-model-of-many-billions-instruct-preview-2026-q4"
    plain, *others = (
        f"{model} · {condition}"
        for condition in ("as it is, with nothing added", "several voices in one call", "five answers")
    )
    names = {less(other, plain) for other in others} | {less(plain, f"another-{plain}")}
    assert len(names) == 3 and max(map(len, names)) <= LONGEST
    assert less("m · persona", "m · plain") == "m: persona less plain"
