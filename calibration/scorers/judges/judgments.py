"""A judge's judgment, of its chat completion."""

from typing import Any

from calibration.scorers.judges.replies import probabilities, scores
from calibration.scorers.judges.rubrics import Rubric
from calibration.scorers.judges.shares import shares_of, tokens_of
from generation.recipes.completions import Completion


def judgment(completion: Completion, rubric: Rubric, method: str) -> dict[str, Any]:
    """The result as `verdicts.value` reads it. Raises Unparsable, and Undefined for no distribution."""
    if method == "stated":
        stated = probabilities(completion.text, rubric)
        return {
            "shares": {name: list(one.shares) for name, one in stated.items()},
            "reasons": {name: one.reason for name, one in stated.items()},
        }
    said = scores(completion.text, rubric, cut=completion.cut)
    result: dict[str, Any] = {
        "scores": {name: one.value for name, one in said.items()},
        "reasons": {name: one.reason for name, one in said.items()},
    }
    if method == "logprobs":
        tokens = tokens_of(completion.logprobs)
        names = {value: name for name, value in rubric.spelled.items()}
        spelled = [names[value] for value in rubric.values]
        shares = {name: shares_of(tokens, completion.text, one.start, spelled) for name, one in said.items()}
        result["shares"] = {name: list(one.values) for name, one in shares.items()}
        result["outside"] = {name: one.outside for name, one in shares.items()}
    return result
