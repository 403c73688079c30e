"""What was found of ways to ask, as plain JSON; docs/voices.schema.json says its form."""

from collections.abc import Callable

import numpy as np

from generation.diversity.cautions import caution
from generation.diversity.floor import floor, gap
from generation.diversity.intervals import Estimate
from generation.diversity.responses import UnusableResponses
from generation.diversity.tables import Table
from generation.diversity.voices.arms import Arm, arms_of, reference_of
from generation.diversity.voices.bought import MEASURES
from generation.diversity.voices.calls import UNITS, Unit, Voices
from generation.diversity.voices.compared import NO_SCORER, Compared, Json, differences, efficiency, spendable
from generation.diversity.voices.examples import examples
from generation.diversity.voices.goodness import Goodness
from generation.diversity.voices.measured import measured
from generation.diversity.voices.specification import Specification

UNKNOWN = {
    "calls": "no query was asked",
    "tokens": "of no arm it is known how many tokens its calls took",
    "money": "of no arm it is known what its calls cost, or they cost in several currencies",
}
ENDS = "the calls about some query end before, or not all of their answers are known"
ONE_ARM = "there is no other arm of the same model, and no ensemble"


def voices_report(
    data: Voices,
    asked: Specification,
    *,
    version: str,
    data_hash: str,
    progress: Callable[[int, int], None] = lambda done, steps: None,
) -> Json:
    """Compare the arms at equal calls, equal tokens and equal money.

    Parameters
    ----------
    data : Voices
        Of the sources that are asked for.
    asked : Specification
    version : str
        Of the program.
    data_hash : str
        Of all that was read.
    progress : callable, optional

    Returns
    -------
    dict
        Plain JSON. What is undefined is null: an estimate beside its own reason, a section by its name among
        the `reasons`.

    Raises
    ------
    UnusableResponses
        If no condition can be compared with, or no score says what is good.
    """
    arms = arms_of(data.sources, asked.ensemble)
    condition = reference_of(data.sources, data.strategies, asked.reference)
    worth = _worth(data, asked, condition)
    compared = Compared(data, asked, arms, condition, measured(data, arms, asked, worth, progress))
    reasons: dict[str, str] = {}
    budgets = {unit: _budget(compared, unit, reasons) for unit in UNITS}
    curves = {unit: _curve(compared, unit, reasons) for unit in UNITS}
    if not compared.pairs():
        reasons["differences"] = ONE_ARM
    if data.scorer is None:
        reasons["scorer"] = NO_SCORER
    return {
        **_head(compared, worth),
        "version": version,
        "data_hash": data_hash,
        "arms": [_arm(compared, arm) for arm in arms],
        "budgets": budgets,
        "curves": curves,
        "examples": examples(data, arms, asked, worth, compared.found),
        "reasons": reasons,
    }


def _worth(data: Voices, asked: Specification, condition: str) -> Goodness:
    there = [n for n, source in enumerate(data.sources) if source.condition == condition]
    scores = [query.score for query in data.queries]
    if data.scorer and not any(np.isfinite(score).any() for score in scores):
        raise UnusableResponses(f"{data.scorer.name} has scored none of these answers")
    of = [query.score[np.isin(np.repeat(query.source, query.answers), there)] for query in data.queries]
    return Goodness.of(
        np.concatenate([*scores, np.empty(0)]),
        np.concatenate([*of, np.empty(0)]),
        least=asked.good,
        where=condition,
    )


def _head(compared: Compared, worth: Goodness) -> Json:
    data, asked, found = compared.data, compared.asked, compared.found
    scorer, together = data.scorer, compared.ensemble
    return {
        "encoder": data.encoder,
        "specification": asked.as_dict(),
        "caution": caution(len(data.queries)),
        "queries": len(data.queries),
        "responses": sum(len(query.score) for query in data.queries),
        "without_vectors": found.without_vectors,
        "scorer": scorer
        and {
            "name": scorer.name,
            "family": scorer.family,
            "simulated": scorer.simulated,
            "good": worth.least,
            "rule": worth.rule,
            "unscored": sum(int(np.isnan(query.score).sum()) for query in data.queries),
            "utilities": worth.utilities,
        },
        "classes": {
            "by": "column" if asked.classes else "threshold",
            "threshold": None if asked.classes else asked.threshold,
            "column": asked.classes or None,
            "unclassed": found.unclassed,
        },
        "floor": floor(_table(compared), **compared.resampling).as_dict(),
        "reference": {
            "condition": compared.condition,
            "ensemble": None if together is None else compared.arms[together].name,
        },
        "currency": data.currency,
    }


def _table(compared: Compared) -> Table:
    """As the floor reads it."""
    texts = tuple(query.text for query in compared.data.queries)
    counts = np.zeros((len(texts), len(compared.data.sources)), dtype=np.int64)
    return Table(texts, texts, counts, {"similarity.mean": compared.found.means})


def _arm(compared: Compared, arm: Arm) -> Json:
    data, plain = compared.data, compared.plain(arm)
    own = [np.isin(query.source, arm.sources) for query in data.queries]
    tokens = {
        name: sum(
            float(getattr(query, name)[mine].sum()) for query, mine in zip(data.queries, own, strict=True)
        )
        for name in ("tokens_in", "tokens_out")
    }
    failed = sum(int((query.answers[mine] == 0).sum()) for query, mine in zip(data.queries, own, strict=True))
    return {
        "arm": arm.name,
        "models": [data.sources[n].model for n in arm.sources],
        "condition": arm.condition,
        "strategy": data.strategies.get(arm.condition, ""),
        "queries": sum(bool(arm.members(query)) for query in data.queries),
        "calls": sum(int(mine.sum()) for mine in own),
        "failed_calls": None if data.elsewhere & set(arm.sources) else failed,
        "answers": sum(int(query.answers[mine].sum()) for query, mine in zip(data.queries, own, strict=True)),
        **{name: None if np.isnan(total) else round(total) for name, total in tokens.items()},
        "reference": None if plain is None else compared.arms[plain].name,
    }


def _budget(compared: Compared, unit: Unit, reasons: dict[str, str]) -> Json | None:
    sizes = compared.found.budgets[unit]
    values = compared.found.values[unit]
    if not np.isfinite(values["answers"]).any():
        given = getattr(compared.asked, unit)
        known = np.isfinite(sizes).any() and given is not None
        reasons[f"budgets.{unit}"] = (
            f"no arm has {unit} worth {given:,} of any query, or none of known cost"
            if known
            else UNKNOWN[unit]
        )
        return None
    held = sizes[np.isfinite(sizes)]
    names = [*UNITS, *MEASURES]
    found = {name: compared.mean(values[name]) for name in names}
    found["gap"] = gap(_table(compared), values["similarity"], **compared.resampling)
    there = spendable(values["answers"])
    order = (*UNITS, "answers", "similarity", "gap", *MEASURES[2:])
    return {
        "size": float(held.mean()),
        "least": float(held.min()),
        "most": float(held.max()),
        "unit": {"calls": "call", "tokens": "1000 tokens", "money": compared.data.currency or ""}[unit],
        "arms": [
            {"arm": arm.name}
            | {name: compared.said(found[name].at(n), name, there=there[n]) for name in order}
            for n, arm in enumerate(compared.arms)
        ],
        "differences": differences(compared, values),
        "efficiency": efficiency(compared, unit, values),
    }


def _curve(compared: Compared, unit: Unit, reasons: dict[str, str]) -> list[Json] | None:
    """Means over all queries that an arm was asked: where one of them ends before, there is none."""
    sizes, curves = compared.found.sizes[unit], compared.found.curves[unit]
    if not len(sizes) or not np.isfinite(curves["classes"]).any():
        reasons[f"curves.{unit}"] = UNKNOWN[unit] if not len(sizes) else compared.why("classes", there=True)
        return None
    found = {}
    for name, values in curves.items():
        n = np.isfinite(values).sum(axis=0)
        found[name] = compared.mean(np.where(n == n.max(axis=1, keepdims=True), values, np.nan))
    return [
        {
            "size": size,
            "arms": [
                {"arm": arm.name}
                | {name: _point(compared, one.at(a, at), name) for name, one in found.items()}
                for a, arm in enumerate(compared.arms)
            ],
        }
        for at, size in enumerate(sizes.tolist())
    ]


def _point(compared: Compared, found: Estimate, name: str) -> Json:
    without = NO_SCORER if name == "good_classes" and compared.data.scorer is None else ENDS
    return found.as_dict() | ({"reason": without} if found.n == 0 else {})
