"""A report of effects as JSON: each contrast's two effects, how many replicate, and what could be reached."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.statistics.intervals import Estimate
from calibration.effects.estimates import Json, effect_json, estimate_json, over, undefined
from calibration.effects.frames import EffectFrame, Groups
from calibration.effects.panels import NUMBERS
from calibration.effects.published import published
from calibration.metrics.multiple import benjamini_hochberg
from calibration.metrics.replication import sizes
from calibration.metrics.replication.effects import Effect
from calibration.metrics.replication.halves import Asked, Split, at_people_number, splits
from calibration.metrics.replication.verdicts import BINS, Verdict, bin_of, tally, verdict
from generation.diversity.wilson import wilson

# Whose effects are counted: of all contrasts, of those that people show, of those that they do not.
AMONG: dict[str, bool | None] = {"all": None, "significant": True, "null": False}
NO_SPREAD = "single numbers have no spread among people to be held against"


@dataclass(frozen=True)
class Row:
    """One contrast's effects, whole and when the panel sits in people's places, draw by draw."""

    groups: Groups
    people: Effect
    panel: Effect
    drawn: list[Effect]

    @property
    def verdict(self) -> Verdict | None:
        return verdict(self.people, self.panel)

    @property
    def verdicts_drawn(self) -> list[Verdict | None]:
        return [verdict(self.people, one) for one in self.drawn]


def effects_of(
    frame: EffectFrame, *, splits_number: int, seed: int, done: Callable[[int, int], None]
) -> dict[str, Any]:
    """All numbers of the report, from what was read.

    `done` is told how many of how many parts are measured: splits of people, then as many draws of the panel
    into people's places.
    """
    asked = [one.asked for one in frame.groups if one.asked is not None]
    rng = np.random.default_rng(seed)
    made = splits(
        frame.people, asked, number=splits_number, rng=rng, done=lambda n: done(n, 2 * splits_number)
    )
    drawn = at_people_number(
        frame.people,
        asked,
        draws=splits_number,
        rng=rng,
        done=lambda n: done(splits_number + n, 2 * splits_number),
    )
    rows = _rows(frame, asked, drawn)
    numbers = frame.scored.kind == NUMBERS
    return {
        "contrasts": _contrasts(rows, numbers=numbers),
        "rates": _rates(rows),
        "bins": _bins(rows),
        "halves": _halves(made, asked, numbers=numbers),
        "sizes": _sizes(rows, numbers=numbers),
        "published": published(),
    }


def _rows(frame: EffectFrame, asked: Sequence[Asked], drawn: Sequence[Sequence[Effect | None]]) -> list[Row]:
    place = {id(one): n for n, one in enumerate(asked)}
    rows = []
    for groups in frame.groups:
        if groups.asked is None:
            nothing = Effect(reason=groups.reason)
            rows.append(Row(groups, nothing, Effect(reason="people's effect is undefined"), []))
            continue
        n = place[id(groups.asked)]
        own = groups.asked.own_effect()
        rows.append(
            Row(
                groups,
                groups.asked.contrast.effect(frame.people),
                Effect(reason=groups.reason) if own is None else own,
                [found for draw in drawn if (found := draw[n]) is not None],
            )
        )
    return rows


def _contrasts(rows: Sequence[Row], *, numbers: bool) -> list[Json]:
    adjusted = [
        benjamini_hochberg([np.nan if one.p is None else one.p for one in effects])
        for effects in ([row.people for row in rows], [row.panel for row in rows])
    ]
    return [
        {
            **row.groups.contrast.as_dict(),
            "people": effect_json(row.people, adjusted[0][n]),
            "panel": effect_json(row.panel, adjusted[1][n]),
            "verdict": row.verdict,
            "at_people_n": _at_people_n(row),
            "ratio": _ratio(row, numbers=numbers),
        }
        for n, row in enumerate(rows)
    ]


def _at_people_n(row: Row) -> Json:
    """How the panel does when it is as many as people: the verdict that most draws give."""
    known = [one for one in row.verdicts_drawn if one is not None]
    successes, n = tally(known, [None] * len(known))
    p = [one.p for one in row.drawn if one.p is not None]
    return {
        "verdict": Counter(known).most_common(1)[0][0] if known else None,
        "replicated": wilson(successes, n).as_dict(),
        "p": float(np.median(p)) if p else None,
    }


def _ratio(row: Row, *, numbers: bool) -> Json:
    return undefined(NO_SPREAD) if numbers else estimate_json(sizes.ratio(row.people, row.panel))


def _rates(rows: Sequence[Row]) -> Json:
    """Shares of contrasts that replicate, at the panel's own number and at people's."""
    sure, own, drawn = [row.people.significant for row in rows], [row.verdict for row in rows], _draws(rows)
    return {
        "own": {name: wilson(*tally(own, sure, of)).as_dict() for name, of in AMONG.items()},
        "people_n": {
            name: _on_average([tally(one, sure, of) for one in drawn]) for name, of in AMONG.items()
        },
    }


def _draws(rows: Sequence[Row]) -> list[list[Verdict | None]]:
    """Per draw, each contrast's verdict."""
    number = max((len(row.drawn) for row in rows), default=0)
    every = [row.verdicts_drawn or [None] * number for row in rows]
    return [list(one) for one in zip(*every, strict=True)]


def _on_average(tallies: Sequence[tuple[int, int]]) -> Json:
    """The successes of all draws over their contrasts, with Wilson's interval of as many as one draw has."""
    successes, n = np.sum(tallies, axis=0) if tallies else (0, 0)
    if not n:
        return wilson(0, 0).as_dict()
    contrasts = max(1, round(float(n) / len(tallies)))
    return wilson(float(successes / n) * contrasts, contrasts).as_dict()


def _bins(rows: Sequence[Row]) -> list[Json]:
    bins = []
    for place, (_, name) in enumerate(BINS):
        inside = [row for row in rows if row.people.p is not None and bin_of(row.people.p) == place]
        sure = [row.people.significant for row in inside]
        bins.append(
            {
                "bin": name,
                "contrasts": len(inside),
                "own": wilson(*tally([row.verdict for row in inside], sure)).as_dict(),
                "people_n": _on_average([tally(one, sure) for one in _draws(inside)]),
            }
        )
    return bins


def _halves(made: Sequence[Split], asked: Sequence[Asked], *, numbers: bool) -> Json:
    """What the other half of people reaches, what the panel does in its places, and what noise does.

    Only of contrasts that the panel can show, if it can show any.
    """
    shown = [one.panel is not None for one in asked]
    kept = shown if any(shown) else [True] * len(shown)
    shares = {name: [_shares(one, name, kept) for one in made] for name in ("people", "panel", "noise")}
    found: Json = {"splits": len(made), "contrasts": sum(kept)}
    for name, each in shares.items():
        found[name] = {among: over([one[among] for one in each]) for among in AMONG}
    found["panel_less_people"] = {
        among: over(
            [one[among] - two[among] for one, two in zip(shares["panel"], shares["people"], strict=True)]
        )
        for among in AMONG
    }
    found["ratio"] = {
        "people": over([_median(one, one.people) for one in made]),
        "panel": undefined(NO_SPREAD) if numbers else over([_median(one, one.panel) for one in made]),
    }
    return found


def _shares(split: Split, name: str, kept: Sequence[bool]) -> dict[str, float]:
    verdicts = split.verdicts(getattr(split, name))
    said = [one if keep else None for one, keep in zip(verdicts, kept, strict=True)]
    sure = [one.significant for one in split.first]
    return {among: _share(*tally(said, sure, of)) for among, of in AMONG.items()}


def _share(successes: int, n: int) -> float:
    return successes / n if n else float("nan")


def _median(split: Split, against: Sequence[Effect | None]) -> float:
    """The median ratio over contrasts that the first half shows."""
    ratios = [
        sizes.ratio(one, other).value
        for one, other in zip(split.first, against, strict=True)
        if other is not None and one.significant
    ]
    known = [value for value in ratios if value is not None]
    return float(np.median(known)) if known else float("nan")


def _sizes(rows: Sequence[Row], *, numbers: bool) -> Json:
    """Effects' sizes and signs over all contrasts."""
    both = [row for row in rows if row.people.p is not None and row.panel.p is not None]
    people, panel = [row.people for row in both], [row.panel for row in both]
    ratios = [
        np.nan if (value := sizes.ratio(row.people, row.panel).value) is None else value
        for row in both
        if row.people.significant
    ]
    of_size: dict[str, Callable[[], Estimate]] = {
        "median_ratio": lambda: sizes.median(ratios),
        "slope": lambda: sizes.slope(people, panel, corrected=False),
        "slope_corrected": lambda: sizes.slope(people, panel, corrected=True),
    }
    sure = {name: [row for row in both if of in (None, row.people.significant)] for name, of in AMONG.items()}
    return {
        **{
            name: undefined(NO_SPREAD) if numbers else estimate_json(made()) for name, made in of_size.items()
        },
        "correlation": estimate_json(sizes.correlation(people, panel)),
        "same_sign": {
            name: wilson(sum(row.people.sign == row.panel.sign for row in some), len(some)).as_dict()
            for name, some in sure.items()
        },
    }
