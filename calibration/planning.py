"""Plan a study before any money is spent: what reaches a goal, by simulation, and what that costs."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from decimal import Decimal
from math import ceil
from typing import Any

import numpy as np
from django.conf import settings

from annotation.agreement import with_caution
from annotation.frames import label_frame
from annotation.models import Study
from annotation.statistics.planning import plan_alpha_width, plan_entropy_bias, plan_mean_width
from annotation.statistics.population import Population
from annotation.statistics.sizes import Option, Options, Progress
from calibration.metrics.power import plan_altest_pass, plan_residual_power
from calibration.plan_fields import PlanError
from calibration.plan_specification import GOALS, PlanSpecification, checked
from generation.currencies import rounded

__all__ = ["GOALS", "PlanError", "PlanSpecification", "checked", "planned"]

PLANNERS: dict[str, Callable[..., Options]] = {
    "alpha": plan_alpha_width,
    "mean": plan_mean_width,
    "entropy": plan_entropy_bias,
    "power": plan_residual_power,
    "alt_test": plan_altest_pass,
}


def planned(asked: Mapping[str, Any], *, progress: Progress | None = None) -> dict[str, Any]:
    """What is asked of a study, and the ways to get it: the numbers of the command, the page and the API.

    Parameters
    ----------
    asked : mapping
        Fields of `PlanSpecification`; those that are missing have their usual values.
    progress : callable, optional
        Called with the share done, from 0 to 1.

    Returns
    -------
    dict
        As JSON holds it. Run again with the same seed it is the same.

    Raises
    ------
    PlanError
        If something asked for makes no sense, or the pilot is too thin to learn from.
    """
    specification = PlanSpecification.checked(asked)
    population, described = _population(specification)
    found = _found(population, specification, progress)
    goal = GOALS[specification.goal]
    return {
        "goal": specification.goal,
        "words": goal.words,
        "target": specification.target,
        "unit": goal.unit,
        "specification": asdict(specification),
        "population": described,
        "options": [_option(option, specification) for option in found.options],
        "best": found.best,
        **({"reason": found.reason} if found.reason else {}),
        "seed": specification.seed,
        "version": settings.VERSION,
    }


def _population(asked: PlanSpecification) -> tuple[Population, dict[str, Any]]:
    """Who answers, like the people of a pilot or as assumed, and how they are described."""
    try:
        if asked.pilot:
            people, source = _pilot(asked)
        else:
            shares = asked.shares or [1.0] * len(asked.values)
            people = Population.assumed(
                asked.values,
                shares=shares,
                alpha=asked.alpha,
                query_share=asked.query_share,
                severity_share=asked.severity_share,
            )
            source = {"source": "assumed"}
    except PlanError:
        raise
    except ValueError as error:
        words = str(error)
        raise PlanError(
            f"{words[0].upper()}{words[1:]}.", field="pilot" if asked.pilot else "alpha"
        ) from error
    numbers = {name: round(getattr(people, name), 6) for name in ("alpha", "query_share", "severity_share")}
    shares = [round(share, 6) for share in people.shares]
    return people, {**source, "values": list(people.values), "shares": shares, **numbers}


def _pilot(asked: PlanSpecification) -> tuple[Population, dict[str, Any]]:
    study = Study.objects.filter(slug=asked.pilot).first()
    if study is None:
        raise PlanError(f"There is no study {asked.pilot} to learn from.", field="pilot")
    frame = label_frame(study)
    people = Population.fitted(frame.counts, frame.values, frame.queries, severity_share=asked.severity_share)
    described = {
        "source": "pilot",
        "pilot": study.slug,
        "items": int((frame.counts.sum(axis=1) > 1).sum()),
        "labels": int(frame.counts.sum()),
        "simulated": frame.simulated,
    }
    return people, described


def _found(people: Population, asked: PlanSpecification, progress: Progress | None) -> Options:
    if asked.goal == "power" and len(people.values) < 3:
        words = "On two values the mean says how much people disagree: the test has nothing to compare."
        raise PlanError(words, field="scale_high")
    given = {name: getattr(asked, name) for name in GOALS[asked.goal].uses}
    if asked.goal == "alpha":
        given["session_size"] = asked.session_size
    if asked.goal == "entropy":
        given["corrected"] = given.pop("entropy") == "corrected"
    return PLANNERS[asked.goal](
        people,
        target=asked.wanted,
        items_per_query=asked.items_per_query,
        grid=asked.labels_per_item,
        simulations=asked.simulations,
        rng=np.random.default_rng(asked.seed),
        progress=progress,
        **given,
    )


def _option(option: Option, asked: PlanSpecification) -> dict[str, Any]:
    """What an option takes: people, their time, and money."""
    people = option.people or _people(option, asked)
    minutes = option.labels * asked.seconds_per_item / 60
    return {
        "labels_per_item": option.labels_per_item,
        "items": option.items,
        "queries": option.queries,
        "people": people,
        "labels": option.labels,
        "minutes": round(minutes, 1),
        "minutes_a_person": round(minutes / people, 1),
        "achieved": asdict(option.achieved),
        "met": option.met,
        "cost": _cost(option.labels, asked),
        **(with_caution(option.queries, jackknife=True) if asked.goal == "alpha" else {}),
    }


def _people(option: Option, asked: PlanSpecification) -> int:
    """Nobody labels an item twice, nor more than their sessions hold."""
    each = min(asked.session_size * asked.sessions_per_person, option.items)
    return max(option.labels_per_item, ceil(option.labels / each))


def _cost(labels: int, asked: PlanSpecification) -> dict[str, str] | None:
    """Rounded once, for the whole; exact until then. None where nothing is paid."""
    if not asked.pay_by or asked.pay_rate is None:
        return None
    rate, fee = Decimal(asked.pay_rate), Decimal(str(asked.fee_percent)) / 100
    units = Decimal(labels)
    if asked.pay_by == Study.Pay.TIME:
        units = units * Decimal(str(asked.seconds_per_item)) / 3600
    pay = rounded(units * rate, asked.currency)
    charged = rounded(units * rate * fee, asked.currency)
    return {"currency": asked.currency, "pay": str(pay), "fee": str(charged), "total": str(pay + charged)}
