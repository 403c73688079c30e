"""One scorer in detail: every subset, its curves, whom it serves, and where it is most wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.models import Study
from calibration.report.asked import asked_words
from calibration.report.cells import Cells, Grid, Head, Line
from calibration.report.examples import Example, Items, examples_of
from calibration.report.figures import figures_of
from calibration.report.found import Found, Result, reason_of, told
from calibration.report.subsets import RuleSection, cuts_of_one
from generation.figures.figure import Figure
from generation.templatetags.numbers import counted, end, fixed, percent

GROUP_HEADS = (
    Head("rho with their mean"),
    Head("expected", "groups by chance"),
    Head("difference", "adjusted p"),
)
# Parts of a scorer's own account, in words, for when the audit has nothing of them.
PARTS = {
    "by_disagreement": "Distance by level of disagreement",
    "distribution": "Reliability of predicted shares",
    "annotators": "Agreement with single people",
    "examples": "Examples",
}


@dataclass(frozen=True)
class OneScorer:
    """`why` holds what is not shown, each with its reason."""

    scorer: Result
    cuts: Grid
    figures: list[Figure]
    asked: list[str]
    equally_good: str
    groups: list[Grid]
    examples: list[Example]
    why: list[tuple[str, str]]


def one_scorer(
    scorer: Result, sections: Sequence[RuleSection], *, sure: float, study: Study | None, items: Items
) -> OneScorer:
    return OneScorer(
        scorer=scorer,
        cuts=cuts_of_one(list(sections), scorer["name"]),
        figures=figures_of(scorer),
        asked=asked_words(scorer),
        equally_good=equally_good_words(scorer, sure=sure),
        groups=[_group_grid(question) for question in scorer.get("groups") or []],
        examples=examples_of(study, scorer, items) if study else [],
        why=[(words, reason_of(scorer, key)) for key, words in PARTS.items() if not scorer.get(key)],
    )


def equally_good_words(scorer: Found, *, sure: float) -> str:
    """Whether it tells apart what people hold equally good; empty of ratings.

    `sure` is the share of people beyond which the audit calls a scorer confident.
    """
    found = (scorer.get("pairwise") or {}).get("equally_good")
    if not found:
        return ""
    said = (
        f"People hold {counted(found['n_equivalent'], 'pair')} equally good (the interval of the mean label "
        f"lies within {fixed(found['margin'])} of a tie) and are decided on {found['n_decided']:,}; "
        f"{found['n_undecided']:,} are neither. "
    )
    spreads = [told(found, key)["value"] for key in ("spread_equivalent", "spread_decided")]
    auc, confident = told(found, "auc")["value"], told(found, "confident")["value"]
    if None not in spreads:
        first, second = map(fixed, spreads)
        said += f"The scorer’s scores lie {first} apart on the first and {second} on the second"
        said += f": {_ratio(told(found, 'ratio'))}. " if told(found, "ratio")["value"] is not None else ". "
    if auc is not None:
        said += (
            f"By that distance it tells the two kinds apart with an AUC of {fixed(auc)} (0.5 is not at all). "
        )
    if confident is not None:
        said += (
            f"It is sure of a side, beyond {fixed(sure)}, on {percent(confident)} of the equally good pairs."
        )
    return said.strip()


def _ratio(found: Found) -> str:
    ends = f" (from {end(found['low'])} to {end(found['high'])})" if found.get("low") is not None else ""
    return f"{fixed(found['value'])} times as far{ends}"


def _group_grid(question: Found) -> Grid:
    cells = Cells()
    rows = [
        Line(
            group["name"],
            counted(group["people"], "person"),
            [
                cells.estimate(told(group, "spearman")),
                cells.estimate(told(group, "expected")),
                cells.tested(told(group, "difference")),
            ],
        )
        for group in question["groups"]
    ]
    return cells.grid(question["question"], GROUP_HEADS, rows, first="Group")
