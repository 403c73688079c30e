"""What the command `score` says: what would be sent and what it costs, how far it is, what came of it."""

import json

from tqdm import tqdm

from annotation.statistics.intervals import Estimate
from calibration.models import Run
from calibration.runs.replies import examples
from calibration.runs.standing import standing
from calibration.scorers.judges.bias import PositionBias
from generation.runs.preview import preview
from generation.runs.pricing import price_of
from generation.runs.sums import Sums
from generation.templatetags.numbers import counted

LONGEST = 200  # characters of a trial's reply
OUTCOMES = ("answered", "refused", "unparsable", "failed")


def price_lines(run: Run, *, as_json: bool) -> list[str]:
    """What the run would ask for and cost from now on."""
    price = price_of(run)
    if as_json:
        return [json.dumps({"study": run.study.slug, "scorer": run.scorer, **price.as_dict()})]
    what = "comparison" if price.about == "item" else "response"
    by = f"as {counted(price.n, 'request')} took" if price.measured else "estimated from the texts"
    lines = [
        f"{run.scorer} asks about {counted(price.targets, what)} of {run.study.slug}, "
        f"in {counted(price.calls, 'request')}.",
        f"That takes about {price.tokens_in:,} tokens in and {price.tokens_out:,} out, {by}, "
        f"and at most {price.most_out:,} out.",
    ]
    if price.most_money:
        lines.append(f"It costs about {price.money:.2f} {price.currency}, at most {price.most_money:.2f}.")
    return [*lines, "Nobody was asked."]


def shown_lines(run: Run) -> list[str]:
    """All that is sent about the first target."""
    lines = []
    for call in preview(run).calls:
        lines += [f"--- {call.part}"] if call.part else []
        for message in call.messages:
            lines += [f"[{message.role}]", message.text, ""]
    return lines


def bar_words(run: Run) -> str:
    """What stands beside the bar."""
    now = standing(run)
    words = [_outcomes(now), _took(now)]
    if now.seconds_left is not None:
        words.append(f"{tqdm.format_interval(now.seconds_left)} left")
    elif now.errors:
        words.append(now.errors[0].line)
    return ", ".join(words)


def run_lines(run: Run, *, as_json: bool) -> list[str]:
    """What came of the run so far."""
    now = standing(run)
    if as_json:
        return [json.dumps({"study": run.study.slug, "scorer": run.scorer, "run": run.pk, **now.as_dict()})]
    lines = [f"{run.scorer}: {_outcomes(now)} of {counted(now.calls, 'request')}, {_took(now)}."]
    lines += [f"{said.outcome or 'to be asked again'} ({said.calls:,}): {said.line}" for said in now.errors]
    if run.state == Run.State.DRAFT:  # after a trial
        lines += [" ".join(call.reply.split())[:LONGEST] for call in examples(run).get("answered", [])]
    return lines + (_bias(now.position_bias) if now.position_bias else [])


def _outcomes(sums: Sums) -> str:
    """How many replies there are of each kind; kinds of which none came are left out."""
    counts = [(getattr(sums, outcome), outcome) for outcome in OUTCOMES]
    return ", ".join(f"{number:,} {outcome}" for number, outcome in counts if number or outcome == "answered")


def _took(sums: Sums) -> str:
    tokens = counted(sums.tokens_in + sums.tokens_out, "token")
    return f"{tokens}, {sums.money:.2f} {sums.currency}" if sums.money else tokens


def _bias(bias: PositionBias) -> list[str]:
    return [
        f"Position bias: {_estimate(bias.mean)} steps for what is shown first; the order turns "
        f"{_estimate(bias.flips)} of {counted(bias.flips.n, 'comparison')}."
    ]


def _estimate(estimate: Estimate) -> str:
    if estimate.value is None:
        return f"undefined ({estimate.reason})"
    interval = f" ({estimate.low:.2f}, {estimate.high:.2f})" if estimate.low is not None else ""
    return f"{estimate.value:.2f}{interval}"
