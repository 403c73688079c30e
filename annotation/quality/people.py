"""Everybody's measures and flags as rows, in an order: for the page, its file and the API."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from annotation.models import Participant, Study
from annotation.quality.flags import Flag, flags_in_words, flags_of
from annotation.quality.limits import Limits, limits_of
from annotation.quality.measures import Quality, quality_of
from annotation.statistics.counts import FloatArray

# What the table sorts by, beside "came": the order in which people came.
MEASURES = {
    "seconds": "median_seconds",
    "modal": "modal_share",
    "entropy": "entropy_bits",
    "run": "longest_run",
    "left": "left_share",
    "correlation": "correlation",
    "difference": "difference",
    "severity": "severity",
}
SORTS = ("came", "code", "n", *MEASURES, "checks", "flags")
DEFAULT_SORT = "-flags"
SHOWN = ("flagged", "excluded")
NO_VALUES = "no answer has a value"
NO_OTHERS = "nobody else judged an item of theirs"
# Why a measure has no interval.
NO_INTERVAL = "it takes two items, with different distances from the others"
NO_CORRELATION_INTERVAL = "it takes four items, and a correlation other than 1 and \N{MINUS SIGN}1"


@dataclass(frozen=True)
class PersonRow:
    """One person's measures; what is undefined is None."""

    code: str
    excluded: bool
    exclusion_reason: str
    answered: int
    numbers: dict[str, Any]
    reason: str | None
    checks: int
    failed_checks: int
    comprehension_failed: bool
    flags: list[Flag]

    def as_dict(self) -> dict[str, Any]:
        """As the API gives it: each measure with what it rests on, and why where it is undefined."""
        numbers = self.numbers
        return {
            "annotator_id": self.code,
            "excluded": self.excluded,
            "exclusion_reason": self.exclusion_reason,
            "answers": self.answered,
            "cannot_judge": numbers["cannot_judge"],
            "cannot_judge_share": self._measure("cannot_judge_share", self.answered, "no answers"),
            "median_seconds": self._measure("median_seconds", numbers["timed"], "no time is known"),
            "modal_share": self._measure("modal_share", numbers["n"], NO_VALUES),
            "entropy_bits": self._measure("entropy_bits", numbers["n"], NO_VALUES),
            "longest_run": self._measure("longest_run", self.answered, "no order of answers is known"),
            "left_share": self._measure("left_share", numbers["sided"], "no answer is known to take a side"),
            "correlation": self._estimate("correlation", self.reason, NO_CORRELATION_INTERVAL),
            "difference": self._estimate("difference", NO_OTHERS, NO_INTERVAL),
            "severity": self._estimate("severity", NO_OTHERS, NO_INTERVAL),
            "checks": self.checks,
            "failed_checks": self.failed_checks,
            "comprehension_failed": self.comprehension_failed,
            "flags": [flag._asdict() for flag in self.flags],
        }

    def _measure(self, name: str, n: int, reason: str | None) -> dict[str, Any]:
        value = self.numbers[name]
        return {"value": value, "n": n, **({"reason": reason} if value is None else {})}

    def _estimate(self, name: str, reason: str | None, no_interval: str) -> dict[str, Any]:
        """A measure beside the others, with its interval."""
        ends = {end: self.numbers[f"{name}_{end}"] for end in ("low", "high")}
        measure = self._measure(name, self.numbers["others_n"], reason)
        bare = measure["value"] is not None and ends["low"] is None
        return measure | ends | ({"interval_reason": no_interval} if bare else {})


@dataclass(frozen=True)
class People:
    """A study's people: their measures, and the limits that raise flags."""

    study: Study
    quality: Quality
    limits: Limits
    with_excluded: bool = False

    @classmethod
    def of(cls, study: Study, *, with_excluded: bool = False) -> "People":
        quality = quality_of(study, with_excluded=with_excluded)
        return cls(study, quality, limits_of(study), with_excluded)

    def places(self, *, search: str = "", show: str = "", sort: str = DEFAULT_SORT) -> list[int]:
        """The places of those who fit, in an order; ties in the order in which they came."""
        flags = self._flags()
        fits = np.ones(len(flags), dtype=bool)
        if show in SHOWN:
            fits = self.quality.excluded if show == "excluded" else flags > 0
        wanted = search.casefold()
        return [n for n in self._order(sort, flags) if fits[n] and wanted in self.quality.codes[n].casefold()]

    def rows(self, places: list[int]) -> list[PersonRow]:
        """The rows of the people at these places."""
        quality, measures = self.quality, self.quality.measures
        out = [int(quality.pks[n]) for n in places if quality.excluded[n]]
        reasons = dict(Participant.objects.filter(pk__in=out).values_list("pk", "exclusion_reason"))
        columns = {name: column for name, column in vars(measures).items() if name != "correlation_reason"}
        flags = flags_in_words(quality, self.limits, places)
        return [
            PersonRow(
                code=quality.codes[n],
                excluded=bool(quality.excluded[n]),
                exclusion_reason=reasons.get(int(quality.pks[n]), ""),
                answered=int(quality.answered[n]),
                numbers={name: _plain(column[n].item()) for name, column in columns.items()},
                reason=measures.correlation_reason[n],
                checks=int(quality.checks[n]),
                failed_checks=int(quality.failed_checks[n]),
                comprehension_failed=bool(quality.comprehension_failed[n]),
                flags=raised,
            )
            for n, raised in zip(places, flags, strict=True)
        ]

    def row_of(self, participant: Participant) -> PersonRow:
        return self.rows([self.quality.place_of(participant)])[0]

    def flagged(self) -> int:
        """How many people have a flag."""
        return int((self._flags() > 0).sum())

    def excluded(self) -> int:
        return int(self.quality.excluded.sum())

    def _flags(self) -> FloatArray:
        raised = flags_of(self.quality, self.limits).values()
        number: FloatArray = np.sum([found.astype(float) for found in raised], axis=0)
        return number

    def _order(self, sort: str, flags: FloatArray) -> list[int]:
        name, falling = sort.removeprefix("-"), sort.startswith("-")
        everybody = range(len(flags))
        if name == "code":
            return sorted(everybody, key=lambda n: self.quality.codes[n].casefold(), reverse=falling)
        if name == "came":
            return list(reversed(everybody) if falling else everybody)
        column = {
            "n": self.quality.answered.astype(float),
            "checks": self.quality.failed_checks.astype(float),
            "flags": flags,
        }.get(name)
        if column is None:
            column = getattr(self.quality.measures, MEASURES[name])
        # NaN, what is undefined, stands last in both directions.
        order: list[int] = np.argsort(-column if falling else column, kind="stable").tolist()
        return order


def _plain(number: float) -> float | None:
    return number if isfinite(number) else None
