"""Audits in the background: cancelled, killed and taken up again, grown by a scorer, the same bit for bit."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from threadpoolctl import threadpool_limits

from annotation.models import Label, Study
from calibration.asking import AuditError
from calibration.audit import (
    LOST_AFTER,
    MOST_UNFINISHED,
    add_scorers,
    as_json,
    cancel_audit,
    create_audit,
    run_audit,
)
from calibration.frozen import NothingFrozen, column_of, people_of
from calibration.measures.each import Stopped, exact_sums, measure_each
from calibration.measures.keys import data_hash
from calibration.measures.measure import by_name, measure
from calibration.models import Audit, Measurement, Score, Scorer
from calibration.tasks import enqueue_audit, run_audit_task
from tests.calibration.scored import make_scored_study
from tests.factory import make_labels, make_study
from tests.server import SECRET_KEY, database_url

pytestmark = pytest.mark.django_db

NAMES = ("alpha", "beta", "gamma")
ROOT = Path(__file__).resolve().parent.parent.parent


def asked(study: Study, **more: Any) -> Audit:
    return create_audit(study=study, **({"replicates": 20, "preset": "paper"} | more))


def finished(audit: Audit, **options: Any) -> Audit:
    run_audit(audit=audit, **options)
    assert (audit.state, audit.error) == (Audit.State.FINISHED, "")
    return audit


def measured_since(moment: Any) -> list[str]:
    """The scorers that were measured, not copied, since then."""
    return [
        *Measurement.objects.filter(measured_at__gte=moment)
        .order_by("scorer")
        .values_list("scorer", flat=True)
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "finished"},
        {"state": "failed"},
        {"state": "cancelled", "result": {}},
        {"state": "lost"},
        {"preset": "none"},
        {"cluster_unit": "group"},
        {"progress": 1.01},
        {"seed": -1},
        {"epsilon": 1.0},
        {"margin": 0.0},
        {"confident": 1.0},
    ],
)
def test_the_database_refuses_an_audit_that_makes_no_sense(wrong: dict[str, Any]) -> None:
    study = make_study()
    with pytest.raises(IntegrityError), transaction.atomic():
        Audit.objects.create(study=study, **wrong)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"margin": 0.0}, "margin"),
        ({"confident": 0.4}, "confident share"),
        ({"cluster_unit": "group"}, "no group"),
        ({"cluster_unit": "form"}, "lie in no forms"),
        ({"subsets": {"tukey": [1]}, "preset": "paper"}, "authors’ subsets"),
        ({"subsets": {}}, "at least one rule"),
        ({"subsets": {"ties": [50]}}, "no rule ties for rating studies"),
        ({"subsets": {"tukey": []}}, "1 to 20 different numbers"),
        ({"subsets": {"tukey": [1, 1.0]}}, "1 to 20 different numbers"),
        ({"subsets": {"entropy": [101]}}, "more than 0 and at most 100, not 101"),
        ({"subsets": {"tukey": [float("nan")]}}, "more than 0, not nan"),
    ],
)
def test_a_specification_that_makes_no_sense_is_refused_in_one_line(more: dict[str, Any], words: str) -> None:
    study = make_scored_study(items=12)
    with pytest.raises(AuditError, match=words) as caught:
        create_audit(study=study, **more)
    assert "\n" not in str(caught.value)
    assert not Audit.objects.exists()


def test_chosen_subsets_and_thresholds_are_what_is_measured_and_stored() -> None:
    study = make_scored_study()
    chosen = {"entropy": [30.0], "tukey": [2.0, 0.25]}
    audit = finished(asked(study, preset="standard", subsets=chosen, margin=0.25, confident=0.9, epsilon=0.1))
    assert audit.result is not None
    cut = [(subset["rule"], subset["parameter"]) for subset in audit.result["subsets"]]
    assert sorted(cut) == [("entropy", 30.0), ("tukey", 0.25), ("tukey", 2.0)]
    assert (audit.result["margin"], audit.result["confident"], audit.result["epsilon"]) == (0.25, 0.9, 0.1)
    assert audit.subsets == chosen


def test_intervals_resample_the_cluster_unit_that_is_asked_for() -> None:
    study = make_scored_study(scorers=("reward", "half"))
    for item in study.items.all():
        study.items.filter(pk=item.pk).update(block=1 + item.position // 10)
    for unit, number in (("", 12), ("query", 12), ("form", 6), ("item", 60)):
        audit = finished(asked(study, cluster_unit=unit, replicates=50, scorers=["reward"]))
        assert audit.result is not None
        assert audit.result["cluster_unit"] == audit.result["clusters"]["unit"] == (unit or "query")
        assert audit.result["clusters"]["n"] == number
        assert audit.result["scorers"][0]["spearman"]["clusters"] == number
        caution = audit.result["clusters"].get("caution", "")
        assert ("intervals are too narrow" in caution) is (unit in ("form", "item"))


def test_run_again_every_bit_is_the_same_in_any_order_and_number_of_threads() -> None:
    study = make_scored_study(scorers=NAMES)
    texts = {
        as_json(finished(asked(study, preset="standard", scorers=order), reuse=False, threads=threads).result)
        for order in (NAMES, NAMES[::-1])
        for threads in (1, 2)
    }
    assert len(texts) == 1
    kept = [Measurement.objects.filter(scorer=name).values_list("found", "column") for name in NAMES]
    assert [len({(bytes(found), bytes(column)) for found, column in rows}) for rows in kept] == [1, 1, 1]


def test_sums_are_the_same_bit_for_bit_whatever_threads_the_machine_gives_them() -> None:
    numbers = np.random.default_rng(1).normal(size=(300, 1500))
    products = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads, user_api="blas"), exact_sums():
            products.append((numbers @ numbers[0]).tobytes() + (numbers @ numbers.T).tobytes())
    assert products[0] == products[1]


def test_a_scorer_added_to_a_finished_audit_is_the_only_one_that_is_measured() -> None:
    study = make_scored_study(scorers=NAMES)
    first = finished(asked(study, scorers=["alpha", "gamma"]))
    now = timezone.now()
    with pytest.raises(AuditError, match="not in the audit"):
        add_scorers(audit=first, scorers=["alpha"])
    grown = finished(add_scorers(audit=first, scorers=["beta"]))
    assert measured_since(now) == ["beta"]
    assert (grown.replicates, grown.preset, grown.measurements.count()) == (20, "paper", 3)
    kept = as_json(grown.result)
    first.delete()  # takes nothing from the other
    assert column_of(grown, "alpha").name == "alpha"
    assert as_json(finished(asked(study), reuse=False).result) == kept


def test_what_has_changed_is_measured_again_and_nothing_else() -> None:
    study = make_scored_study(scorers=NAMES)
    finished(asked(study))
    now = timezone.now()
    Score.objects.filter(study=study, scorer__name="beta").update(value=1.5)
    finished(asked(study))
    assert measured_since(now) == ["beta"]
    for different in ({"seed": 1}, {"replicates": 21}, {"epsilon": 0.1}, {"cluster_unit": "item"}):
        now = timezone.now()
        finished(asked(study, **different))
        assert measured_since(now) == [*NAMES], different
    make_labels(study.items.all()[0], [5])
    now = timezone.now()
    finished(asked(study))
    assert measured_since(now) == [*NAMES]


def test_a_cancelled_audit_stops_and_run_again_does_only_the_rest() -> None:
    study = make_scored_study(scorers=NAMES)
    alone = as_json(finished(asked(study), reuse=False).result)
    Audit.objects.all().delete()
    audit = asked(study)

    def cancel_after_one(share: float) -> None:
        if audit.measurements.exists():
            cancel_audit(audit=audit)

    run_audit(audit=audit, progress=cancel_after_one, threads=1)
    assert (audit.state, audit.result, audit.measurements.count()) == (Audit.State.CANCELLED, None, 1)
    run_audit_task.call(audit.pk)  # what waited in the queue
    audit.refresh_from_db()
    assert audit.state == Audit.State.CANCELLED
    now = timezone.now()
    enqueue_audit(audit=audit)
    run_audit_task.call(audit.pk)
    audit.refresh_from_db()
    assert as_json(audit.result) == alone
    assert len(measured_since(now)) == 2
    cancel_audit(audit=audit)
    audit.refresh_from_db()
    assert (audit.state, audit.progress) == (Audit.State.FINISHED, 1.0)
    acts = [act.what for act in study.acts.all()]
    assert acts.count("cancelled an audit") == 1


def test_a_killed_worker_s_audit_is_handed_to_a_second_one_without_anybody_s_doing() -> None:
    audit = asked(make_scored_study(items=24))
    enqueue_audit(audit=audit)
    later = DBTaskResult.objects.filter(
        run_after__gt=timezone.now(), run_after__lte=timezone.now() + LOST_AFTER
    )
    assert (DBTaskResult.objects.count(), later.count()) == (2, 1)
    cancel_audit(audit=audit)
    run_audit_task.call(audit.pk)
    assert DBTaskResult.objects.count() == 2, "of one that has ended nothing more is looked for"


def test_one_person_s_audits_do_not_keep_the_workers_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    study, person = make_scored_study(items=24), User.objects.create_user("ann")
    monkeypatch.setattr("calibration.asking.MOST_DRAWS", 24 * 20 * 2)
    with pytest.raises(AuditError, match="are hours of a worker"):
        asked(study, replicates=21, created_by=person)
    monkeypatch.setattr("calibration.asking.MOST_WEIGHTS", 12 * 20)
    with pytest.raises(AuditError, match="are gigabytes"):
        asked(study, cluster_unit="item", created_by=person)
    for _ in range(MOST_UNFINISHED):
        last = asked(study, created_by=person)
    with pytest.raises(AuditError, match="cancel one, or wait"):
        asked(study, created_by=person)
    asked(study, created_by=User.objects.create_user("bob"))
    asked(study)
    cancel_audit(audit=last)
    asked(study, created_by=person)


def test_an_audit_whose_scorers_were_deleted_says_so() -> None:
    audit = asked(make_scored_study(items=24))
    Scorer.objects.all().delete()
    run_audit(audit=audit)
    assert (audit.state, audit.error) == (Audit.State.FAILED, "The scorers of this audit were deleted.")


def test_what_an_audit_reads_takes_as_many_queries_whatever_the_items_and_scorers() -> None:
    numbers = []
    for slug, items, scorers in (("small", 24, ("a", "b")), ("large", 96, ("c", "d", "e", "f"))):
        study = make_scored_study(slug, items=items, scorers=scorers)
        finished(asked(study))
        again = asked(study)  # all of it is measured already
        with CaptureQueriesContext(connection) as queries:
            finished(again)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] <= 30


@pytest.mark.django_db(transaction=True)
def test_an_audit_is_of_one_moment_however_people_label_while_it_reads() -> None:
    study = make_scored_study(scorers=NAMES)
    alone = as_json(finished(asked(study)).result)
    said = list[Label]()

    def label() -> None:
        said.extend(make_labels(study.items.all()[0], [5]))
        connection.close()

    def meanwhile(execute: Any, sql: str, *rest: Any) -> Any:
        found = execute(sql, *rest)
        if not said and "GROUP BY" in sql and "annotation_label" in sql:
            other = threading.Thread(target=label)
            other.start()
            other.join()
        return found

    with connection.execute_wrapper(meanwhile):
        during = as_json(finished(asked(study)).result)
    assert said and during == alone
    assert as_json(finished(asked(study)).result) != alone


def test_an_audit_deleted_while_it_runs_leaves_nothing() -> None:
    audit = asked(make_scored_study(items=24, scorers=NAMES))
    run_audit(audit=audit, progress=lambda share: Audit.objects.all().delete(), threads=1)  # type: ignore[func-returns-value]
    assert not Audit.objects.exists() and not Measurement.objects.exists()
    run_audit_task.call(audit.pk or 1)


def test_every_thread_stops_at_its_next_step_once_nobody_wants_the_rest() -> None:
    study = make_scored_study(items=12)
    columns = [column_of(finished(asked(study)), name) for name in ("judge", "reward")]
    steps: list[str] = []

    def endless(column: Any, step: Any) -> dict[str, Any]:
        while True:
            step()
            steps.append(column.name)
            time.sleep(0.001)

    def watch(share: float) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        list(measure_each(endless, columns, steps=1, threads=2, watch=watch))
    assert {*steps} == {"judge", "reward"}


def test_a_finished_audit_keeps_what_it_read_whatever_changes_later() -> None:
    study = make_scored_study(scorers=NAMES)
    audit = asked(study)
    with pytest.raises(NothingFrozen, match="keeps no labels"):
        people_of(audit)
    finished(audit)
    Label.objects.filter(item__study=study).delete()
    Score.objects.filter(study=study).delete()
    people = people_of(Audit.objects.get())
    columns = by_name(column_of(audit, name) for name in NAMES)
    assert people.frame.item_ids == [f"i{n}" for n in range(60)]
    assert data_hash(people, columns) == audit.data_hash
    assert people.rows is None  # counts, and nobody
    again = measure(people.frame, columns, people.asked)
    assert audit.result is not None
    assert again["scorers"] == audit.result["scorers"]
    with pytest.raises(NothingFrozen, match="no scores of nobody"):
        column_of(audit, "nobody")


KILLED = """
import os, signal, django
django.setup()
from calibration.audit import run_audit
from calibration.models import Audit
audit = Audit.objects.get()
def die(share):
    if audit.measurements.count() == 1:
        os.kill(os.getpid(), signal.SIGKILL)
run_audit(audit=audit, progress=die, threads=1)
"""


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_a_worker_leaves_what_it_measured_and_the_next_one_the_same_bytes() -> None:
    study = make_scored_study(scorers=NAMES)
    alone = finished(asked(study), reuse=False)
    kept = as_json(alone.result), [bytes(row.found) for row in alone.measurements.order_by("scorer")]
    alone.delete()
    audit = asked(study)
    environment = os.environ | {"DATABASE_URL": database_url(), "SECRET_KEY": SECRET_KEY}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    killed = subprocess.run([sys.executable, "-c", KILLED], cwd=ROOT, env=environment, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    audit.refresh_from_db()
    assert (audit.state, audit.result, audit.measurements.count()) == (Audit.State.RUNNING, None, 1)
    now = timezone.now()
    run_audit_task.call(audit.pk)
    waiting = DBTaskResult.objects.get()
    assert waiting.run_after > now + LOST_AFTER, "its worker was heard of just now: look later"
    assert not measured_since(now)
    Audit.objects.update(heard_at=now - LOST_AFTER)
    finished(audit)
    assert len(measured_since(now)) == 2
    rows = audit.measurements.order_by("scorer")
    assert (as_json(audit.result), [bytes(row.found) for row in rows]) == kept
