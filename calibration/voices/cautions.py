"""What a comparison of voices cannot show, in sentences that stand beside its numbers."""

from collections.abc import Mapping
from typing import Any

from calibration.models import Scorer
from generation.templatetags.numbers import counted, fixed

Json = Mapping[str, Any]

# Of several personas within one call; the figures are those of Wang et al. (2023), arXiv 2307.05300.
PUBLISHED = (
    "Solo performance prompting, several personas within one call, was tested on tasks that have a right "
    "answer: it raised GPT-4’s share of these, and that of neither GPT-3.5 nor Llama-2-13b. How different "
    "answers are was not measured there: that several voices end in the same answer is not its finding, nor "
    "that they do not."
)
TOKENS = "Tokens are all that a call took in and gave back, the talk among voices that nobody reads included."
UNTOLD = "That a difference cannot be told does not make ways to ask equal: more queries may tell."
ELSEWHERE = "Of imported answers only calls that brought one are known: calls that failed are not counted."
UNSCORED = (
    "No scorer was named: these are different answers, good or not, and nonsense differs from all else."
)


def cautions(found: Json) -> list[str]:
    """Those that this report needs."""
    failed = [arm["failed_calls"] for arm in found["arms"] if len(arm["models"]) == 1]
    in_vain = sum(number or 0 for number in failed)
    by_tokens = any(found["budgets"][budget] for budget in ("tokens", "money"))
    return [
        _of_classes(found),
        _of_quality(found),
        UNTOLD,
        *([TOKENS] if by_tokens else []),
        *([f"{counted(in_vain, 'call')} brought no answer, and count by what they took."] if in_vain else []),
        *([ELSEWHERE] if None in failed else []),
        PUBLISHED,
        *([f"Few queries: {found['caution'].rstrip('.')}."] if found["caution"] else []),
    ]


def _of_classes(found: Json) -> str:
    classes = found["classes"]
    left = f" {counted(classes['unclassed'], 'answer')} without a class." if classes["unclassed"] else ""
    if classes["by"] == "column":
        return f"Which answers are the same is what the column {classes['column']} says.{left}"
    return (
        f"Two answers count as the same from a similarity of {fixed(classes['threshold'])} on, by the "
        f"vectors of {found['encoder']}: people may draw that line elsewhere.{left}"
    )


def _of_quality(found: Json) -> str:
    scorer = found["scorer"]
    if scorer is None:
        return UNSCORED
    family = dict(Scorer.Family.choices)[scorer["family"]]
    turned = " Perplexities have their sign turned." if scorer["family"] == Scorer.Family.PERPLEXITY else ""
    missing = f" {counted(scorer['unscored'], 'answer')} without a score." if scorer["unscored"] else ""
    return (
        f"What is good is what {scorer['name']} ({family}) says: scores from {fixed(scorer['good'])} on, "
        f"{scorer['rule'].rstrip('.')}. The answer is no better than that scorer.{turned}{missing}"
    )
