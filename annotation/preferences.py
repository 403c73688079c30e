"""Which models people prefer: one function for page, command and API."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from annotation.agreement import with_caution
from annotation.comparisons import PreferenceFrame, preference_frame
from annotation.freshness import kept, model_names
from annotation.models import Study
from annotation.statistics.intervals import Estimate, mean_estimate
from annotation.statistics.preference import bradley_terry, davidson
from annotation.statistics.sides import side_bias
from annotation.statistics.strengths import Strengths
from annotation.statistics.wins import WinMatrix, win_matrix

REPLICATES = 1000
# A fit takes about the cube of the models: a page waits some seconds for all its resamples, no longer.
RESAMPLED_CUBES, FEWEST_REPLICATES = 200_000_000, 100
MOST_MODELS = 500
NOT_ASKED = "no interval was asked for"
NO_COMPARISONS = "the study compares no answers: preferences come from comparisons of two"
NO_MODELS = "no response names its model"
ONE_MODEL = "all responses that name a model are of one: it is compared with no other"
NO_LABELS = "no labels yet"
ITSELF = "every comparison shows two answers of the same model"
HALF_KNOWN = "no comparison names the models of both answers"
NO_SIDES = "a file of labels does not say which answer was shown first"


@dataclass(frozen=True)
class Preferences:
    """What a study's comparisons say of its models.

    Attributes
    ----------
    reason : str or None
        Why there are no strengths of models at all, in words; what is unsure about them is in `strengths`.
    wins : WinMatrix
    strengths : Strengths
        By Bradley and Terry's model.
    tie : Estimate
        Davidson's tie parameter.
    tie_share : Estimate
        Mean share of ties of the items.
    sides : Estimate
        How often the answer shown first wins.
    clusters : int
        Those of the comparisons used.
    """

    reason: str | None
    wins: WinMatrix
    strengths: Strengths
    tie: Estimate
    tie_share: Estimate
    sides: Estimate
    labels: int
    clusters: int
    cluster_unit: str
    simulated: bool
    with_excluded: bool
    replicates: int
    seed: int

    @property
    def order(self) -> list[int]:
        """The models' places, strongest first within each group; groups of many models come first."""
        found = self.strengths
        sizes = {int(group): int((found.group == group).sum()) for group in set(found.group.tolist())}

        def place(n: int) -> tuple[Any, ...]:
            group, strength = int(found.group[n]), float(found.strength[n])
            return group < 0, -sizes[group], group, strength != strength, -strength, found.models[n]

        return sorted(range(len(found.models)), key=place)

    @property
    def groups(self) -> list[list[str]]:
        """The models by group, each strongest first: those of different groups are never linked."""
        found: dict[int, list[str]] = {}
        for n in self.order:
            if self.strengths.group[n] >= 0:
                found.setdefault(int(self.strengths.group[n]), []).append(self.strengths.models[n])
        return list(found.values())

    @property
    def never_compared(self) -> list[str]:
        return [
            name for name, group in zip(self.strengths.models, self.strengths.group, strict=True) if group < 0
        ]


def preferences_of(study: Study, *, with_excluded: bool = False) -> Preferences:
    """The study's preferences, kept until something changes them."""
    return kept(
        study,
        "preferences-with-excluded" if with_excluded else "preferences",
        lambda: preferences_in(preference_frame(study, with_excluded=with_excluded), study=study),
        model_names(),
    )


def preferences_in(
    frame: PreferenceFrame, *, study: Study, replicates: int = REPLICATES, seed: int = 0
) -> Preferences:
    """The same from a frame. Intervals resample its clusters of items; that of the sides resamples people."""
    labels, reason = frame.labels, _reason(frame, study)
    if len(frame.models) > MOST_MODELS:
        none = np.full(len(frame.first), -1)
        frame = replace(frame, models=[], first=none, second=none)
    affordable = _affordable(replicates, models=len(frame.models))
    given: dict[str, Any] = {
        "first": frame.first, "second": frame.second, "counts": labels.counts, "values": labels.values,
        "models": frame.models,
    }  # fmt: skip
    resampling: dict[str, Any] = {"clusters": labels.clusters, "replicates": replicates}
    fitting = resampling | {"replicates": affordable}
    strengths = bradley_terry(**given, **fitting, rng=np.random.default_rng(seed))
    if replicates and not affordable:
        strengths = replace(strengths, reason=_without_intervals(strengths.reason, len(frame.models)))
    undefined = Estimate(None, None, None, 0, reason or strengths.reason)
    totals = np.where(frame.between_models, labels.counts.sum(axis=1), 0)
    tie = tie_share = undefined
    if not reason:
        tie = davidson(**given, **fitting, rng=np.random.default_rng(seed)).tie or undefined
        ties = labels.counts[:, labels.values == 0].sum(axis=1)
        shares = np.divide(ties, totals, out=np.full(len(totals), np.nan), where=totals > 0)
        tie_share = mean_estimate(shares, **resampling, rng=np.random.default_rng(seed))
    return Preferences(
        reason=reason,
        wins=win_matrix(**given),
        strengths=strengths,
        tie=tie,
        tie_share=tie_share,
        sides=_sides(frame, study, replicates=replicates, seed=seed),
        labels=int(totals.sum()),
        clusters=len(np.unique(labels.clusters[totals > 0])),
        cluster_unit=labels.cluster_unit,
        simulated=labels.simulated,
        with_excluded=labels.with_excluded,
        replicates=affordable,
        seed=seed,
    )


def _affordable(replicates: int, *, models: int) -> int:
    """As many resamples as were asked for, fewer of many models; none where so few would say nothing."""
    most = RESAMPLED_CUBES // max(1, models) ** 3
    return min(replicates, most if most >= FEWEST_REPLICATES else 0)


def _without_intervals(reason: str | None, models: int) -> str:
    """Why the strengths have no interval, beside what else the fit says of them."""
    words = f"no interval: resampling {models:,} models takes too long"
    return (reason or NOT_ASKED).replace(NOT_ASKED, words)


def _reason(frame: PreferenceFrame, study: Study) -> str | None:
    if not study.compares:
        return NO_COMPARISONS
    if not frame.models:
        return NO_MODELS
    if len(frame.models) > MOST_MODELS:
        return f"{len(frame.models):,} models are compared, and strengths are found of {MOST_MODELS} at most"
    if not frame.between_models.any():
        if len(frame.models) < 2:
            return ONE_MODEL
        itself = (frame.first == frame.second) & (frame.first >= 0)
        return ITSELF if itself.any() else HALF_KNOWN
    return None if frame.labels.counts[frame.between_models].any() else NO_LABELS


def _sides(frame: PreferenceFrame, study: Study, *, replicates: int, seed: int) -> Estimate:
    if not study.compares or (study.imported and not len(frame.left_wins)):
        reason = NO_SIDES if study.imported else NO_COMPARISONS
        return Estimate(None, None, None, 0, reason)
    rng = np.random.default_rng(seed)
    return side_bias(frame.left_wins, people=frame.people, replicates=replicates, rng=rng)


def study_preferences(
    study: Study, *, replicates: int = REPLICATES, seed: int = 0, with_excluded: bool = False
) -> dict[str, Any]:
    """The numbers of the API, computed as asked."""
    frame = preference_frame(study, with_excluded=with_excluded)
    found = preferences_in(frame, study=study, replicates=replicates, seed=seed)
    return {"study": study.slug, **preferences_as_dict(found)}


def preferences_as_dict(found: Preferences) -> dict[str, Any]:
    """The numbers of the API and of `agreement --json`; what is undefined is None beside a reason."""
    strengths, reason = found.strengths, found.reason or found.strengths.reason
    return {
        "simulated": found.simulated,
        "with_excluded": found.with_excluded,
        "comparisons": strengths.n,
        "left_out": strengths.left_out,
        "labels": found.labels,
        **({"reason": reason} if reason else {}),
        "models": [_model(strengths, n) for n in found.order],
        "pairs": _pairs(found),
        "groups": found.groups,
        "never_compared": found.never_compared,
        "tie_parameter": found.tie.as_dict(),
        "tie_share": found.tie_share.as_dict(),
        "left_wins": found.sides.as_dict(),
        "ridge": strengths.ridge,
        "intervals": {
            "unit": found.cluster_unit,
            "clusters": found.clusters,
            "replicates": found.replicates,
            "seed": found.seed,
            "confidence": 0.95,
            **with_caution(found.clusters),
        },
    }


def _model(strengths: Strengths, n: int) -> dict[str, Any]:
    return {
        "model": strengths.models[n],
        "group": int(strengths.group[n]) if strengths.group[n] >= 0 else None,
        "comparisons": int(strengths.comparisons[n]),
        "labels": int(strengths.labels[n]),
        **{name: interval_at(strengths, name, n) for name in ("rank", "strength", "win_share")},
    }


def interval_at(strengths: Strengths, name: str, at: int | tuple[int, int]) -> dict[str, float | None]:
    """One number of a model, or of a pair, with its interval; None where it is undefined."""
    low, high = ("low", "high") if name == "strength" else (f"{name}_low", f"{name}_high")
    columns = {"value": name, "low": low, "high": high}
    numbers = {end: float(getattr(strengths, column)[at]) for end, column in columns.items()}
    return {end: number if np.isfinite(number) else None for end, number in numbers.items()}


def _pairs(found: Preferences) -> list[dict[str, Any]]:
    """Every pair that was compared, the stronger model first."""
    wins, order = found.wins, found.order
    return [
        {
            "model": wins.models[row],
            "against": wins.models[column],
            "wins": float(wins.wins[row, column]),
            "ties": int(wins.ties[row, column]),
            "labels": float(wins.wins[row, column] + wins.wins[column, row]),
            "comparisons": int(wins.items[row, column]),
            "expected": interval_at(found.strengths, "beats", (row, column)),
        }
        for place, row in enumerate(order)
        for column in order[place + 1 :]
        if wins.items[row, column]
    ]
