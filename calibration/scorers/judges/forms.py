"""The form of a judge's reply: how it is asked for."""

import json
from typing import Any

from calibration.scorers.judges.rubrics import Rubric
from generation.recipes.structured import closed


def instruction(rubric: Rubric, *, stated: bool) -> str:
    """What a judge is told of its reply, after everything else."""
    names = [criterion.name for criterion in rubric.criteria]
    if stated:
        shares = ", ".join(f'"{name}": <p>' for name in rubric.spelled)
        inner = f'{{"probabilities": {{{shares}}}, "reason": "..."}}'
        says = (
            "People would not all say the same. For each possible score give the probability, from 0 to 1, "
            f"that one of them gives it; the {len(rubric.values)} probabilities add up to 1. "
        )
    else:
        inner = '{"score": <score>, "reason": "..."}'
        says = ""
    form = ", ".join(f'"{name}": {inner}' for name in names)
    return (
        f"Reply with JSON alone, in this form:\n{{{form}}}\nA score is {_scale(rubric)}. {says}"
        "A reason is one short sentence."
    )


def _scale(rubric: Rubric) -> str:
    if rubric.labels:
        return f"one of {', '.join(json.dumps(label) for label in rubric.spelled)}"
    side = ", above 0 where the first response is better" if rubric.pairwise else ""
    return f"a whole number from {rubric.low} to {rubric.high}{side}"


def schema(rubric: Rubric, *, stated: bool) -> dict[str, Any]:
    """The reply's JSON schema, in the subset that strict structured outputs take."""
    if stated:
        shares = closed({name: {"type": "number"} for name in rubric.spelled})
        said = closed({"probabilities": shares, "reason": {"type": "string"}})
    else:
        score: dict[str, Any] = (
            {"type": "string", "enum": list(rubric.spelled)}
            if rubric.labels
            else {"type": "integer", "enum": list(rubric.values)}
        )
        said = closed({"score": score, "reason": {"type": "string"}})
    return closed({criterion.name: said for criterion in rubric.criteria})
