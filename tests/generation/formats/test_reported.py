"""Promises of what the page of formats lists."""

from typing import Any

from generation.formats.reported import first_rows, never_above


def test_formats_that_never_passed_in_any_resample_are_named_and_not_listed() -> None:
    def row(name: str, step: int | None, passed: list[float]) -> dict[str, Any]:
        ends = {"low": step, "high": step, "n": 6, "reason": "never"}
        return {"format": name, "step": step, "passed": passed} | ends

    found = {
        "first_steps": [row("code", 10, [0, 1.0]), row("text", None, [0, 0.2]), row("json", None, [0, 0])]
    }
    assert [one["format"] for one in first_rows(found)] == ["code", "text"]
    assert never_above(found) == ["json"]
