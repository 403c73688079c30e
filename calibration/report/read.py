"""A finished audit laid out for a page: all that it found is read from its frozen result."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from annotation.models import Study
from calibration.report.across import Across, distances_of, distribution_of, pairwise_of, people_of
from calibration.report.examples import items_of
from calibration.report.found import Found, Result, fullest, ranked
from calibration.report.league import League, league_of
from calibration.report.one import OneScorer, one_scorer
from calibration.report.questions import Question, questions_of
from calibration.report.subsets import RuleSection, sections_of
from generation.templatetags.numbers import counted

LIMIT = (
    "A correlation on a subset falls without any miscalibration, because the range of the labels is "
    "narrower there: a fall alone is no evidence against a scorer."
)


@dataclass(frozen=True)
class Report:
    """What a page shows of a result; scorers stand by rho, the highest first.

    `ones` are the scorers shown in detail: the chosen one, or every one for the file that stands alone.
    """

    result: Result
    scorers: list[Result]
    sections: list[RuleSection]
    league: League
    distribution: Across
    distances: Across
    pairwise: Across
    people: Across
    ones: list[OneScorer]
    best: Result | None
    with_interval: int
    unclear: int
    labels_each: str
    wishes: Mapping[str, str]
    limit: str = LIMIT

    @cached_property
    def simulated(self) -> set[str]:
        """The scorers whose votes are of people who were made up."""
        return {scorer["name"] for scorer in self.scorers if scorer.get("simulated")}

    @cached_property
    def questions(self) -> list[Question]:
        """What the subsets are asked for."""
        return questions_of(self.sections)

    @property
    def ceiling(self) -> Found | None:
        """The rho that a perfect scorer can expect; None where the audit did not ask."""
        found: Found | None = self.result["people"].get("ceiling")
        return found

    @property
    def floor(self) -> float | None:
        """The Wasserstein-1 distance that a perfect judge still has."""
        found = fullest(self.scorers, "distribution") or {}
        return (found.get("floor") or {}).get("wasserstein_1")

    @property
    def falls(self) -> tuple[int, int]:
        """Of the league's subset: how many fall more than the range explains, of how many with a test."""
        return self.league.focus.falls if self.league.focus else (0, 0)

    @property
    def shown(self) -> str:
        """Whose details are shown."""
        return self.ones[0].scorer["name"] if self.ones else ""

    @property
    def query_of_cuts(self) -> str:
        return urlencode(self.wishes_of_cuts)

    @property
    def wishes_of_cuts(self) -> dict[str, str]:
        return {name: wish for name, wish in self.wishes.items() if name != "scorer"}


def read_report(
    result: Result,
    *,
    study: Study | None = None,
    wishes: Mapping[str, str] | None = None,
    every: bool = False,
) -> Report:
    """Lay out a result.

    `wishes` names for a rule the parameter that its plot shows, and the scorer whose details are shown, or
    with `every` those of all. The texts of examples are the study's; without it there are none.
    """
    scorers = ranked(result)
    known = _known(result, scorers, wishes or {})
    sections = sections_of(result, scorers, known)
    shown = [scorer for scorer in scorers if every or scorer["name"] == known.get("scorer")] or scorers[:1]
    items = items_of(study, shown) if study else {}
    defined = [scorer for scorer in scorers if scorer["spearman"]["value"] is not None]
    each = result["labels_per_item"]
    fewest, most = counted(each["min"], "label"), counted(each["max"], "label")
    return Report(
        result=result,
        scorers=scorers,
        sections=sections,
        league=league_of(result, scorers, next((one for one in sections if one.expected), None)),
        distribution=distribution_of(scorers),
        distances=distances_of(scorers),
        pairwise=pairwise_of(scorers),
        people=people_of(scorers),
        ones=[
            one_scorer(scorer, sections, sure=result.get("confident", 0.75), study=study, items=items)
            for scorer in shown
        ],
        best=defined[0] if defined else None,
        with_interval=sum(scorer["spearman"]["low"] is not None for scorer in scorers),
        unclear=sum(_reaches_zero(scorer["spearman"]) for scorer in scorers),
        labels_each=fewest if each["min"] == each["max"] else f"{each['min']} to {most}",
        wishes=known,
    )


def _known(result: Result, scorers: list[Result], wishes: Mapping[str, str]) -> dict[str, str]:
    """The wishes that name a rule, or a scorer, of this audit."""
    rules = {subset["rule"] for subset in result["subsets"]}
    names = {scorer["name"] for scorer in scorers}
    return {
        name: wish for name, wish in wishes.items() if name in rules or (name == "scorer" and wish in names)
    }


def _reaches_zero(estimate: Found) -> bool:
    return estimate["low"] is not None and estimate["low"] <= 0 <= estimate["high"]
