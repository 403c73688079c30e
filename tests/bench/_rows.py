"""The rows that every benchmark prints."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """`ratio` says how many times better ours is than the other; `bar` is the ratio wanted."""

    work: str
    ours: str
    other: str
    ratio: float
    bar: float


def fastest(work: Callable[[], object], times: int = 5) -> float:
    """Seconds that the work takes when nothing is in its way."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def show(rows: list[Row]) -> None:
    """Print the rows as a table, or as JSON with --json; exit with 1 when a ratio is under its bar."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    if parser.parse_known_args()[0].json:
        print(json.dumps([asdict(row) for row in rows], indent=2))  # noqa: T201
    else:
        print(as_text(rows))  # noqa: T201
    sys.exit(any(row.ratio < row.bar for row in rows))


def as_text(rows: list[Row]) -> str:
    table = [("work", "ours", "other", "ratio", "bar")]
    table += [(row.work, row.ours, row.other, f"{row.ratio:.2f}", f"{row.bar:.2f}") for row in rows]
    work, ours, other, ratio, bar = (max(map(len, column)) for column in zip(*table, strict=True))
    return "\n".join(
        f"{line[0]:<{work}}  {line[1]:>{ours}}  {line[2]:<{other}}  {line[3]:>{ratio}}  {line[4]:>{bar}}"
        for line in table
    )
