"""What an audit reads, keeps and measures again; the same bit for bit."""

import threading
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from threadpoolctl import threadpool_limits

from annotation.models import Label, Study
from calibration.asking import AuditError
from calibration.audit import (
    add_scorers,
    as_json,
    create_audit,
    run_audit,
)
from calibration.frozen import NothingFrozen, column_of, people_of
from calibration.measures.each import exact_sums
from calibration.measures.keys import data_hash
from calibration.measures.measure import by_name, measure
from calibration.models import Audit, Measurement, Score, Scorer
from calibration.tasks import enqueue_audit
from tests.calibration.scored import NAMES, asked, finished, make_scored_study, measured_since
from tests.factory import make_labels

pytestmark = pytest.mark.django_db


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


def test_an_audit_freezes_what_the_study_is_when_it_runs() -> None:
    audit = create_audit(study=make_scored_study(items=24), replicates=20)
    Study.objects.update(simulated=True)
    result = run_audit(audit=audit).result
    assert result is not None and result["simulated"] is True


def test_a_finished_audit_stays_as_it_is_when_labels_come_later() -> None:
    study = make_scored_study()
    audit = run_audit(audit=create_audit(study=study, replicates=20))
    frozen = audit.result
    for item in study.items.all():
        make_labels(item, [1])
    assert run_audit(audit=audit).result == frozen
    enqueue_audit(audit=audit)
    audit.refresh_from_db()
    assert (audit.state, audit.result) == (Audit.State.FINISHED, frozen)
