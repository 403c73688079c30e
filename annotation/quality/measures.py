"""How each person answered, beside how the others did: from the database into arrays, and measured there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import Count, Max, Q
from django.db.models.functions import Coalesce, Length

from annotation.freshness import kept
from annotation.models import (
    ATTEMPTS,
    Check,
    CheckAnswer,
    ComprehensionAttempt,
    Item,
    Label,
    Participant,
    Study,
)
from annotation.statistics.annotators import Annotators, annotator_measures, medians_of_people
from annotation.statistics.counts import BoolArray, FloatArray
from annotation.texts import CHARACTERS_A_SECOND

IntArray = npt.NDArray[np.int64]

CHECKS = (Check.Purpose.ATTENTION, Check.Purpose.KNOWN)
TEXTS = ("query__text", "claim", "response__text", "response_1__text", "response_2__text")
LABEL = np.dtype(
    [
        ("person", "i8"), ("item", "i8"), ("value", "f8"), ("seconds", "f8"), ("session", "i8"),
        ("order", "f8"), ("status", "U10"), ("swapped", "f8"),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Quality:
    """How the participants of a study answered: one entry a person, in the order in which they came.

    Attributes
    ----------
    pks : int array, shape (people,)
    codes : list of str
    excluded : bool array, shape (people,)
    measures : Annotators
        Of all that they answered, also what came too late or was set aside. The others that a person is held
        against are those whose labels count.
    reading_seconds : float array, shape (people,)
        The median, over their items, of the least time that reading the texts takes.
    checks, failed_checks : int arrays, shape (people,)
        Attention checks and known answers that they answered, and those of them that they failed.
    comprehension_failed : bool array, shape (people,)
    """

    pks: IntArray
    codes: list[str]
    excluded: BoolArray
    measures: Annotators
    reading_seconds: FloatArray
    checks: IntArray
    failed_checks: IntArray
    comprehension_failed: BoolArray

    @property
    def answered(self) -> IntArray:
        """Items that each person answered, also by saying that they could not judge."""
        return self.measures.n + self.measures.cannot_judge

    def place_of(self, participant: Participant) -> int:
        return int(np.searchsorted(self.pks, participant.pk))


def quality_of(study: Study, *, with_excluded: bool = False) -> Quality:
    """Everybody's measures, kept until an answer changes them; "the others" with or without the excluded."""
    checks = CheckAnswer.objects.filter(participant__study=study).aggregate(Count("answered_at"))
    tries = ComprehensionAttempt.objects.filter(participant__study=study).aggregate(Count("pk"))
    # An erased person has a new code.
    newest = study.participants.aggregate(Max("pk"), Count("pk"), Count("identity_erased_at"))
    return kept(
        study,
        "quality-with-excluded" if with_excluded else "quality",
        lambda: _measured(study, with_excluded=with_excluded),
        *(*checks.values(), *tries.values(), *newest.values()),
    )


def _measured(study: Study, *, with_excluded: bool) -> Quality:
    """In five queries, whatever the size of the study."""
    people = list(study.participants.order_by("pk").values_list("pk", "code", "excluded_at"))
    pks = np.array([pk for pk, *_ in people], dtype=np.int64)
    excluded = np.array([at is not None for *_, at in people], dtype=bool)
    labels = _labels(study)
    who = _places(pks, labels["person"])
    item_pks, characters = _items(study)
    what = _places(item_pks, labels["item"])
    counts = np.isin(labels["status"], [Label.Status.COUNTED, *([Label.Status.REPLACED] * with_excluded)])
    if not with_excluded:
        # -1, nobody known, takes the last entry: that of nobody.
        counts &= ~np.append(excluded, False)[who]
    checks, failed = _checks(study, pks)
    return Quality(
        pks=pks,
        codes=[code for _, code, _ in people],
        excluded=excluded,
        measures=annotator_measures(
            who,
            what,
            labels["value"],
            people=len(pks),
            seconds=labels["seconds"],
            sessions=labels["session"],
            order=labels["order"],
            counted=counts,
            **_as_shown(study, labels),
        ),
        reading_seconds=medians_of_people(who, characters[what] / CHARACTERS_A_SECOND, people=len(pks)),
        checks=checks,
        failed_checks=failed,
        comprehension_failed=_comprehension_failed(study, pks),
    )


def _labels(study: Study) -> Any:
    """Every label that its person has not corrected; where the page told no active time, the whole time."""
    rows = Label.objects.current().filter(item__study=study).order_by().values_list(
        Coalesce("participant_id", -1), "item_id", "value", Coalesce("active_seconds", "wall_seconds"),
        Coalesce("session_id", -1), "position", "submitted_at", "status", "swapped",
    )  # fmt: skip
    none = float("nan")
    return np.fromiter(
        (
            (
                person, item, none if value is None else value, none if seconds is None else seconds, session,
                _order(session, position, at), status, none if swapped is None else swapped,
            )
            for person, item, value, seconds, session, position, at, status, swapped in rows.iterator(10_000)
        ),
        dtype=LABEL,
    )  # fmt: skip


def _as_shown(study: Study, labels: Any) -> dict[str, Any]:
    """Answers to comparisons as they stood on the page, where above 0 is the left side.

    Of a label from a file nobody knows the sides: its value stands, and takes none.
    """
    if not study.compares:
        return {}
    value, swapped = labels["value"], labels["swapped"]
    shown = np.where(swapped == 1, -value, value)
    takes_a_side = ~np.isnan(swapped) & (np.abs(value) > 0)
    return {"shown": shown, "lefts": np.where(takes_a_side, shown > 0, np.nan)}


def _order(session: int, position: int | None, at: datetime | None) -> float:
    """The place in the session, which a correction keeps; of a label from a file the time."""
    if session >= 0:
        return float("nan") if position is None else position
    return float("nan") if at is None else at.timestamp()


def _items(study: Study) -> tuple[IntArray, FloatArray]:
    """The items' keys, rising, and how many characters each shows."""
    lengths = {f"length_{n}": Coalesce(Length(text), 0) for n, text in enumerate(TEXTS)}
    rows = Item.objects.filter(study=study).order_by("pk").annotate(**lengths).values_list("pk", *lengths)
    found = np.array(list(rows.iterator(10_000)), dtype=np.int64).reshape(-1, 1 + len(TEXTS))
    return found[:, 0], found[:, 1:].sum(axis=1).astype(np.float64)


def _checks(study: Study, pks: IntArray) -> tuple[IntArray, IntArray]:
    asked = CheckAnswer.objects.filter(participant__study=study, check_asked__purpose__in=CHECKS)
    by_person = asked.filter(answered_at__isnull=False).order_by().values_list("participant")
    rows = by_person.annotate(Count("pk"), failed=Count("pk", filter=Q(passed=False)))
    answered, failed = np.zeros(len(pks), dtype=np.int64), np.zeros(len(pks), dtype=np.int64)
    for person, number, wrong in rows:
        place = np.searchsorted(pks, person)
        answered[place], failed[place] = number, wrong
    return answered, failed


def _comprehension_failed(study: Study, pks: IntArray) -> BoolArray:
    """Who used up the attempts without passing."""
    tries = (
        ComprehensionAttempt.objects.filter(participant__study=study).order_by().values_list("participant")
    )
    lost = tries.annotate(made=Count("pk"), passes=Count("pk", filter=Q(passed=True)))
    return np.isin(pks, [person for person, *_ in lost.filter(made__gte=ATTEMPTS, passes=0)])


def _places(keys: IntArray, wanted: IntArray) -> IntArray:
    """The place of each wanted key among the rising keys; -1 stays."""
    return np.where(wanted < 0, -1, np.searchsorted(keys, wanted))
