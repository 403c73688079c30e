"""All that one person did in a study, in the order in which they did it."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Avg, Count

from annotation.models import CheckAnswer, Item, Label, Participant, Session
from annotation.texts import CHARACTERS_A_SECOND

STATUSES = {
    Label.Status.SURPLUS: "too late, not counted",
    Label.Status.REPLACED: "set aside",
}


@dataclass(frozen=True)
class Step:
    """One answer of a session: a label beside what the others said of its item, or a check."""

    position: int | None
    seconds: float | None
    label: Label | None = None
    check: CheckAnswer | None = None
    others_mean: float | None = None
    others_n: int = 0
    least_seconds: float | None = None
    corrected: int = 0

    @property
    def standing(self) -> str:
        """Why the label does not count; empty where it does."""
        return STATUSES.get(Label.Status(self.label.status), "") if self.label else ""


@dataclass
class Sitting:
    """A session with its answers; imported labels have no session."""

    session: Session | None
    steps: list[Step] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return sum(step.label is not None for step in self.steps)

    @property
    def minutes(self) -> float | None:
        """From its start to its end, or to the last answer while it runs."""
        if self.session is None:
            return None
        times = [step.label.submitted_at for step in self.steps if step.label and step.label.submitted_at]
        end: datetime | None = self.session.ended_at or max(times, default=None)
        return (end - self.session.started_at).total_seconds() / 60 if end else None


def sittings_of(participant: Participant, *, with_excluded: bool = False) -> list[Sitting]:
    """The person's sessions, oldest first; "the others" are with or without the excluded."""
    sittings = {session.pk: Sitting(session) for session in participant.sessions.order_by("pk")}
    for step, session in [
        *_labels(participant, with_excluded=with_excluded),
        *_checks(participant),
    ]:
        sittings.setdefault(session or 0, Sitting(None)).steps.append(step)
    for sitting in sittings.values():
        sitting.steps.sort(key=lambda step: (step.position is None, step.position or 0))
    return list(sittings.values())


def _labels(participant: Participant, *, with_excluded: bool) -> list[tuple[Step, int | None]]:
    labels = list(
        Label.objects.current()
        .filter(participant=participant)
        .select_related("item__query", "item__response", "item__response_1", "item__response_2")
        .order_by("pk")
    )
    items = [label.item_id for label in labels]
    counted = Label.objects.counted(with_excluded=with_excluded).filter(item__in=items)
    others = counted.exclude(participant=participant).order_by().values_list("item")
    beside = {item: found for item, *found in others.annotate(Avg("value"), Count("value"))}
    before = participant.labels.filter(status=Label.Status.SUPERSEDED).order_by().values_list("item")
    corrected = dict(before.annotate(Count("pk")))
    return [
        (
            Step(
                position=label.position,
                seconds=label.wall_seconds if label.active_seconds is None else label.active_seconds,
                label=label,
                others_mean=beside.get(label.item_id, [None, 0])[0],
                others_n=beside.get(label.item_id, [None, 0])[1],
                least_seconds=_characters(label.item) / CHARACTERS_A_SECOND,
                corrected=corrected.get(label.item_id, 0),
            ),
            label.session_id,
        )
        for label in labels
    ]


def _checks(participant: Participant) -> list[tuple[Step, int | None]]:
    """Checks within sessions; practice is none."""
    asked = participant.check_answers.filter(session__isnull=False, answered_at__isnull=False)
    return [
        (Step(position=given.position, seconds=given.active_seconds, check=given), given.session_id)
        for given in asked.select_related("check_asked")
    ]


def _characters(item: Item) -> int:
    shown = (item.query, item.response, item.response_1, item.response_2)
    return len(item.claim) + sum(len(text.text) for text in shown if text is not None)
