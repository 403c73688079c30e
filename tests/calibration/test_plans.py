"""Plans are written down, simulated by a worker, and kept; their pages, command and API say the same."""

import json
import re
from collections.abc import Callable
from dataclasses import fields
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.authtoken.models import Token

from annotation.members import give_role, remove_member
from annotation.models import Study
from calibration import plans
from calibration.forms.plans import PlanForm
from calibration.models import Plan
from calibration.plan_fields import PlanError
from calibration.plan_report import answer
from calibration.plan_specification import PlanSpecification
from calibration.plans import MOST_UNFINISHED, Superseded, create_plan, delete_plan, progress_of, run_plan
from calibration.serializers import NewPlanSerializer
from calibration.tasks import enqueue_plan
from tests.factory import make_items, make_labels, make_study

pytestmark = pytest.mark.django_db
PAID = {"pay_by": "time", "pay_rate": "12", "currency": "GBP", "fee_percent": 33.0}
QUICK: dict[str, Any] = {
    "goal": "mean",
    "target": 1.0,
    "labels_per_item": [5, 40],
    "simulations": 20,
    "items": 340,
}
HTMX = {"HX-Request": "true"}


def asked_for(owner: User, **more: Any) -> Plan:
    return create_plan(owner=owner, asked=QUICK | more)


def finished(owner: User, **more: Any) -> Plan:
    plan = asked_for(owner, **more)
    run_plan(pk=plan.pk)
    plan.refresh_from_db()
    assert plan.state == Plan.State.FINISHED, plan.error
    return plan


def pilot(slug: str = "pilot") -> Study:
    study = make_study(slug)
    for n, item in enumerate(make_items(study, 40, queries=8)):
        make_labels(item, [1 + n % 5, min(5, 1 + n % 5 + n % 2), 1 + n % 3])
    return study


def worker() -> None:
    call_command("db_worker", "--batch", "--no-startup-delay", verbosity=0)


@pytest.fixture
def colleague() -> User:
    return User.objects.create_user("colleague")


@pytest.fixture
def api(researcher: User) -> Client:
    token = Token.objects.create(user=researcher)
    return Client(headers={"Authorization": f"Token {token.key}"})


@pytest.mark.parametrize(
    "wrong",
    [{"state": "finished"}, {"state": "failed"}, {"progress": 1.01}, {"progress": -0.01}],
)
def test_the_database_refuses_a_plan_without_what_its_state_says(
    researcher: User, wrong: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.create(owner=researcher, specification={"goal": "mean"}, **wrong)


@pytest.mark.django_db(transaction=True)
def test_the_api_starts_a_plan_a_worker_runs_it_and_run_again_it_is_the_same(
    api: Client, researcher: User
) -> None:
    pilot()
    started = api.post("/api/v1/plans/", QUICK | PAID | {"pilot": "pilot"}, "application/json")
    assert (started.status_code, started.json()["state"]) == (201, "waiting"), started.content
    assert started.json()["specification"]["seconds_per_item"] == 30.0
    worker()
    url = f"/api/v1/plans/{started.json()['id']}/"
    plan = api.get(url).json()
    assert (plan["state"], plan["progress"], plan["pilot"]) == ("finished", 1.0, "pilot"), plan
    assert plan["result"]["population"]["labels"] == 120
    kept = Plan.objects.get(pk=plan["id"])
    enqueue_plan(plan=kept)
    worker()
    assert api.get(url).json() == plan
    anew = create_plan(owner=researcher, asked=kept.specification)
    run_plan(pk=anew.pk)
    anew.refresh_from_db()
    assert anew.result == kept.result
    (listed,) = api.get("/api/v1/plans/?pilot__slug=pilot&limit=1").json()["results"]
    assert "result" not in listed
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_plan_whose_worker_was_killed_is_run_again(console: Client, researcher: User) -> None:
    plan = asked_for(researcher)
    Plan.objects.filter(pk=plan.pk).update(state="running", progress=0.4)
    shown = console.get(reverse("plan", args=[plan.pk])).content.decode()
    assert '<progress value="0.400" max="1"' in shown
    assert '<noscript><meta http-equiv="refresh"' in shown
    console.post(reverse("plan", args=[plan.pk]))
    plan.refresh_from_db()
    assert (plan.state, plan.progress) == ("waiting", 0.0)
    worker()
    plan.refresh_from_db()
    assert plan.state == "finished"
    assert "HX-Refresh" in console.get(reverse("plan", args=[plan.pk]), headers=HTMX)


def test_progress_is_written_at_most_once_a_second_and_stops_who_was_superseded(
    researcher: User,
    django_assert_num_queries: Callable[[int], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = asked_for(researcher)
    Plan.objects.filter(pk=plan.pk).update(state="running")
    now = 100.0
    monkeypatch.setattr(plans, "monotonic", lambda: now)
    write = progress_of(plan)
    with django_assert_num_queries(1):
        write(0.25)
        now += 0.9
        write(0.3)
    now += 0.2
    write(0.5)
    plan.refresh_from_db()
    assert plan.progress == 0.5
    enqueue_plan(plan=plan)
    now += 1.1
    with pytest.raises(Superseded):
        write(0.6)
    delete_plan(plan=plan)
    run_plan(pk=plan.pk or 0)
    assert not Plan.objects.exists()


def test_a_pilot_takes_a_role_in_it_and_labels_enough(colleague: User, researcher: User) -> None:
    study = pilot()
    with pytest.raises(PlanError, match="no study pilot among those that you may read"):
        asked_for(colleague, pilot="pilot")
    give_role(study=study, name="colleague", role="viewer")
    assert finished(colleague, pilot="pilot").pilot == study
    make_labels(make_items(make_study("thin"), 2)[0], [1, 2])
    thin = asked_for(researcher, pilot="thin")
    run_plan(pk=thin.pk)
    thin.refresh_from_db()
    assert (thin.state, thin.error[:24]) == ("failed", "The pilot is too thin: f")
    gone = asked_for(researcher, pilot="pilot")
    Plan.objects.filter(pk=gone.pk).update(pilot=None)  # as the database does when the study goes
    run_plan(pk=gone.pk)
    gone.refresh_from_db()
    assert "was deleted" in gone.error


def test_who_lost_the_role_in_the_pilot_learns_nothing_new_of_it(
    console: Client, colleague: User, researcher: User
) -> None:
    study = pilot()
    give_role(study=study, name="colleague", role="viewer")
    plan = asked_for(colleague, pilot="pilot")
    remove_member(study=study, name="colleague")
    Study.objects.update(name="Renamed since")
    run_plan(pk=plan.pk)
    plan.refresh_from_db()
    assert (plan.state, plan.result) == ("failed", None)
    assert "may not read pilot any more" in plan.error
    console.force_login(colleague)
    listed = console.get(reverse("plans")).content.decode()
    assert "like those of pilot" in listed
    assert "Renamed since" not in listed


def test_a_plan_that_was_handed_out_twice_runs_once(researcher: User) -> None:
    plan = asked_for(researcher)
    Plan.objects.filter(pk=plan.pk).update(state="running", progress=0.4)
    run_plan(pk=plan.pk)
    plan.refresh_from_db()
    assert (plan.state, plan.progress) == ("running", 0.4)


def test_nobody_fills_the_workers_alone(researcher: User) -> None:
    for _ in range(MOST_UNFINISHED):
        asked_for(researcher)
    with pytest.raises(PlanError, match="wait or run"):
        asked_for(researcher)
    assert Plan.objects.count() == MOST_UNFINISHED


def test_the_page_says_the_answer_every_way_its_interval_and_what_it_rests_on(
    console: Client, researcher: User
) -> None:
    plan = finished(researcher, **PAID)
    assert plan.result
    best = plan.result["options"][plan.result["best"]]
    shown = console.get(reverse("plan", args=[plan.pk])).content.decode()
    assert answer(plan.result) in shown
    words = (
        rf"Ask {best['labels_per_item']} people about each of 340 items: [\d,]+ labels by about [\d,]+ people"
    )
    assert re.search(words + r", [\d,]+\.\d\d GBP\.", shown)
    for option in plan.result["options"]:
        assert f'data-label="labels">{option["labels"]:,}<' in shown
    assert shown.count("not met") == sum(not option["met"] for option in plan.result["options"])
    assert shown.count("met, fewest labels") == 1
    assert "Simulated people are simpler than people" in shown
    assert f"labels_per_item={best['labels_per_item']}" in shown
    new = console.get(reverse("study-new") + f"?labels_per_item={best['labels_per_item']}").content.decode()
    assert f'name="labels_per_item" value="{best["labels_per_item"]}"' in new
    svg = console.get(reverse("plan-figure", args=[plan.pk, "svg"])).content.decode()
    assert "simulated people" in svg and "class=" not in svg
    rows = console.get(reverse("plan-figure", args=[plan.pk, "csv"])).content.decode().splitlines()
    assert rows[0].startswith("labels_per_item,items,labels,") and len(rows) == 1 + len(
        plan.result["options"]
    )
    assert console.get(reverse("plan-figure", args=[plan.pk, "pdf"])).status_code == 404
    console.post(reverse("plan-delete", args=[plan.pk]))
    assert not Plan.objects.exists()


def test_a_plan_that_reaches_nothing_says_why(console: Client, researcher: User) -> None:
    plan = finished(researcher, target=0.002, labels_per_item=[2])
    shown = console.get(reverse("plan", args=[plan.pk])).content.decode()
    assert plan.result and plan.result["best"] is None
    assert f"No way that was tried reaches the target: {plan.result['reason']}." in shown


@pytest.mark.parametrize("goal", ["alpha", "mean", "entropy", "power", "alt_test"])
def test_the_form_asks_what_its_goal_needs_and_starts_the_plan(
    console: Client, goal: str, researcher: User
) -> None:
    pilot()
    for query in (f"?goal={goal}", f"?goal={goal}&pilot=pilot"):
        form = console.get(reverse("plans") + query).context["form"]
        assert ("noise_ratio" in form.fields) == (goal == "power")
        assert ("scale_low" in form.fields) == ("pilot" not in query)
        given = {field.name: field.value() for part in form.parts for field in part[1]}
        sent = {name: form.fields[name].prepare_value(value) for name, value in given.items()}
        sent = {name: "" if value is None else value for name, value in sent.items()}
        answer = console.post(reverse("plans") + query, sent)
        assert answer.status_code == 302, answer.context["form"].errors
    plan = Plan.objects.latest("pk")
    assert (plan.goal, plan.specification["pilot"], plan.specification["currency"]) == (goal, "pilot", "GBP")
    listed = console.get(reverse("plans")).content.decode()
    assert "like those of Pilot" in listed and "waiting" in listed


def test_what_makes_no_sense_is_one_line_at_its_field_and_nothing_is_kept(
    console: Client, api: Client
) -> None:
    form = console.get(reverse("plans")).context["form"]
    sent = {field.name: field.value() for part in form.parts for field in part[1]} | {"shares": ""}
    sent |= {"labels_per_item": "3 5", "alpha": "1.5"}
    answer = console.post(reverse("plans"), sent)
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["alpha"])
    for wrong, words in (
        ({"goal": "fame"}, "fame"),
        ({"simulations": 10**9}, "Simulations must be"),
        ({"goal": "alpha", "target": 0.1, "items": 750, "simulations": 5000}, "fewer simulations"),
        (
            {"goal": "power", "target": 0.8, "items": 750, "simulations": 600, "scale_high": 101},
            "values of the scale",
        ),
        ({"labels_per_item": list(range(2, 99))}, "Labels per item|Labels an item"),
        ({"pilot": "nowhere"}, "no study nowhere"),
        ({"luck": 1}, "no field luck"),
    ):
        refused = api.post("/api/v1/plans/", QUICK | wrong, "application/json")
        assert refused.status_code == 400 and re.search(words, refused.content.decode()), refused.content
    assert api.post("/api/v1/plans/", [{}], "application/json").status_code == 400
    assert not Plan.objects.exists()


def test_form_and_api_know_every_field_of_a_plan_and_no_other() -> None:
    known = {field.name for field in fields(PlanSpecification)}
    assert known == set(NewPlanSerializer().fields)
    assert known - {"goal", "pilot"} == set(PlanForm.base_fields)


def test_the_command_prints_every_way_and_the_best(researcher: User) -> None:
    plan = finished(researcher, **PAID)
    flags = ["--target=1.0", "--items=340", "--simulations=20", "--labels-per-item", "5", "40"]
    paid = ["--pay-by=time", "--pay-rate=12", "--currency=GBP", "--fee-percent=33"]

    def printed(*more: str) -> str:
        out = StringIO()
        call_command("plan", "mean", *flags, *paid, *more, stdout=out)
        return out.getvalue()

    assert plan.result
    assert json.loads(printed("--json")) == plan.result
    text = printed()
    assert answer(plan.result) in text.splitlines()
    assert len(
        re.findall(r"^ +\d+ +340 +[\d,]+ +[\d,]+  .* (?:no|yes|best) +[\d,.]+ GBP$", text, re.M)
    ) == len(plan.result["options"])
    fractions = json.loads(printed("--json", "--fee-percent=33.3", "--seconds-per-item=22.5"))[
        "specification"
    ]
    assert (fractions["fee_percent"], fractions["seconds_per_item"]) == (33.3, 22.5)
    for wrong, words in (
        (["--target=-1"], "Target must be"),
        (["--pilot=nowhere"], "no study nowhere"),
        (["--currency=XXX"], "currency must be"),
    ):
        with pytest.raises(CommandError, match=words) as caught:
            printed(*wrong)
        assert "\n" not in str(caught.value)
