"""The rows that every benchmark prints."""

import argparse
import json
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """`ratio` says how many times better ours is than the other; `bar` is the ratio wanted."""

    work: str
    ours: str
    other: str
    ratio: float
    bar: float


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
    width = max(len(row.work) for row in rows)
    return "\n".join(
        [
            f"{'work':<{width}}  {'ours':>16}  {'other':>24}  {'ratio':>7}  {'bar':>6}",
            *(
                f"{row.work:<{width}}  {row.ours:>16}  {row.other:>24}  {row.ratio:>7.2f}  {row.bar:>6.2f}"
                for row in rows
            ),
        ]
    )
