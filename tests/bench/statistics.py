"""How fast the statistics are beside the libraries that people use, and whether they keep their word.

The second part simulates studies with known truth. `--write FILE` writes its table, `--studies N` takes more
of them, `--speed` leaves them out. Fails if a ratio is under its bar or a simulation is out of its band.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.bench import _agreement, _pages, _preference
from tests.bench._rows import Row, as_text
from tests.bench._simulations import SIMULATIONS, table
from tests.bench._simulations.simulation import measure_all

STUDIES = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench statistics", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--studies", type=int, default=STUDIES, help="simulated studies a row")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--speed", action="store_true", help="leave out the simulations")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the simulations' table as Markdown")
    options = parser.parse_args()
    rows = speed()
    measured = [] if options.speed else measure_all(SIMULATIONS, studies=options.studies, seed=options.seed)
    if options.write:
        options.write.write_text(table.as_markdown(measured), encoding="utf-8")
    if options.json:
        every = [asdict(row) for row in rows] + [table.as_dict(one) for one in measured]
        print(json.dumps(every, indent=2))  # noqa: T201
    else:
        print(as_text(rows))  # noqa: T201
        print(table.as_text(measured))  # noqa: T201
    sys.exit(any(row.ratio < row.bar for row in rows) or any(one.ratio() < 1 for one in measured))


def speed() -> list[Row]:
    return [row for subject in (_agreement, _preference, _pages) for row in subject.rows()]


if __name__ == "__main__":
    main()
