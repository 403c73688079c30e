"""What a run asks about: a study's responses, each once, or its comparisons, in the study's order."""

from collections.abc import Iterator
from itertools import islice

from django.db.models import Max

from annotation.models import Study
from calibration.models import Call, Run
from calibration.runs import clock
from calibration.scorers.recipe import Recipe, Subject

ROWS_AT_ONCE = 2_000
# From a call, or from an item.
TEXTS_OF_ITEM = ("query__text", "response_1__text", "response_2__text")
TEXTS_OF_RESPONSE = ("query__text", "text")


def subjects(study: Study, *, of_pairs: bool) -> Iterator[tuple[int, Subject]]:
    """The key of each item of pairs, or of each distinct response, and what a scorer is asked about it."""
    items = study.items.order_by("position")
    if of_pairs:
        for key, query, *texts in items.values_list("pk", *TEXTS_OF_ITEM).iterator(ROWS_AT_ONCE):
            yield key, Subject(query, tuple(texts))
        return
    names = ["response"] if study.kind == Study.Kind.RATING else ["response_1", "response_2"]
    columns = [f"{name}__{column}" for name in names for column in ("pk", *TEXTS_OF_RESPONSE)]
    seen: set[int] = set()
    for row in items.values_list(*columns).iterator(ROWS_AT_ONCE):
        for key, query, text in (row[n : n + 3] for n in range(0, len(row), 3)):
            if key not in seen:
                seen.add(key)
                yield key, Subject(query, (text,))


def prepare(run: Run, recipe: Recipe, *, targets: int | None) -> None:
    """Make the calls about the targets that have none yet, in the study's order; about the first only."""
    parts, column, now = recipe.parts(), "item" if recipe.of_pairs else "response", clock.now()
    known = run.calls.aggregate(last=Max("number"))["last"]
    number = 0 if known is None else known + 1
    left = None if targets is None else max(0, targets - run.calls.filter(part=parts[0]).count())
    keys = (key for key, _ in subjects(run.study, of_pairs=recipe.of_pairs))
    while left != 0 and (batch := list(islice(keys, ROWS_AT_ONCE))):
        had = set(run.calls.filter(**{f"{column}__in": batch}).values_list(column, flat=True))
        new = [key for key in batch if key not in had][:left]
        calls = [
            Call(run=run, number=number + n, part=part, not_before=now, **{f"{column}_id": key})
            for n, (key, part) in enumerate((key, part) for key in new for part in parts)
        ]
        Call.objects.bulk_create(calls, batch_size=ROWS_AT_ONCE)
        number += len(calls)
        left = None if left is None else left - len(new)
