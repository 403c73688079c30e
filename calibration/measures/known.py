"""What is made of who gave which label, once for all scorers of the same items."""

from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from annotation.groups import Groups
from annotation.rows import LabelRows
from annotation.statistics.counts import BoolArray
from calibration.metrics.annotators.annotator_ranks import AnnotatorRanks
from calibration.metrics.annotators.by_group import GroupRanks

if TYPE_CHECKING:
    from calibration.measures.people import People


# Shuffled labels are some tens of megabytes: those of the commonest sets of scored items are kept.
HELD = 3


class KnownPeople:
    """Labels shuffled among people, and people among groups: alike for all scorers, whichever comes first."""

    def __init__(self, people: "People", rows: LabelRows) -> None:
        self.people = people
        self.rows = rows
        self._lock = Lock()  # so that threads that begin together do not make the same
        self._annotators = lru_cache(HELD)(self._annotator_ranks)
        self._groups = lru_cache(HELD * max(1, len(people.groups)))(self._group_ranks)

    def annotator_ranks(self, scored: BoolArray) -> AnnotatorRanks:
        """Labels of the items that are scored, as ranks among each annotator's own."""
        with self._lock:
            return self._annotators(scored.tobytes())

    def group_ranks(self, groups: Groups, scored: BoolArray) -> GroupRanks:
        """Ranks of each group's mean labels of the items that are scored."""
        with self._lock:
            return self._groups(groups.question, scored.tobytes())

    def _annotator_ranks(self, scored: bytes) -> AnnotatorRanks:
        rows = self.rows
        rng = self.people.asked.rng("annotators")
        return AnnotatorRanks.of(rows.person, rows.item, rows.value, rng=rng, **self._items(scored))

    def _group_ranks(self, question: str, scored: bytes) -> GroupRanks:
        rows = self.rows
        group = next(groups.group for groups in self.people.groups if groups.question == question)
        rng = self.people.asked.rng("groups", question)
        return GroupRanks.of(rows.person, rows.item, rows.value, group, rng=rng, **self._items(scored))

    def _items(self, scored: bytes) -> dict[str, Any]:
        return {"items": len(self.people.frame.item_ids), "scored": np.frombuffer(scored, dtype=bool)}
