"""Items on which a scorer is most wrong: their texts, and people's labels beside what it predicts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from annotation.charts.labels import LabelBar, label_bar_of, value_in_words
from annotation.models import Item, Study
from calibration.report.found import Found
from generation.templatetags.numbers import fixed, percent

# Longer texts are folded behind their beginning.
MOST_LETTERS = 320
PARTS = 1_000


@dataclass(frozen=True)
class Text:
    """A text of an item under its heading; `beginning` stands for it until it is unfolded."""

    heading: str
    text: str
    beginning: str


@dataclass(frozen=True)
class Example:
    """An item, if the study still has it; means and error are in steps of the scale."""

    item_id: str
    item: Item | None
    query: Text | None
    texts: list[Text]
    people: LabelBar
    predicted: LabelBar | None
    found: Found

    @property
    def words(self) -> str:
        """By how much the scorer is wrong, and the standard error of the mean label."""
        error, noise = self.found["error"], self.found.get("noise")
        said = f"Too {'high' if error > 0 else 'low'} by {fixed(abs(error))}"
        return f"{said}; people’s mean is sure to ±{fixed(1.96 * noise)}" if noise is not None else said


Items = Mapping[str, Item]


def items_of(study: Study, scorers: Iterable[Found]) -> Items:
    """The items of the scorers' examples by their ids, in one query."""
    named = {row["item_id"] for scorer in scorers for row in scorer.get("examples") or []}
    chosen = Item.objects.filter(study=study, external_id__in=named) if named else Item.objects.none()
    return {
        item.external_id: item
        for item in chosen.select_related("query", "response", "response_1", "response_2")
    }


def examples_of(study: Study, scorer: Found, items: Items) -> list[Example]:
    return [_example(study, row, items.get(row["item_id"])) for row in scorer.get("examples") or []]


def _example(study: Study, found: Found, item: Item | None) -> Example:
    return Example(
        item_id=found["item_id"],
        item=item,
        query=_text("", item.query.text) if item else None,
        texts=_texts(item) if item else [],
        people=label_bar_of(study, found["counts"]),
        predicted=_predicted(study, found.get("distribution")),
        found=found,
    )


def _predicted(study: Study, shares: Sequence[float] | None) -> LabelBar | None:
    """A bar of shares, as people's is of counts."""
    if not shares:
        return None
    bar = label_bar_of(study, [round(PARTS * share) for share in shares])
    each = zip(study.values, shares, strict=True)
    words = ", ".join(f"{value_in_words(study, value)}: {percent(share)}" for value, share in each if share)
    return replace(bar, words=f"Predicted. {words}")


def _texts(item: Item) -> list[Text]:
    both = [("A, response_1", item.response_1), ("B, response_2", item.response_2)]
    given = [("Answer", item.response)] if item.response else both
    return [_text(heading, response.text) for heading, response in given if response]


def _text(heading: str, text: str) -> Text:
    long = len(text) > MOST_LETTERS
    return Text(heading, text, f"{text[:MOST_LETTERS].rstrip()}…" if long else "")
