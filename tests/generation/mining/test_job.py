import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from generation.mining.funnel import PAPER, funnel_of
from generation.mining.verdicts import decide
from generation.models import Candidate, Mining, Query, Run
from generation.runs.asking import start_run
from generation.runs.errors import RunError
from generation.runs.work import work
from tests.generation.mining.mined import (
    HAIKU,
    SAID,
    SECOND,
    SUEZ,
    VERSION,
    judged,
    judging,
    make_mining,
    make_run,
    message_of,
    standing,
)
from tests.model_server import Answer, Asked, chat, serving

pytestmark = pytest.mark.django_db
OPENED = SAID[SUEZ]["revised"]


def queries(mining: Mining) -> dict[str, str]:
    assert mining.collection is not None
    return dict(mining.collection.queries.values_list("text", "openness"))


def test_each_candidate_ends_at_its_gate_and_what_passes_is_a_query(tmp_path: Path) -> None:
    mining = make_mining(tmp_path)
    run = judged(mining)
    assert (run.state, run.calls.count()) == ("finished", 4)
    assert standing(mining) == {
        HAIKU: (True, False, True, HAIKU),
        SUEZ: (True, False, False, OPENED),
        HAIKU[:-1] + "!": (None, None, None, ""),  # near the first: nobody was asked
        VERSION: (True, True, None, ""),
        SECOND: (False, None, None, ""),
    }
    assert queries(mining) == {HAIKU: "open", OPENED: "closed"}
    made = Query.objects.get(text=OPENED)
    assert made.metadata["original"] == SUEZ
    assert made.metadata["mining"] == mining.name
    assert set(made.metadata["reasons"]) == {"meaningful", "about_the_model", "answers"}
    dropped = Candidate.objects.get(text=SECOND)
    assert dropped.reasons == {"meaningful": "So it is: no."}
    funnel = funnel_of(mining)
    assert funnel.parts == {
        "unjudged": 0, "meaningless": 1, "about_the_model": 1, "open": 1, "closed": 1, "near": 1,
    }  # fmt: skip
    assert [(gate.left, gate.dropped) for gate in funnel.model] == [(4, 0), (3, 1), (2, 1)]
    assert funnel.file[-1].left == funnel.model[0].left


def test_the_papers_funnel_adds_up() -> None:
    asked, *ended = PAPER.values()
    assert asked == sum(ended)


def test_a_query_that_was_known_keeps_its_row(tmp_path: Path) -> None:
    known = Query.objects.create(
        text=HAIKU, digest=Query.digest_of(HAIKU), openness="closed", metadata={"of": "a person"}
    )
    unsaid = Query.objects.create(text=OPENED, digest=Query.digest_of(OPENED), external_id="q7")
    mining = make_mining(tmp_path)
    judged(mining)
    for one in (known, unsaid):
        one.refresh_from_db()
    assert (known.openness, known.metadata) == ("closed", {"of": "a person"})
    assert (unsaid.openness, unsaid.external_id, unsaid.metadata) == ("closed", "q7", {})
    assert queries(mining) == {HAIKU: "closed", OPENED: "closed"}
    assert Query.objects.count() == 2


def test_collecting_again_changes_nothing_and_another_model_replaces_what_the_first_said(
    tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    mining = make_mining(tmp_path)
    run = judged(mining)
    before, rows = standing(mining), list(Query.objects.values())
    run.job.collect(run, after=-1)
    assert (standing(mining), list(Query.objects.values())) == (before, rows)
    judged(mining, judging({**SAID, HAIKU: {"meaningful": "no"}, SECOND: {"answers": "multiple"}}), "by n")
    assert queries(mining) == {OPENED: "closed", SECOND: "open"}
    assert Query.objects.filter(text=HAIKU).exists()
    judged(mining, judging({**SAID, SUEZ: {**SAID[SUEZ], "answers": "multiple"}}), "by o")
    assert queries(mining) == {HAIKU: "open", OPENED: "open"}


@pytest.mark.django_db(transaction=True)
def test_what_a_person_says_while_verdicts_are_written_is_not_overwritten(
    tmp_path: Path, researcher: User
) -> None:
    mining = make_mining(tmp_path)
    run = judged(mining)
    one, said = Candidate.objects.get(text=HAIKU), threading.Event()

    def say() -> None:
        try:
            with transaction.atomic():
                decide(candidate=one, decision="meaningless", by=researcher)
                said.set()
                time.sleep(0.2)
        finally:
            connection.close()

    person = threading.Thread(target=say)
    person.start()
    assert said.wait(10)
    with transaction.atomic():
        run.job.collect(run, after=-1)
    person.join()
    one.refresh_from_db()
    assert (one.meaningful, one.query) == (False, None)
    assert HAIKU not in queries(mining)


def test_what_a_person_said_is_not_overwritten(tmp_path: Path, researcher: User) -> None:
    mining = make_mining(tmp_path)
    judged(mining)
    for text, decision in ((SECOND, "open"), (HAIKU, "meaningless")):
        decide(candidate=Candidate.objects.get(text=text), decision=decision, by=researcher)
    assert queries(mining) == {OPENED: "closed", SECOND: "open"}
    judged(mining, name="by n")
    assert queries(mining) == {OPENED: "closed", SECOND: "open"}
    assert standing(mining)[HAIKU] == (False, None, None, "")


def test_refusals_and_what_cannot_be_read_stay_without_a_verdict_and_are_counted(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Answer:
        text = message_of(asked)
        if text == VERSION:
            return chat("I'm sorry, but I can't help with that.")
        return chat("Well.") if text == SECOND else judging()(asked)

    mining = make_mining(tmp_path)
    run = judged(mining, answer)
    assert run.state == "finished"
    assert sorted(run.calls.values_list("outcome", flat=True)) == [
        "answered", "answered", "refused", "unparsable",
    ]  # fmt: skip
    assert funnel_of(mining).parts["unjudged"] == 2
    assert funnel_of(mining).judged == 2


def test_a_budget_stops_the_run_with_its_reason_and_what_came_is_there(tmp_path: Path) -> None:
    texts = [f"Describe the taste of {name}, please." for name in ("salt", "rain", "iron", "honey", "smoke")]
    mining = make_mining(tmp_path, texts)
    run = judged(mining, budget_tokens=1_900)
    assert run.state == "stopped"
    assert "budget" in run.error
    answered = run.calls.filter(outcome="answered").count()
    assert 0 < answered < len(texts)
    assert len(queries(mining)) == answered
    with serving(judging()) as server:
        run.server.base_url = server.url  # type: ignore[union-attr]
        run.server.save()  # type: ignore[union-attr]
        Run.objects.filter(pk=run.pk).update(budget_tokens=None)
        work(run=start_run(run=run))
        assert len(server.asked) == len(texts) - answered
    assert len(queries(mining)) == len(texts)


def test_texts_that_are_repaired_to_the_same_are_one_query(tmp_path: Path) -> None:
    mining = make_mining(tmp_path)
    same = {"revised": "Describe a river in winter."}
    judged(mining, judging({HAIKU: same, SUEZ: {**same, "answers": "single"}, VERSION: {"about": "yes"}}))
    # Of different verdicts the first in the file counts.
    assert queries(mining) == {"Describe a river in winter.": "open", SECOND: "open"}
    assert Query.objects.get(text="Describe a river in winter.").candidates.count() == 2


def test_nothing_is_asked_about_a_log_that_was_not_read_to_its_end(tmp_path: Path) -> None:
    mining = make_mining(tmp_path)
    Mining.objects.update(funnel=[])
    mining.refresh_from_db()
    with pytest.raises(RunError, match="not read to its end"):
        make_run(mining, "http://127.0.0.1:1/v1")
