"""Rubrics of one's own: every version stays as it was written, since scores were made by it."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from calibration.models import Rubric as Row
from calibration.scorers.judges.rubrics import BUILT_IN, Rubric, RubricError

LONGEST_NAME = 100


def rubrics_of(user: User | AnonymousUser) -> QuerySet[Row]:
    """The rubrics that a user may read: their own and those of the command line; superusers read all."""
    return Row.objects.all() if user.is_superuser else Row.objects.filter(Q(owner=user.pk) | Q(owner=None))


def newest(rubrics: QuerySet[Row]) -> QuerySet[Row]:
    """The last version of each."""
    later = Row.objects.filter(name=OuterRef("name"), version__gt=OuterRef("version"))
    return rubrics.filter(~Exists(later))


def read_rubric(row: Row) -> Rubric:
    """A stored version as judges take it."""
    return Rubric.from_dict({**row.content, "name": row.name, "version": row.version})


def content_of(rubric: Rubric) -> dict[str, Any]:
    """What is stored of a rubric: all but its name and version."""
    return {key: value for key, value in rubric.as_dict().items() if key not in ("name", "version")}


def rubric_named(name: str, *, version: int | None = None, user: User | None = None) -> Rubric:
    """A built-in rubric, or one that the user may read, of this version or the newest; without a user any.

    Raises RubricError where there is none.
    """
    if name in BUILT_IN and version in (None, BUILT_IN[name].version):
        return BUILT_IN[name]
    found = (rubrics_of(user) if user else Row.objects.all()).filter(name=name).order_by("-version")
    row = found.first() if version is None else found.filter(version=version).first()
    if row is None:
        which = f"{name}, version {version}" if version else name
        raise RubricError(f"There is no rubric {which}.")
    return read_rubric(row)


@transaction.atomic
def write_rubric(*, name: str, content: Mapping[str, Any], by: User | None = None) -> Row:
    """Keep a new rubric, or a new version of one's own; `content` is a rubric without its name and version.

    Raises RubricError for what is no rubric, and for a name that is a built-in one's or somebody else's.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise RubricError(f"A rubric’s name has 1 to {LONGEST_NAME} characters.")
    if name in BUILT_IN:
        raise RubricError(f"{name} is built in: choose another name.")
    # Its row is locked, so that two who write at once get two numbers.
    first = Row.objects.select_for_update().filter(name=name).order_by("version").first()
    if first and by and not by.is_superuser and first.owner_id != by.pk:
        raise RubricError(f"Somebody else has a rubric called {name}: choose another name.")
    last = Row.objects.filter(name=name).order_by("-version").values_list("version", flat=True).first()
    version = (last or 0) + 1
    kept = content_of(Rubric.from_dict({**content, "name": name, "version": version}))
    try:
        with transaction.atomic():
            return Row.objects.create(
                name=name, version=version, content=kept, owner=first.owner if first else by
            )
    except IntegrityError as taken:
        raise RubricError(f"Somebody has just written {name}, version {version}: write it again.") from taken
