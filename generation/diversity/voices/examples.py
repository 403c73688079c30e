"""What as many calls buy of some queries, drawn once, in the answers' own words."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from generation.diversity.voices.arms import Arm
from generation.diversity.voices.calls import Unit, Voices
from generation.diversity.voices.goodness import Goodness
from generation.diversity.voices.measured import Measured, judged, walks_of
from generation.diversity.voices.specification import Specification

QUERIES, LONGEST = 3, 600
UNIT: Unit = "calls"


def examples(
    data: Voices, arms: Sequence[Arm], asked: Specification, worth: Goodness, found: Measured
) -> list[dict[str, Any]]:
    """The first queries, in the order of their texts, of which most arms can spend the budget of calls."""
    there = np.isfinite(found.values[UNIT]["answers"]).sum(axis=1)
    chosen = sorted(np.argsort(-there, kind="stable")[:QUERIES].tolist())
    return [_example(data, n, arms, asked, worth, found) for n in chosen if there[n]]


def _example(
    data: Voices, n: int, arms: Sequence[Arm], asked: Specification, worth: Goodness, found: Measured
) -> dict[str, Any]:
    own, texts = judged(data, n, asked, worth), data.texts(n)
    size = float(found.budgets[UNIT][n])
    shown = []
    for arm in arms:
        walk = next(walks_of(own.query, arm, asked), None)
        calls = -1 if walk is None else int(walk.calls(UNIT, size))
        rows = [] if walk is None or calls < 0 else walk.rows[: walk.ends[calls]].tolist()
        answers = [
            {
                "text": texts[row] if len(texts[row]) <= LONGEST else f"{texts[row][: LONGEST - 1]}…",
                "class": int(own.classes[row]) if own.classes[row] >= 0 else None,
                "score": None if np.isnan(own.query.score[row]) else float(own.query.score[row]),
            }
            for row in rows
        ]
        shown.append({"arm": arm.name, "answers": answers})
    return {"query": str(n + 1), "text": own.query.text, "budget": UNIT, "size": size, "arms": shown}
