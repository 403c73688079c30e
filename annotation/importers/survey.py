"""What the first reading of a file of labels finds: its people, its scale, and what does not fit together."""

from array import array

from annotation.importers.answers import COUNTED, LabelledRow, texts_mark
from annotation.models import Study
from generation import columns
from generation.files import FileError, Rejections, Repeats, RowError

# A range of labels wider than this is more likely a slip than a scale, so it must be asked for.
WIDEST_GUESS = 11
WIDEST_SCALE = 101

TOO_WIDE = f"a scale has {WIDEST_SCALE} values at most"


class Survey:
    """Gathers over a file's rows; some tens of bytes an item and a label, so large files fit."""

    def __init__(self, study: Study | None, *, unit: str) -> None:
        self.unit = unit
        self.items: dict[str, int] = {}
        self.people: dict[str, int] = {}
        self.excluded: set[str] = set()
        self.simulated_people: set[str] = set()
        self.simulated = False
        self.rows = 0
        self.lowest: tuple[int, int] | None = None  # a label and its line
        self.highest: tuple[int, int] | None = None
        self._texts, self._lines, self._counted = array("q"), array("q"), array("q")
        self._repeats = Repeats()
        if study is not None:
            self._know_items(study)

    @property
    def most_labels(self) -> int:
        """Counted labels of the item that has most of them."""
        return max(self._counted, default=0)

    def take(self, line: int, row: LabelledRow, *, wide: bool) -> None:
        """Add a row. Raises RowError, and then nothing of the row is added."""
        index = self._place(line, row, wide=wide)
        self.rows += 1
        for answer in row.answers:
            self._count(line, index, answer.value)
            self._counted[index] += answer.status == COUNTED
            self.simulated = self.simulated or answer.simulated
            if answer.annotator:
                person = self.people.setdefault(answer.annotator, len(self.people))
                self._repeats.add(line, first=index, second=person)
                if answer.simulated:
                    self.simulated_people.add(answer.annotator)
                if row.excluded:
                    self.excluded.add(answer.annotator)

    def reject_repeats(self, rejected: Rejections) -> None:
        """Reject the rows in which a person labels an item again."""
        for line, before in self._repeats.found():
            rejected.add(line, f"the same annotator labelled this item in {rejected.unit} {before}")

    def scale(self, default: tuple[int, int], rejected: Rejections) -> tuple[int, int]:
        """The default scale if all labels are on it, else from the lowest label to the highest."""
        if self.lowest is None or self.highest is None:
            return default
        (low, low_line), (high, high_line) = self.lowest, self.highest
        if default[0] <= low and high <= default[1]:
            return default
        if 2 <= high - low + 1 <= WIDEST_GUESS:
            return low, high
        label, line = (high, high_line) if high > default[1] else (low, low_line)
        low, high = min(low, default[0]), max(high, default[1])
        fits = high - low < WIDEST_SCALE
        way_out = f"if it is right, give the scale {low}..{high}" if fits else TOO_WIDE
        raise FileError(
            f"{rejected.path.name}, {rejected.unit} {line}: label {label} is outside the scale "
            f"{default[0]}..{default[1]}; {way_out}. Nothing was imported."
        )

    def scale_in_words(self, scale: tuple[int, int]) -> str:
        """The scale that was taken unasked; where the labels do not reach its ends, that too."""
        taken = f"The scale is {scale[0]}..{scale[1]}."
        if self.lowest is None or self.highest is None:
            return taken
        low, high = self.lowest[0], self.highest[0]
        if (low, high) == scale:
            return taken
        again = "delete the study and import the file again with that scale"
        if low == high:
            return f"{taken} Every label is {low}: if the scale is another, {again} (--scale LOW..HIGH)."
        ends = [f"below {low}"] * (low > scale[0]) + [f"above {high}"] * (high < scale[1])
        return (
            f"{taken} No label is {' or '.join(ends)}: if the scale is {low}..{high}, {again} "
            f"(--scale {low}..{high})."
        )

    def _place(self, line: int, row: LabelledRow, *, wide: bool) -> int:
        index = self.items.get(row.item_id)
        name = columns.shown(row.item_id)
        if index is None:
            if row.item is None:
                raise RowError(f"item {name} is unknown: its first row must give its query and response")
            self._texts.append(row.texts or 0)
            self._lines.append(line)
            self._counted.append(0)
            return self.items.setdefault(row.item_id, len(self.items))
        if wide and self._lines[index]:
            raise RowError(f"item_id {name} is also in {self.unit} {self._lines[index]}")
        if row.texts is not None and row.texts != self._texts[index]:
            raise RowError(f"item {name} has other texts here than before")
        self._lines[index] = self._lines[index] or line
        return index

    def _count(self, line: int, index: int, value: int | None) -> None:
        if value is None:
            return
        if self.lowest is None or value < self.lowest[0]:
            self.lowest = value, line
        if self.highest is None or value > self.highest[0]:
            self.highest = value, line

    def _know_items(self, study: Study) -> None:
        rows = study.items.values_list(
            "external_id", "query__text", "response__text", "response_1__text", "response_2__text", "claim"
        )
        for item_id, *texts in rows.iterator(chunk_size=1000):
            self.items[item_id] = len(self.items)
            self._texts.append(texts_mark(*texts))
            self._lines.append(0)
            self._counted.append(0)
