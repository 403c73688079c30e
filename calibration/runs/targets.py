"""What a run asks about: a study's responses, each once, or its comparisons, in the study's order."""

from collections.abc import Iterator

from django.db.models import Max

from annotation.models import Study
from calibration.models import Call, Run
from calibration.scorers.recipe import ScorerRecipe
from generation.recipes.recipe import Subject
from generation.runs import clock

ROWS_AT_ONCE = 2_000
CALLS_AT_ONCE = 500
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
    names = _responses(study)
    columns = [f"{name}__{column}" for name in names for column in ("pk", *TEXTS_OF_RESPONSE)]
    seen: set[int] = set()
    for row in items.values_list(*columns).iterator(ROWS_AT_ONCE):
        for key, query, text in (row[n : n + 3] for n in range(0, len(row), 3)):
            if key not in seen:
                seen.add(key)
                yield key, Subject(query, (text,))


def count_targets(study: Study, *, of_pairs: bool) -> int:
    """How many pairs, or distinct responses, a scorer is asked about."""
    items = study.items.order_by()
    if of_pairs:
        return items.count()
    if study.kind == Study.Kind.RATING:
        return items.values("response").distinct().count()
    return items.values("response_1").union(items.values("response_2")).count()


def prepare(run: Run, recipe: ScorerRecipe, *, targets: int | None, after: int = -1) -> int | None:
    """Make the calls about targets that have none yet, of the next items after a position in the study.

    With `targets`, until so many have calls. The position to go on after, None where nothing is left: one
    page at a time, since nobody else writes into SQLite meanwhile.
    """
    parts, column, now = recipe.parts(), "item" if recipe.of_pairs else "response", clock.now()
    names = ["pk"] if recipe.of_pairs else _responses(run.study)
    items = run.study.items.filter(position__gt=after).order_by("position").values_list("position", *names)
    page = list(items[: max(1, CALLS_AT_ONCE // (len(parts) * len(names)))])
    keys = [*dict.fromkeys(key for _, *keys in page for key in keys)]
    had = set(run.calls.filter(**{f"{column}__in": keys}).values_list(column, flat=True))
    left = None if targets is None else max(0, targets - run.calls.filter(part=parts[0]).count())
    new = [key for key in keys if key not in had][:left]
    known = run.calls.aggregate(last=Max("number"))["last"]
    first = 0 if known is None else known + 1
    Call.objects.bulk_create(
        Call(run=run, number=number, part=part, not_before=now, **{f"{column}_id": key})
        for number, (key, part) in enumerate(((key, part) for key in new for part in parts), first)
    )
    return page[-1][0] if page and (left is None or len(new) < left) else None


def _responses(study: Study) -> list[str]:
    return ["response"] if study.kind == Study.Kind.RATING else ["response_1", "response_2"]
