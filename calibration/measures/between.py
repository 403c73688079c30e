"""Between scorers: paired differences, and p-values adjusted for how many tests the audit makes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from calibration.frames import ScoreColumn
from calibration.measures.people import People
from calibration.measures.reasons import not_in_paper
from calibration.metrics.correlation.paired import paired_difference
from calibration.metrics.multiple import benjamini_hochberg

Found = dict[str, Any]
# The scorer's place, how many items, the statistic and its p.
Test = tuple[int, int, float | None, float | None]

# A scorer of a few items is no measure for those of all.
LEAST_COVERAGE = 0.5
# Each is a family of its own: all tests of that kind in the audit, of all scorers and subsets.
FAMILIES = ("excess", "stratified")


def between(people: People, columns: Sequence[ScoreColumn], measured: Sequence[Found]) -> Found:
    """What an audit says of several scorers at once, from the scorers' own numbers in the columns' order."""
    scorers = adjusted(measured)
    if people.asked.preset == "paper":
        return not_in_paper(("design", "differences")) | {"scorers": scorers}
    return {"differences": differences(people, columns, measured), "scorers": scorers}


def differences(people: People, columns: Sequence[ScoreColumn], measured: Sequence[Found]) -> list[Found]:
    """The scorer of highest rho less each other, on the items that both scored, in the same resamples.

    The highest is found among those that cover at least half of the items, if any does; by name among equals.
    It is chosen by the same labels, so the family of the adjusted p is all pairs of scorers: were it only the
    differences told, 41 % of simulated audits of 56 scorers that are equally good would find one that is not.
    """
    first = _highest(measured)
    if first is None:
        return []
    others = [place for place in range(len(columns)) if place != first]
    rows = [_difference(people, columns[first], columns[other]) for other in others]
    scorers = 1 + sum(row["p"] is not None for row in rows)
    adjusted = _adjusted_p(rows, tests=scorers * (scorers - 1) // 2)
    return [row | {"adjusted_p": p} for row, p in zip(rows, adjusted, strict=True)]


def adjusted(measured: Sequence[Found]) -> list[Found]:
    """The scorers with `adjusted_p` in the tests on their subsets: Benjamini-Hochberg over each kind of test.

    The family of a kind is its tests of all scorers on all subsets. Cuts that keep the same items, as ties
    make them, are one test: it counts once.
    """
    kinds = {kind: _family(measured, kind) for kind in FAMILIES}

    def subset(scorer: int, one: Found) -> Found:
        tests = {
            kind: one[kind] | {"adjusted_p": family[_test(scorer, one, kind)]}
            for kind, family in kinds.items()
            if one.get(kind)
        }
        return one | tests

    return [
        scorer | {"subsets": [subset(place, one) for one in scorer["subsets"]]}
        for place, scorer in enumerate(measured)
    ]


def _family(measured: Sequence[Found], kind: str) -> dict[Test, float | None]:
    """Each test's adjusted p."""
    tests = {
        _test(place, one, kind): one[kind]
        for place, scorer in enumerate(measured)
        for one in scorer["subsets"]
        if one.get(kind)
    }
    return dict(zip(tests, _adjusted_p(list(tests.values())), strict=True))


def _test(scorer: int, subset: Found, kind: str) -> Test:
    """What tells a test from others: the same items give the same numbers to the last digit."""
    return scorer, subset["n"], subset[kind]["value"], subset[kind]["p"]


def _adjusted_p(rows: Sequence[Found], *, tests: int = 0) -> list[float | None]:
    p = benjamini_hochberg([np.nan if row.get("p") is None else row["p"] for row in rows], tests=tests)
    return [None if np.isnan(one) else float(one) for one in p]


def _highest(measured: Sequence[Found]) -> int | None:
    """The place of the scorer of highest rho."""
    known = [place for place, one in enumerate(measured) if one["spearman"]["value"] is not None]
    wide = [place for place in known if measured[place]["coverage"] >= LEAST_COVERAGE]
    return max(wide or known, key=lambda place: float(measured[place]["spearman"]["value"]), default=None)


def _difference(people: People, first: ScoreColumn, second: ScoreColumn) -> Found:
    resamples = people.resamples
    both = resamples.known(first.values, resamples.known(second.values, people.labelled))
    values, replicates = zip(
        *(resamples.spearman_values(one.values, both) for one in (first, second)), strict=True
    )
    found = paired_difference(
        values, replicates, n=int(both.sum()), clusters=len(np.unique(people.frame.clusters[both]))
    )
    spearman = found.difference.as_dict()
    return {
        "first": first.name,
        "second": second.name,
        "n": spearman["n"],
        "spearman": spearman,
        "p": found.p,
    }
