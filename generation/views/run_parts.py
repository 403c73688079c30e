"""What the pages of all apps' runs are made of."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import Form

from generation.forms.runs import BudgetForm
from generation.models import AbstractRun
from generation.pages import ConsoleRequest
from generation.runs.asking import change_budget, may_try, start_run
from generation.runs.ending import UNFINISHED
from generation.runs.errors import RunError
from generation.runs.preview import preview
from generation.runs.pricing import price_of
from generation.runs.standing import Standing
from generation.servers import may_use
from generation.tasks import enqueue_run

# How many are asked about before all are.
TRIAL = 3


def under_way(run: AbstractRun) -> bool:
    return run.state in UNFINISHED


def follows(run: AbstractRun) -> bool:
    """Whether it may change by itself: a run that was stopped still stores what was under way."""
    return under_way(run) or (run.state == AbstractRun.State.STOPPED and run.finished_at is None)


def standing_parts(now: Standing) -> dict[str, Any]:
    """How far it is."""
    return {
        "standing": now,
        "tokens": now.tokens_in + now.tokens_out,
        "refused_share": now.share("refused"),
        "unparsable_share": now.share("unparsable"),
    }


def preview_parts(request: ConsoleRequest, run: AbstractRun) -> dict[str, Any]:
    """What is sent about the target in the address; calls that send the same, such as votes, once."""
    try:
        shown = preview(run, _position(request))
    except RunError:  # it has lost its targets
        return {"preview": None}
    distinct: dict[Any, Any] = {}
    for call in shown.calls:
        distinct.setdefault(call.messages, call)
    first, *others = distinct.values()
    return {"preview": shown, "first_call": first, "other_calls": others}


def price_parts(request: ConsoleRequest, run: AbstractRun, *, may_change: bool) -> dict[str, Any]:
    """What a start would ask for from now on."""
    price = price_of(run)
    return {
        "price": price,
        "about": {"item": "pair"}.get(price.about, price.about),
        "budget": BudgetForm(initial={name: getattr(run, name) for name in BudgetForm.base_fields}),
        "may_start": may_change and may_use(run.server, request.user),
        "may_try": may_try(run),
        "trial": TRIAL,
    }


def start(request: ConsoleRequest, run: AbstractRun) -> None:
    """Try a run on the first few, start it, or go on with it, within the budget that the form has."""
    form = BudgetForm(request.POST)
    try:
        with transaction.atomic():
            if "budget" in request.POST:
                _set_budget(request, run, form)
            start_run(run=run, by=request.user, trial=TRIAL if "trial" in request.POST else None)
            enqueue_run(run=run)
    except RunError as error:
        messages.error(request, str(error))


def _set_budget(request: ConsoleRequest, run: AbstractRun, form: Form) -> None:
    """Raises RunError."""
    if not form.is_valid():
        name, lines = next(iter(form.errors.items()))
        raise RunError(f"{form.fields[name].label}: {lines[0]}")
    given = form.cleaned_data
    if any(given[name] != getattr(run, name) for name in given):
        change_budget(run=run, by=request.user, **given)


def _position(request: ConsoleRequest) -> int:
    given = request.GET.get("position", "")
    return int(given) if given.isdecimal() and len(given) < 10 else 0
