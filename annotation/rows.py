"""Who gave which label: a study's counted labels one a row, for what depends on people."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.frames import LabelFrame
from annotation.models import Label, Study

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LabelRows:
    """Labels of known people that have a value, by person and item.

    Attributes
    ----------
    person, item, value : int arrays, shape (labels,)
        The places of the label's person and of its item in the frame, and the value itself. People are
        numbered by what they labelled, so that nothing drawn at random depends on the database's keys.
    person_pks : int array, shape (people,)
    unknown : int
        Labels of nobody known, which are not among these.
    """

    person: IntArray
    item: IntArray
    value: IntArray
    person_pks: IntArray
    unknown: int

    @property
    def people(self) -> int:
        return len(self.person_pks)

    @property
    def digest(self) -> str:
        """Hex SHA-256 of who gave which label, whatever the database and its keys."""
        read = hashlib.sha256(str(self.unknown).encode())
        for column in (self.person, self.item, self.value):
            read.update(column.astype(">i8").tobytes())
        return read.hexdigest()


def label_rows(study: Study, frame: LabelFrame) -> LabelRows:
    """The labels that a frame of the study counts, in one query."""
    counted = Label.objects.counted(with_excluded=frame.with_excluded).filter(item__study=study)
    drawn = counted.filter(value__isnull=False).order_by("pk")
    columns = drawn.values_list("participant_id", "item_id", "value").iterator(chunk_size=10_000)
    found = [row for row in columns if row[0] is not None]
    labels = np.array(found, dtype=np.int64).reshape(-1, 3)
    pks, person = np.unique(labels[:, 0], return_inverse=True)
    at = np.argsort(frame.item_pks)
    item = at[np.searchsorted(frame.item_pks[at], labels[:, 1])]
    by_person = np.lexsort((item, person))
    order = _people_by_labels(person[by_person], item[by_person], labels[by_person, 2])
    place = np.argsort(order)[person]
    by_place = np.lexsort((item, place))
    return LabelRows(
        person=place[by_place].astype(np.int64),
        item=item[by_place].astype(np.int64),
        value=labels[by_place, 2],
        person_pks=pks[order],
        unknown=int(frame.counts.sum()) - len(labels),
    )


def _people_by_labels(person: IntArray, item: IntArray, value: IntArray) -> IntArray:
    """People in the order of their lists of items and values; rows stand by person and item."""
    written = np.stack([item, value], axis=1).astype(">i8")
    ends = np.cumsum(np.bincount(person))
    lists = [part.tobytes() for part in np.split(written, ends[:-1])] if len(person) else []
    return np.array(sorted(range(len(lists)), key=lists.__getitem__), dtype=np.int64)
