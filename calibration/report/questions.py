"""The subsets of an audit by what they are asked for: rules of one question stand together."""

from collections.abc import Sequence
from dataclasses import dataclass

from calibration.report.subsets import RuleSection
from generation.templatetags.numbers import counted


@dataclass(frozen=True)
class Other:
    """A rule that asks the same of other subsets; `same_as` is a rule before it that keeps the same items."""

    section: RuleSection
    same_as: RuleSection | None

    @property
    def words(self) -> str:
        """What its plot finds, in short."""
        cut = self.section.chosen
        size = f"{cut.words}, {counted(cut.n, self.section.rule.unit)}"
        fallen, tested = self.section.falls
        fall = "falls" if tested == 1 else "fall"
        return f"{size}: {fallen} of {tested} {fall} more than the range explains" if tested else size


@dataclass(frozen=True)
class Question:
    """What several rules ask: the first is shown whole, the others are folded."""

    first: RuleSection
    others: list[Other]

    @property
    def name(self) -> str:
        title = self.first.rule.title
        return title.partition(": ")[0] if self.others else title


def questions_of(sections: Sequence[RuleSection]) -> list[Question]:
    """The rules by their questions, in the order of the report."""
    asked: dict[str, list[RuleSection]] = {}
    for section in sections:
        asked.setdefault(section.rule.question, []).append(section)
    return [
        Question(first, [_other(one, [first, *others]) for one in others])
        for first, *others in asked.values()
    ]


def _other(section: RuleSection, alike: Sequence[RuleSection]) -> Other:
    before = alike[: alike.index(section)]
    return Other(section, next((one for one in before if one.keeps == section.keeps), None))
