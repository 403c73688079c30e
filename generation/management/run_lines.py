"""What commands say of a run: what would be sent and what it costs, how far it is, what came of it."""

import json
from collections.abc import Mapping
from typing import Any

from tqdm import tqdm

from generation.models import AbstractCall, AbstractRun
from generation.runs.preview import preview
from generation.runs.pricing import price_of
from generation.runs.standing import Standing, standing
from generation.runs.sums import Sums
from generation.templatetags.numbers import counted

# Of a trial: how many replies, and how many characters of each.
EXAMPLES, LONGEST = 3, 200
OUTCOMES = ("answered", "refused", "unparsable", "failed")


def price_lines(run: AbstractRun, named: Mapping[str, Any] | None) -> list[str]:
    """What the run would ask for and cost from now on; as JSON where that is to begin with `named`."""
    price = price_of(run)
    if named is not None:
        return [json.dumps({**named, **price.as_dict()})]
    what = "comparison" if price.about == "item" else price.about
    by = f"as {counted(price.n, 'request')} took" if price.measured else "estimated from the texts"
    lines = [
        f"{run.name} asks about {counted(price.targets, what)}, in {counted(price.calls, 'request')}.",
        f"That takes about {price.tokens_in:,} tokens in and {price.tokens_out:,} out, {by}, "
        f"and at most {price.most_out:,} out.",
    ]
    if price.most_money:
        lines.append(f"It costs about {price.money:.2f} {price.currency}, at most {price.most_money:.2f}.")
    return [*lines, "Nobody was asked."]


def shown_lines(run: AbstractRun) -> list[str]:
    """All that is sent about the first target."""
    lines = []
    for call in preview(run).calls:
        lines += [f"--- {call.part}"] if call.part else []
        for message in call.messages:
            lines += [f"[{message.role}]", message.text, ""]
    return lines


def bar_words(run: AbstractRun) -> str:
    """What stands beside the bar."""
    now = standing(run)
    words = [_outcomes(now), _took(now)]
    if now.seconds_left is not None:
        words.append(f"{tqdm.format_interval(now.seconds_left)} left")
    elif now.errors:
        words.append(now.errors[0].line)
    return ", ".join(words)


def outcome_lines(run: AbstractRun, now: Standing) -> list[str]:
    """What came of the run so far."""
    lines = [f"{run.name}: {_outcomes(now)} of {counted(now.calls, 'request')}, {_took(now)}."]
    lines += [f"{said.outcome or 'to be asked again'} ({said.calls:,}): {said.line}" for said in now.errors]
    lines += run.job.remarks(run)
    if run.state == AbstractRun.State.DRAFT:  # after a trial
        lines += [" ".join(call.reply.split())[:LONGEST] for call in _answered(run)]
    return lines


def _answered(run: AbstractRun) -> list[AbstractCall]:
    return [*run.calls.filter(outcome=AbstractCall.Outcome.ANSWERED).order_by("number")[:EXAMPLES]]


def _outcomes(sums: Sums) -> str:
    """How many replies there are of each kind; kinds of which none came are left out."""
    counts = [(getattr(sums, outcome), outcome) for outcome in OUTCOMES]
    return ", ".join(f"{number:,} {outcome}" for number, outcome in counts if number or outcome == "answered")


def _took(sums: Sums) -> str:
    tokens = counted(sums.tokens_in + sums.tokens_out, "token")
    return f"{tokens}, {sums.money:.2f} {sums.currency}" if sums.money else tokens
