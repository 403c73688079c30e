"""A study's comparisons as arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.frames import IntArray, LabelFrame, label_frame
from annotation.models import Item, Label, Study
from annotation.statistics.counts import FloatArray


@dataclass(frozen=True)
class PreferenceFrame:
    """A study's comparisons.

    Attributes
    ----------
    labels : LabelFrame
        One row an item: the counts of its labels, and the clusters that intervals resample.
    models : list of str
        By name.
    first, second : int arrays, shape (items,)
        The models of response_1 and response_2, as indices; -1 where a response names none.
    left_wins : float array, shape (labels whose sides are known,)
        1 where the answer on the left won, which is read first, 0 where the right one did, .5 for a tie.
    people : int array, shape (labels whose sides are known,)
        Whose label it is.
    """

    labels: LabelFrame
    models: list[str]
    first: IntArray
    second: IntArray
    left_wins: FloatArray
    people: IntArray

    @property
    def between_models(self) -> npt.NDArray[np.bool_]:
        """Which items show two different models that are known, shape (items,)."""
        between: npt.NDArray[np.bool_] = np.minimum(self.first, self.second) >= 0
        between &= self.first != self.second
        return between


def preference_frame(study: Study, *, with_excluded: bool = False) -> PreferenceFrame:
    """The study's comparisons, in two queries more than its labels take, whatever its size."""
    labels = label_frame(study, with_excluded=with_excluded)
    names = ("response_1__model__name", "response_2__model__name")
    rows = list(Item.objects.filter(study=study).order_by("position").values_list(*names))
    models = sorted({name for row in rows for name in row if name})
    index: dict[str | None, int] = {None: -1} | {name: n for n, name in enumerate(models)}
    pairs = np.array([[index[name] for name in row] for row in rows], dtype=np.int64).reshape(-1, 2)
    counted = Label.objects.counted(with_excluded=with_excluded).filter(item__study=study).order_by()
    known = counted.filter(swapped__isnull=False, value__isnull=False, participant__isnull=False)
    told = np.array(
        list(known.values_list("value", "swapped", "participant_id").iterator(chunk_size=10_000)),
        dtype=np.int64,
    ).reshape(-1, 3)
    return PreferenceFrame(
        labels=labels,
        models=models,
        first=pairs[:, 0],
        second=pairs[:, 1],
        left_wins=(1 + np.sign(np.where(told[:, 1], -told[:, 0], told[:, 0]))) / 2,
        people=told[:, 2],
    )
