"""A chat log read into candidates, in short transactions.

A reading that was killed is made again by the same command, and doubles nothing: until the funnel is written,
the mining is unread and nobody is asked about its candidates.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import file_digest
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from generation.files import FileError
from generation.mining.gates import Limits, Sieve, digest_of
from generation.mining.logs import Conversation, conversations, schema_of
from generation.mining.sources import Unreadable
from generation.models import Candidate, Collection, Mining

AT_ONCE = 1_000
LONGEST_NAME = 80
Progress = Callable[[Iterator[Conversation]], Iterator[Conversation]]
# A conversation and the line of the one that it is near to.
Kept = tuple[Conversation, int | None]


def silent(read: Iterator[Conversation]) -> Iterator[Conversation]:
    return read


def read_log(
    *, path: Path, limits: Limits, name: str = "", schema: str = "auto", progress: Progress = silent
) -> Mining:
    """The mining of this file with these limits: found as it was read, or read to its end. Raises FileError.

    Where the file turns out to be broken, nothing of it stays.
    """
    specification = specification_of(path, limits, schema_of(path, schema))
    mining = _mining(name or slugify(path.stem)[:LONGEST_NAME], specification)
    if not mining.funnel:
        try:
            _read(path, mining, limits, progress)
        except FileError:
            delete_mining(mining=mining)
            raise
    return mining


def specification_of(path: Path, limits: Limits, schema: str) -> dict[str, Any]:
    """Everything that decides what is kept, as plain JSON."""
    with path.open("rb") as stream:
        told = file_digest(stream, "sha256").hexdigest()
    size = path.stat().st_size
    return {"file": path.name, "bytes": size, "sha256": told, "schema": schema, **limits.as_dict()}


@transaction.atomic
def delete_mining(*, mining: Mining) -> None:
    """Delete a mining with its candidates and, where it is empty, its collection. Queries stay."""
    collection = mining.collection
    mining.delete()
    if collection is not None and not collection.queries.exists():
        collection.delete()


def _mining(name: str, specification: Mapping[str, Any]) -> Mining:
    """The mining of this name, made where there is none. Raises FileError where it is another."""
    if not name or name != slugify(name) or len(name) > LONGEST_NAME:
        raise FileError(f"A mining's name has small letters, digits and hyphens, at most {LONGEST_NAME}.")
    found = Mining.objects.filter(name=name).first()
    if found is None:
        return _made(name, specification)
    if found.specification != specification:
        was = found.specification["file"]
        raise FileError(
            f"{name} is mined from {was} with other limits, or from another file: choose another name."
        )
    return found


def _made(name: str, specification: Mapping[str, Any]) -> Mining:
    try:
        with transaction.atomic():
            collection = Collection.objects.create(name=name, note=f"Mined from {specification['file']}.")
            return Mining.objects.create(name=name, specification=specification, collection=collection)
    except IntegrityError:
        raise FileError(f"There is a collection {name} already: choose another name.") from None


def _read(path: Path, mining: Mining, limits: Limits, progress: Progress) -> None:
    unreadable, sieve = Unreadable(path), Sieve(limits)
    found = islice(conversations(path, mining.specification["schema"], unreadable), limits.limit)
    kept = ((one, sieve.near(one)) for one in progress(found) if sieve.lets(one))
    while batch := list(islice(kept, AT_ONCE)):
        _store(mining, batch)
    mining.funnel = sieve.funnel(unreadable.rows, unreadable.named())
    mining.save(update_fields=["funnel"])


@transaction.atomic
def _store(mining: Mining, batch: Sequence[Kept]) -> None:
    """Write candidates that are not there yet; those near another after all others, which they name."""
    rows = Candidate.objects
    rows.bulk_create(
        (_candidate(mining, one, None) for one, near in batch if near is None), ignore_conflicts=True
    )
    lines = {near for _, near in batch if near is not None}
    keys = dict(rows.filter(mining=mining, line__in=lines).values_list("line", "pk"))
    rows.bulk_create(
        (_candidate(mining, one, keys[near]) for one, near in batch if near is not None),
        ignore_conflicts=True,
    )


def _candidate(mining: Mining, one: Conversation, near: int | None) -> Candidate:
    return Candidate(
        mining=mining,
        line=one.line,
        text=one.text.strip(),
        digest=digest_of(one.text).hex(),
        near_id=near,
        metadata=dict(one.metadata),
    )
