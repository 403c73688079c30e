"""Categories: what models propose, and a person's acts on it.

A category that is merged keeps its name and its classifications: it only stands for another from then on, so
that undoing loses nothing, and a model that proposes the name again is understood.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from generation.models import Category
from generation.recipes.classifying import MOST_CATEGORIES, MOST_NAME, MOST_TEXT, Offered, key_of, name_of
from generation.taxonomy.locks import alone

STANDARD, PROPOSED, ACCEPTED, MERGED, DROPPED = (
    Category.State.STANDARD,
    Category.State.PROPOSED,
    Category.State.ACCEPTED,
    Category.State.MERGED,
    Category.State.DROPPED,
)
STANDING = (STANDARD, ACCEPTED)


class CategoryError(Exception):
    """Why an act on a category makes no sense, in one line."""


@dataclass(frozen=True)
class New:
    """A category as a model names it; its definition is empty where it was offered one."""

    name: str
    definition: str


def roots(categories: Iterable[Category]) -> dict[int, int]:
    """What each category is merged into in the end, itself where it is not; of all categories."""
    into = {row.pk: row.merged_into_id for row in categories}
    found: dict[int, int] = {}
    for key in into:
        path, at = [], key
        while at not in found and (next_one := into[at]) is not None:
            path.append(at)
            at = next_one
        root = found.get(at, at)
        found |= dict.fromkeys([*path, at], root)
    return found


def offered() -> tuple[Offered, ...]:
    """The categories that a model may choose now, under their headings, the standard ones first.

    A standard category with standard parts is a heading. Raises CategoryError where there are too many.
    """
    rows = Category.objects.filter(state__in=STANDING).order_by("pk")
    heads = {row.parent_id for row in rows if row.state == STANDARD}
    standing = {row.pk: row for row in rows}
    # The standard taxonomy is stored in its own order, which is that of the keys.
    places = {key: place for place, key in enumerate(standing)}

    def place(row: Category) -> tuple[int, bool, int]:
        return places.get(row.parent_id or row.pk, len(places)), row.parent_id is not None, places[row.pk]

    leaves = sorted((row for key, row in standing.items() if key not in heads), key=place)
    if len(leaves) > MOST_CATEGORIES:
        raise CategoryError(
            f"{len(leaves)} categories stand, and a model is offered {MOST_CATEGORIES} at most."
        )
    return tuple(
        Offered(row.name, row.definition, standing[row.parent_id].name if row.parent_id in standing else "")
        for row in leaves
    )


@transaction.atomic
def propose(named: Iterable[New]) -> dict[str, int]:
    """The category of each name, by its `key_of`; a name that nobody had before becomes a proposal."""
    wanted: dict[str, New] = {}
    for one in named:
        wanted.setdefault(key_of(one.name), one)
    known = _known()
    if wanted.keys() - known.keys():
        alone()
        known = _known()  # by now somebody else may have proposed it
        made = Category.objects.bulk_create(
            Category(name=name_of(one.name), definition=one.definition, state=PROPOSED)
            for key, one in wanted.items()
            if key not in known
        )
        known |= {key_of(row.name): row.pk for row in made}
    return {key: known[key] for key in wanted}


@transaction.atomic
def accept(*, categories: Sequence[Category], parent: Category | None = None) -> None:
    """Have proposals count as categories, under a top category or beside them. Raises CategoryError."""
    rows = _locked()
    above = None if parent is None else _row(rows, parent)
    if above is not None and (above.state not in STANDING or above.parent_id is not None):
        raise CategoryError(f"{above.name} is no top category.")
    for row in _rows(rows, categories, PROPOSED):
        row.state, row.parent = ACCEPTED, above
        row.save(update_fields=["state", "parent"])


@transaction.atomic
def merge(*, categories: Sequence[Category], into: Category) -> None:
    """Have categories stand for another, or for what that one is merged into. Raises CategoryError."""
    rows = _locked()
    root = rows[roots(rows.values())[_row(rows, into).pk]]
    if root.state == DROPPED:
        raise CategoryError(f"{root.name} is dropped: take that back first.")
    for row in _rows(rows, categories, PROPOSED, ACCEPTED):
        if row.pk == root.pk:
            raise CategoryError(f"{row.name} cannot be merged into itself.")
        _check_childless(rows, row)
        row.state, row.merged_into, row.parent = MERGED, root, None
        row.save(update_fields=["state", "merged_into", "parent"])


@transaction.atomic
def drop(*, categories: Sequence[Category]) -> None:
    """Have categories count no more, nor what is merged into them. Raises CategoryError."""
    rows = _locked()
    for row in _rows(rows, categories, PROPOSED, ACCEPTED):
        _check_childless(rows, row)
        row.state, row.parent = DROPPED, None
        row.save(update_fields=["state", "parent"])


@transaction.atomic
def restore(*, categories: Sequence[Category]) -> None:
    """Take back what was decided: the categories are proposals again. Raises CategoryError."""
    rows = _locked()
    for row in _rows(rows, categories, ACCEPTED, MERGED, DROPPED):
        _check_childless(rows, row)
        row.state, row.merged_into, row.parent = PROPOSED, None, None
        row.save(update_fields=["state", "merged_into", "parent"])


@transaction.atomic
def rename(*, category: Category, name: str, definition: str) -> Category:
    """Give a proposed or accepted category other words, and return the one that has them.

    A category of the new name takes its place, and it is merged into that one: so its old name is understood
    from then on, and renaming back is possible. Raises CategoryError.
    """
    rows = _locked()
    (row,) = _rows(rows, [category], PROPOSED, ACCEPTED)
    name, definition = name_of(name), definition.strip()
    if not key_of(name) or len(name) > MOST_NAME:
        raise CategoryError(f"A category’s name is one line of 1 to {MOST_NAME} characters.")
    if len(definition) > MOST_TEXT:
        raise CategoryError(f"A definition has {MOST_TEXT:,} characters at most.")
    called = next((one for one in rows.values() if key_of(one.name) == key_of(name)), Category())
    if called.pk is not None and roots(rows.values())[called.pk] != row.pk:
        raise CategoryError(f"There is a category {called.name} already: merge this one into it.")
    state, parent = row.state, row.parent
    if called.pk == row.pk:
        called = row
    called.name, called.definition = name, definition
    called.state, called.parent, called.merged_into = state, parent, None
    called.save()
    if called is not row:
        row.state, row.parent, row.merged_into = MERGED, None, called
        row.save(update_fields=["state", "parent", "merged_into"])
        Category.objects.filter(parent=row).update(parent=called)
    return called


def _known() -> dict[str, int]:
    return {key_of(name): key for key, name in Category.objects.values_list("pk", "name")}


def _locked() -> dict[int, Category]:
    """All categories, as they are until this transaction ends."""
    alone()
    return {row.pk: row for row in Category.objects.order_by("pk")}


def _row(rows: Mapping[int, Category], category: Category) -> Category:
    if category.pk not in rows:
        raise CategoryError(f"{category.name} was deleted.")
    return rows[category.pk]


def _rows(rows: Mapping[int, Category], categories: Iterable[Category], *states: str) -> list[Category]:
    """Those that are acted on, as they are now. Raises CategoryError for one in another state."""
    found = [_row(rows, one) for one in categories]
    for row in found:
        if row.state not in states:
            raise CategoryError(f"{row.name} is {row.get_state_display()}: it stays as it is.")
    return found


def _check_childless(rows: Mapping[int, Category], row: Category) -> None:
    if child := next((one for one in rows.values() if one.parent_id == row.pk), None):
        raise CategoryError(f"{child.name} stands under {row.name}: take that back first.")
