"""Plans of studies: write down what is asked, simulate it in the background, keep what was found."""

import json
import logging
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotation.roles import studies_of
from calibration.models import Plan
from calibration.planning import GOALS, PlanError, checked, planned

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_WRITES = 1.0
# Of one person at a time: others' audits wait for the same workers.
MOST_UNFINISHED = 5
# At the largest size that it may try: a minute or a few of a worker.
MOST_ANSWERS = 1_000_000_000


class Superseded(Exception):
    """The plan was deleted, or handed to a worker again: what this one computes is of no use."""


def plans_of(user: User | AnonymousUser) -> QuerySet[Plan]:
    """The plans that a user may see: their own; a superuser sees everybody's."""
    return Plan.objects.all() if user.is_superuser else Plan.objects.filter(owner=user.pk)


@transaction.atomic
def create_plan(*, owner: User, asked: Mapping[str, Any]) -> Plan:
    """Write down what is asked; a pilot is a study that the owner may read.

    Raises PlanError.
    """
    specification = checked(asked)
    pilot = None
    if slug := specification.get("pilot"):
        pilot = studies_of(owner).filter(slug=slug).first()
        if pilot is None:
            raise PlanError(f"There is no study {slug} among those that you may read.")
    scale = pilot.values if pilot else range(specification["scale_low"], specification["scale_high"] + 1)
    _check_size(specification, values=len(scale))
    unfinished = Plan.objects.filter(owner=owner, state__in=[Plan.State.WAITING, Plan.State.RUNNING])
    if unfinished.count() >= MOST_UNFINISHED:
        raise PlanError(f"{MOST_UNFINISHED} of your plans wait or run: delete one, or wait for it.")
    return Plan.objects.create(owner=owner, pilot=pilot, specification=specification)


def _check_size(specification: Mapping[str, Any], *, values: int) -> None:
    """Raises PlanError for what would keep a worker for hours: an item takes its labels, or its scale."""
    if "most_items" not in GOALS[specification["goal"]].uses:
        return
    each = max(values, *specification["labels_per_item"])
    answers = specification["simulations"] * specification["most_items"] * each
    if answers > MOST_ANSWERS:
        raise PlanError(
            f"Up to {answers:,} answers, or values of the scale, would be simulated at a time, more than "
            f"{MOST_ANSWERS:,}: ask for fewer simulations, items at most, or people an item.",
            field="simulations",
        )


def delete_plan(*, plan: Plan) -> None:
    """Delete a plan in whatever state; the worker that runs it stops at its next step."""
    plan.delete()


def run_plan(*, pk: int) -> None:
    """Run a plan and keep its result; a finished one, or one that is gone, is left alone.

    1. Claim it, from waiting alone: one worker runs it, however often it was handed out. A killed worker
       leaves it running; `enqueue_plan` makes it wait again.
    2. Simulate, and write how far it is. A failure is stored as one line.
    3. Store the result unless it was handed out anew or deleted meanwhile.
    """
    plans = Plan.objects.filter(pk=pk)
    if not plans.filter(state=Plan.State.WAITING).update(state=Plan.State.RUNNING, error="", progress=0.0):
        return
    try:
        outcome = _outcome(Plan.objects.select_related("owner").get(pk=pk))
    except (Superseded, Plan.DoesNotExist):
        return
    plans.filter(state=Plan.State.RUNNING).update(**outcome)


def _outcome(plan: Plan) -> dict[str, Any]:
    """The fields of a finished or a failed plan. Raises Superseded."""
    try:
        return {
            "state": Plan.State.FINISHED,
            "result": _result(plan),
            "progress": 1.0,
            "finished_at": timezone.now(),
        }
    except Superseded:
        raise
    except PlanError as error:
        return {"state": Plan.State.FAILED, "error": str(error)}
    except Exception as error:
        logger.exception("plan %s failed", plan.pk)
        reason = str(error).strip().split("\n")[0]
        return {"state": Plan.State.FAILED, "error": f"The plan stopped: {type(error).__name__}: {reason}"}


def _result(plan: Plan) -> dict[str, Any]:
    if slug := plan.specification.get("pilot"):
        if plan.pilot is None:
            raise PlanError(f"The pilot {slug} was deleted: plan anew without it.")
        if not studies_of(plan.owner).filter(pk=plan.pilot.pk).exists():
            raise PlanError(f"The owner of this plan may not read {slug} any more: plan anew without it.")
    found = planned(plan.specification, progress=progress_of(plan))
    # Through text, as any database gives it back: NaN would raise, and PostgreSQL knows no minus zero.
    text = json.dumps(found, allow_nan=False)
    result: dict[str, Any] = json.loads(text, parse_float=lambda number: float(number) + 0.0)
    return result


def progress_of(plan: Plan) -> Callable[[float], None]:
    """What writes the share that is done to the row, in a transaction of its own, once a second at most."""
    written = monotonic() - SECONDS_BETWEEN_WRITES

    def write(share: float) -> None:
        nonlocal written
        if monotonic() - written < SECONDS_BETWEEN_WRITES:
            return
        running = Plan.objects.filter(pk=plan.pk, state=Plan.State.RUNNING)
        if not running.update(progress=min(1.0, max(0.0, share))):
            raise Superseded
        written = monotonic()

    return write
