"""The bar of labels, a value's colour, and a value in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.models import Study


def colour(index: int, values: int) -> str:
    """The class that colours the value at `index` of a scale: the five colours, and steps between them."""
    place = round(16 * index / max(1, values - 1))
    step = place % 4 * 25
    return f"v{place // 4 + 1}" + (f"-{step}" if step else "")


@dataclass(frozen=True)
class Segment:
    colour: str
    x: float
    width: float


@dataclass(frozen=True)
class LabelBar:
    segments: list[Segment]
    width: int
    height: int
    words: str


def label_bar_of(study: Study, counts: Sequence[int], *, width: int = 180, height: int = 16) -> LabelBar:
    """The bar of an item's labels, a part a value that somebody gave, one unit apart."""
    values, total = study.values, sum(counts)
    given = [(index, count) for index, count in enumerate(counts) if count]
    room, x, segments = width - max(0, len(given) - 1), 0.0, []
    for index, count in given:
        part = room * count / total
        segments.append(Segment(colour(index, len(values)), round(x, 1), round(part, 1)))
        x += part + 1
    words = ", ".join(f"{value_in_words(study, values[index])}: {count}" for index, count in given)
    said = f"{total:,} label{'' if total == 1 else 's'}. {words}"
    return LabelBar(segments, width, height, said if total else "No labels yet")


@dataclass(frozen=True)
class Share:
    """A value of the scale among some labels; the share is None where there are none."""

    value: int
    words: str
    colour: str
    count: int
    share: float | None


def shares_of(study: Study, counts: Sequence[int]) -> list[Share]:
    """A row a value."""
    total = sum(counts)
    return [
        Share(
            value=value,
            words=value_in_words(study, value),
            colour=colour(index, len(counts)),
            count=counts[index],
            share=counts[index] / total if total else None,
        )
        for index, value in enumerate(study.values)
    ]


def value_in_words(study: Study, value: int) -> str:
    shown = f"{value:+d}".replace("-", "\N{MINUS SIGN}") if study.scale_low < 0 and value else str(value)
    word = study.word_for(value)
    return f"{shown} {word}" if word else shown
