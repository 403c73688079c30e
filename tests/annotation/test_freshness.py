"""What is kept of a study is made once, however many ask for it at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from annotation.freshness import kept
from annotation.models import Study
from tests.factory import make_items, make_labels, make_study


@pytest.mark.django_db(transaction=True)
def test_threads_that_ask_at_once_make_it_once_and_a_label_makes_it_anew() -> None:
    study = make_study(imported=True)
    (item,) = make_items(study, 1)
    make_labels(item, [1, 2])
    made, start = [], Barrier(4)

    def make() -> int:
        made.append(1)
        return len(made)

    def ask(_: int) -> int:
        start.wait(timeout=30)
        try:
            return kept(Study.objects.get(pk=study.pk), "once", make)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(ask, range(4))) == {1}
    make_labels(item, [3])
    assert kept(study, "once", make) == 2
    assert kept(study, "once", make, "another") == 3
