"""Some responses of each format, to look at."""

from dataclasses import asdict, dataclass
from typing import Any

from generation.formats.checkpoints import Checkpoints
from generation.formats.counted import Counted
from generation.models import FormatRules, ResponseFormat

EACH, MOST_FORMATS = 2, 12
LONGEST = 600


@dataclass(frozen=True)
class Example:
    """A response of a format, at the step where its share is largest."""

    format: str
    step: int
    query: str
    text: str
    correct: bool | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examples_of(checkpoints: Checkpoints, rules: FormatRules, counted: Counted) -> list[Example]:
    """Of each format two, to different queries where there are such."""
    totals = counted.counts.sum(axis=0)
    models = {one.name: one for one in checkpoints.models}
    found: list[Example] = []
    for n, name in enumerate(counted.formats[:MOST_FORMATS]):
        model = models[counted.models[int(totals[:, n].argmax())]]
        rows = ResponseFormat.objects.filter(
            rules=rules, format=name, response__in=checkpoints.responses.filter(model=model).values("pk")
        ).order_by("response__sample", "response__query__digest", "response__digest")
        columns = ("response__query__text", "response__text", "correct")
        found += [
            Example(name, model.step or 0, _cut(query), _cut(text), correct)
            for query, text, correct in rows.values_list(*columns)[:EACH]
        ]
    return found


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
