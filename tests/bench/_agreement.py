"""Agreement: alpha's resamples, continuous scales, and the disagreement of a hundred thousand items."""

import json
import subprocess
import sys
from pathlib import Path

import krippendorff
import numpy as np
import numpy.typing as npt

from annotation.statistics.agreement import krippendorff_alpha
from annotation.statistics.continuous import alpha_of_labels
from annotation.statistics.entropy import entropy_bits, ordinal_dispersion
from tests.bench._rows import Row, fastest

FIVE = np.arange(1.0, 6)
REPLICATES, LABELS = 1000, 25
FORMS, IN_A_FORM = 50, 15  # the paper's design: 1,250 raters of 15 items each
LARGE, QUERIES = 100_000, 4_000
CONTINUOUS = 10_000
SECONDS = 0.05
MEMORY = 1e9


def rows() -> list[Row]:
    return [of_a_study(), *of_many_items(), of_a_continuous_scale(), of_items()]


def of_a_study() -> Row:
    """Beside a loop that resamples queries as columns of a table of raters by items."""
    rng = np.random.default_rng(0)
    labels = _labels(rng, FORMS * IN_A_FORM)
    query = np.arange(len(labels)) // IN_A_FORM
    raters = np.full((FORMS * LABELS, len(labels)), np.nan)
    for item, given in enumerate(labels):
        first = item // IN_A_FORM * LABELS
        raters[first : first + LABELS, item] = given
    of_query = [np.flatnonzero(query == one) for one in range(query.max() + 1)]

    def turn() -> None:
        drawn = np.concatenate([of_query[one] for one in rng.integers(len(of_query), size=len(of_query))])
        krippendorff.alpha(raters[:, drawn], level_of_measurement="ordinal", value_domain=FIVE)

    ours = fastest(lambda: _alpha(_counts(labels), query))
    other = fastest(turn, times=10) * REPLICATES
    return Row(
        "alpha, 1,000 cluster replicates, 750 x 25",
        f"{ours * 1000:.1f} ms",
        f"{other:.1f} s: krippendorff in a loop on 1,250 raters x items, of which 10 turns were timed",
        other / ours,
        75,
    )


def of_many_items() -> list[Row]:
    """Beside a loop on counts; ours in a process of its own, so that its memory can be told."""
    rng = np.random.default_rng(0)
    counts = _counts(_labels(rng, LARGE))
    of_query = np.arange(LARGE).reshape(QUERIES, -1)

    def turn(drawn: npt.NDArray[np.intp]) -> None:
        krippendorff.alpha(value_counts=counts[drawn], value_domain=FIVE, level_of_measurement="ordinal")

    found = []
    for clusters, number in (("queries", QUERIES), ("items", LARGE)):
        groups = of_query if clusters == "queries" else np.arange(LARGE)[:, None]
        loop = fastest(
            lambda groups=groups: turn(groups[rng.integers(len(groups), size=len(groups))].ravel()), 5
        )
        seconds, peak = _apart(clusters)
        work = f"alpha, 1,000 replicates of {number:,} {clusters}, {LARGE:,} x {LABELS}"
        other = f"{loop * REPLICATES:.1f} s: krippendorff in a loop on counts, of which 5 turns were timed"
        ratio = loop * REPLICATES / seconds
        found.append(Row(work, f"{seconds:.2f} s, peak {peak / 1e9:.2f} GB", other, ratio, 20))
        found.append(
            Row(
                f"peak memory of that, {number:,} {clusters}",
                f"{peak / 1e9:.2f} GB",
                "1 GB wanted",
                MEMORY / peak,
                1,
            )
        )
    return found


def of_a_continuous_scale() -> Row:
    rng = np.random.default_rng(0)
    items = np.repeat(np.arange(CONTINUOUS), LABELS)
    labels = rng.normal(size=CONTINUOUS)[items] + rng.normal(size=len(items))
    ours = max(
        fastest(lambda: alpha_of_labels(items, labels, level="ordinal")),
        fastest(lambda: alpha_of_labels(items, labels, level="interval")),
    )
    needed = CONTINUOUS * len(items) ** 2 * 8
    return Row(
        f"alpha of a continuous scale, {CONTINUOUS:,} x {LABELS}, the slower of two levels",
        f"{ours * 1000:.1f} ms",
        f"50 ms wanted: krippendorff's items x values x values would take {needed / 1e15:.0f} PB",
        SECONDS / ours,
        1,
    )


def of_items() -> Row:
    counts = _counts(_labels(np.random.default_rng(0), LARGE))
    ours = fastest(lambda: (entropy_bits(counts), ordinal_dispersion(counts)), times=20)
    work = f"entropy and dispersion of {LARGE:,} items"
    return Row(work, f"{ours * 1000:.1f} ms", "50 ms wanted", SECONDS / ours, 1)


def _labels(rng: np.random.Generator, items: int) -> npt.NDArray[np.float64]:
    heard = rng.normal(size=(items, 1)) + rng.normal(size=(items, LABELS))
    return np.clip(np.round(heard + 3), 1, 5)


def _counts(labels: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    return np.stack([(labels == value).sum(axis=1) for value in FIVE], axis=1)


def _alpha(counts: npt.NDArray[np.intp], clusters: npt.NDArray[np.intp] | None) -> None:
    rng = np.random.default_rng(1)
    found = krippendorff_alpha(
        counts, values=FIVE, level="ordinal", clusters=clusters, replicates=REPLICATES, rng=rng
    )
    assert found.replicates == REPLICATES, found


def _apart(clusters: str) -> tuple[float, float]:
    """Seconds and peak bytes of `_measure`, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench._agreement", clusters]
    root = Path(__file__).resolve().parent.parent.parent
    done = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True)
    seconds, peak = json.loads(done.stdout)
    return seconds, peak


def _measure(clusters: str) -> None:
    counts = _counts(_labels(np.random.default_rng(0), LARGE))
    index = np.arange(LARGE) // (LARGE // QUERIES) if clusters == "queries" else None
    seconds = fastest(lambda: _alpha(counts, index), times=2)
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    print(json.dumps([seconds, peak * 1024]))  # noqa: T201


if __name__ == "__main__":
    _measure(sys.argv[1])
