"""Groups of a study's people by their replies to a question: agreement, means, and what they explain."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import Count, Max, Q, QuerySet

from annotation.frames import LabelFrame, label_frame
from annotation.freshness import kept
from annotation.models import Question, Reply, Study
from annotation.rows import LabelRows, label_rows
from annotation.statistics.cautions import caution
from annotation.statistics.explained import explained_share
from annotation.statistics.groups import group_agreement
from annotation.studies import StudyError

IntArray = npt.NDArray[np.int64]

# A smaller group says more about its people than they agreed to, and next to nothing about anybody else.
FEWEST_PEOPLE = 10
# The largest; beyond them a table of pairs is no longer read.
MOST_GROUPS = 12
PERMUTATIONS = 1000
# Of a large study fewer permutations are drawn, but never fewer than tell .005 from .01.
SHUFFLED_LABELS, FEWEST_PERMUTATIONS = 100_000_000, 199


@dataclass(frozen=True)
class Groups:
    """The groups that a question makes of people.

    Attributes
    ----------
    question : str
        Its name.
    group : int array, shape (people,)
        The place of each person's group in `names`; -1 for those in none.
    names : list of str
        The options that make groups, in the order of the question.
    small_groups : int
        Options of fewer than 10 people, or beyond the 12 largest.
    in_small_groups, declined, no_reply : int
        People in no group: of such an option, who preferred not to say, who were never asked or never came
        to it.
    """

    question: str
    group: IntArray
    names: list[str]
    small_groups: int
    in_small_groups: int
    declined: int
    no_reply: int


@dataclass(frozen=True)
class GroupFrame(Groups):
    """The labels of a study's people, and the group of each.

    Attributes
    ----------
    frame : LabelFrame
        The items, their clusters and the scale.
    rows : LabelRows
        Who gave which label.
    """

    frame: LabelFrame
    rows: LabelRows

    @property
    def counts(self) -> IntArray:
        """Labels of each value, shape (groups, items, V)."""
        counts = np.zeros((len(self.names), *self.frame.counts.shape), dtype=np.int64)
        group = self.group[self.rows.person]
        known = group >= 0
        column = (self.rows.value - self.frame.values[0])[known]
        np.add.at(counts, (group[known], self.rows.item[known], column), 1)
        return counts


def group_questions(study: Study) -> QuerySet[Question]:
    """The survey's questions with options, those that are asked no more only if somebody answered them."""
    surveys = study.questions.exclude(place=Question.Place.COMPREHENSION).exclude(options=[])
    known = surveys.annotate(said=Count("replies")).filter(Q(retired_at=None) | Q(said__gt=0))
    return known.order_by("position", "pk")  # a query that counts does not have the model's own order


def question_named(study: Study, name: str = "") -> Question:
    """The question that makes groups, by default the first. Raises StudyError where there is none."""
    found = list(group_questions(study))
    if not found:
        raise StudyError(f"The survey of {study.slug} has no question with options, so there are no groups.")
    chosen = found[0] if not name else next((one for one in found if one.name == name), None)
    if chosen is None:
        names = ", ".join(one.name for one in found)
        raise StudyError(f"No question with options is named {name}; there are: {names}.")
    return chosen


def group_frame(study: Study, question: Question, *, with_excluded: bool = False) -> GroupFrame:
    """In five queries, whatever the size of the study."""
    frame = label_frame(study, with_excluded=with_excluded)
    rows = label_rows(study, frame)
    return GroupFrame(**vars(groups_by(question, rows)), frame=frame, rows=rows)


def groups_by(question: Question, rows: LabelRows) -> Groups:
    """The groups that the people of the labels are in, in one query."""
    replies = Reply.objects.filter(question=question).values_list("participant_id", "value", "declined")
    said = {pk: None if declined else value for pk, value, declined in replies}
    answers = [said.get(pk, "") for pk in rows.person_pks.tolist()]
    names, group = _grouped(answers, question.options)
    return Groups(
        question=question.name,
        group=group,
        names=names,
        small_groups=len({answer for answer in answers if answer}) - len(names),
        in_small_groups=sum(bool(answer) for answer in answers) - int((group >= 0).sum()),
        declined=answers.count(None),
        no_reply=answers.count(""),
    )


def every_group(study: Study, rows: LabelRows) -> list[Groups]:
    """Of each question of the survey that puts enough people into two groups or more, the groups."""
    made = [groups_by(question, rows) for question in group_questions(study)]
    return [groups for groups in made if len(groups.names) > 1]


def _grouped(answers: Sequence[str | None], options: Sequence[str]) -> tuple[list[str], IntArray]:
    """The options that enough people chose, in their order, and the place of each person's among them."""
    people = {option: answers.count(option) for option in dict.fromkeys(options)}
    enough = [option for option, number in people.items() if number >= FEWEST_PEOPLE]
    largest = set(sorted(enough, key=lambda option: -people[option])[:MOST_GROUPS])
    names = [option for option in enough if option in largest]
    place = {name: n for n, name in enumerate(names)}
    return names, np.array([place.get(answer or "", -1) for answer in answers], dtype=np.int64)


def study_groups(
    study: Study, question: Question, *, with_excluded: bool = False, seed: int = 0
) -> dict[str, Any]:
    """What the page and the API show of the question's groups; kept until an answer changes it, of seed 0."""
    replies = Reply.objects.filter(question=question).aggregate(Count("pk"), Max("pk"))
    asked = list(group_questions(study).values_list("name", flat=True))

    def made() -> dict[str, Any]:
        return {
            "study": study.slug,
            "question": {"name": question.name, "text": question.text},
            "questions": asked,
            **groups_of(group_frame(study, question, with_excluded=with_excluded), seed=seed),
        }

    if seed:
        return made()
    name = f"groups-{question.pk}{'-with-excluded' if with_excluded else ''}"
    return kept(study, name, made, *replies.values(), question.name, question.text, *question.options, *asked)


def groups_of(found: GroupFrame, *, seed: int = 0) -> dict[str, Any]:
    """The numbers of the groups; without two groups of enough people, none, with the reason."""
    people = np.bincount(found.group[found.group >= 0], minlength=len(found.names)).tolist()
    report: dict[str, Any] = {
        "simulated": found.frame.simulated,
        "with_excluded": found.frame.with_excluded,
        "fewest_people": FEWEST_PEOPLE,
        "people": {
            "labelled": len(found.group),
            "in_groups": sum(people),
            "in_small_groups": found.in_small_groups,
            "small_groups": found.small_groups,
            "declined": found.declined,
            "no_reply": found.no_reply,
        },
        "groups": [],
        "between": [],
        "explained": None,
    }
    if len(found.names) < 2:
        return report | {"reason": _too_few(found)}
    return report | _measured(found, people, seed=seed)


def _too_few(found: GroupFrame) -> str:
    if not len(found.group):
        return "no labels of known people yet"
    if found.no_reply == len(found.group):
        return "nobody who labelled has replied to this question"
    return f"fewer than two answers were given by {FEWEST_PEOPLE} people or more"


def _measured(found: GroupFrame, people: list[int], *, seed: int) -> dict[str, Any]:
    clusters = found.frame.clusters
    agreed = group_agreement(found.counts, values=found.frame.values, clusters=clusters)
    explained = explained_share(
        found.rows.person,
        found.rows.item,
        found.rows.value,
        found.group,
        rng=np.random.default_rng(seed),
        permutations=int(
            np.clip(SHUFFLED_LABELS // max(1, len(found.rows.value)), FEWEST_PERMUTATIONS, PERMUTATIONS)
        ),
        clusters=clusters,
    )
    groups = [
        {
            "name": name,
            "people": number,
            "labels": group.labels,
            "items": group.items,
            "mean": group.mean.as_dict(),
            "difference": group.difference.as_dict() | {"by_chance": asdict(difference)},
            "within": group.within.as_dict(),
            "with_rest": group.with_rest.as_dict(),
            "association": group.association.as_dict() | {"within_less_rest": asdict(cohesion)},
        }
        for name, number, group, difference, cohesion in zip(
            found.names, people, agreed.groups, explained.differences, explained.cohesions, strict=True
        )
    ]
    number = len(np.unique(clusters))
    words = caution(number, method="jackknife")
    return {
        "groups": groups,
        "between": [
            {"first": found.names[g], "second": found.names[h], **kappa.as_dict()}
            for (g, h), kappa in agreed.between.items()
        ],
        "explained": {
            "share": explained.share.as_dict(),
            "expected": {
                "value": explained.expected,
                "low": explained.expected_low,
                "high": explained.expected_high,
            },
            "excess": explained.excess,
            "p": explained.p,
            "people": explained.people,
            "labels": explained.labels,
            "permutations": explained.permutations,
            "seed": seed,
        },
        "intervals": {
            "unit": found.frame.cluster_unit,
            "clusters": number,
            "interval": "jackknife",
            "confidence": 0.95,
            **({"caution": words} if words else {}),
        },
    }


def agreement_table(report: Mapping[str, Any]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """A row a group, with its agreement with each group: within itself on the diagonal."""
    found = {(pair["first"], pair["second"]): pair for pair in report["between"]}
    found |= {(second, first): pair for (first, second), pair in found.items()}
    found |= {(group["name"], group["name"]): group["within"] for group in report["groups"]}
    names = [group["name"] for group in report["groups"]]
    return [(name, [found[name, other] for other in names]) for name in names]
