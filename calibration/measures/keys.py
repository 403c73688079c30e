"""What was read and how it was measured, as hashes: the same key, the same numbers."""

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from calibration.frames import ScoreColumn
from calibration.measures.people import People

# Where numbers come from: a change of any of their files makes other keys, so none is forgotten.
SOURCES = ("annotation.statistics", "calibration.measures", "calibration.metrics")
LIBRARIES = ("numpy", "scipy")


def _version() -> str:
    """Hex SHA-256 of the code that measures, and of the libraries it measures with."""
    read = hashlib.sha256(repr([(name, version(name)) for name in LIBRARIES]).encode())
    for package in SOURCES:
        for path, source in _sources(files(package), package):
            read.update(repr((path, source)).encode())
    return read.hexdigest()


def _sources(folder: Traversable, at: str) -> Iterable[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _sources(entry, f"{at}.{entry.name}")
        elif entry.name.endswith(".py"):
            yield f"{at}.{entry.name}", entry.read_bytes()


# Read when the code itself is loaded: a worker that outlives an upgrade signs with the code that it runs.
VERSION = _version()


def data_hash(people: People, columns: Iterable[ScoreColumn]) -> str:
    """Hex SHA-256 of the labels and scores that were read, whatever the database and its keys."""
    frame = people.frame
    read = [
        frame.kind,
        frame.values.tolist(),
        frame.item_ids,
        frame.clusters.tolist(),
        frame.queries.tolist(),
        frame.counts.tolist(),
        frame.cannot_judge.tolist(),
        [[column.name, column.family, column.digest] for column in columns],
    ]
    if frame.with_excluded:
        read.append("with excluded people")
    if people.rows is not None:
        read.append(people.rows.digest)
        read += [[groups.question, groups.names, groups.group.tolist()] for groups in people.groups]
    return _hash(read)


def measurement_key(people: People, column: ScoreColumn) -> str:
    """Hex SHA-256 of all that one scorer's numbers depend on, what was made of its scores included."""
    arrays = (column.values, column.distributions, column.votes)
    made = [None if array is None else hashlib.sha256(array.tobytes()).hexdigest() for array in arrays]
    return _hash([data_hash(people, [column]), column.kind, made, people.asked.as_dict(), VERSION])


def _hash(read: list[Any]) -> str:
    return hashlib.sha256(json.dumps(read, separators=(",", ":")).encode()).hexdigest()
