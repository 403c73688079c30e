"""Recruiters' doors over HTTP: ways in, the frame, the webhook, and the console's page about them."""

import json
import re
import time
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from annotation.models import Act, Invitation, Membership, Notice, Participant, Slot, Study, Submission
from annotation.recruitment.invitations import invite
from annotation.recruitment.notices import sign
from annotation.recruitment.panels import panel_of
from tests.prolific import STUDY, TOKEN, prolific_running
from tests.visitor import MTURK, PID, PROLIFIC, Visitor, opened

pytestmark = pytest.mark.django_db
SECRET = "a secret that Prolific made"
WEBHOOK = "/recruiters/prolific/"


@pytest.fixture
def secret(settings: Settings) -> None:
    settings.PROLIFIC_WEBHOOK_SECRET = SECRET


def notice(status: str = "RETURNED", submission: str = "submission-1") -> dict[str, str]:
    """The body that Prolific documents for a change of a submission's status."""
    return {
        "resource_id": submission,
        "event_type": "submission.status.change",
        "participant_id": PID,
        "status": status,
    }


def tell(
    body: dict[str, str] | bytes, *, event: str = "e1", sent: float | None = None, **changed: Any
) -> tuple[int, str]:
    """POST a body as Prolific does; `changed` are headers that differ."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    moment = str(int(time.time()) if sent is None else sent)
    headers = {
        "X-Prolific-Request-Timestamp": moment,
        "X-Prolific-Request-Signature": sign(body=raw, sent=moment, secret=SECRET).decode(),
        "X-Event-ID": event,
        "X-Timestamp": moment,
    }
    headers = {name: value for name, value in (headers | changed).items() if value is not None}
    client = Client(enforce_csrf_checks=True)
    answer = client.post(WEBHOOK, raw, content_type="application/json", headers=headers)
    return answer.status_code, answer.content.decode()


def test_a_signed_notice_ends_the_session_and_its_repeat_is_answered_the_same(secret: None) -> None:
    person = Visitor(opened(), **PROLIFIC)
    person.start()
    assert tell(notice())[0] == tell(notice())[0] == 200
    assert Participant.objects.get().sessions.get().outcome == "returned"
    assert not Slot.objects.exclude(participant=None).exists()
    assert Notice.objects.count() == 1
    assert "given this study back" in person.enter().content.decode()


def test_who_gave_a_place_back_and_got_another_goes_on_by_either_link(secret: None) -> None:
    study = opened(items=2, labels_per_item=1, session_size=1)
    person = Visitor(study, **PROLIFIC)
    person.start()
    tell(notice())
    assert person.enter() and "given this study back" in person.text
    again = Visitor(study, **PROLIFIC | {"SESSION_ID": "submission-2"})
    assert again.enter() and again.send().status_code == 200
    assert again.here == "/s/answers/task/1/"
    assert person.enter() and person.here == "/s/answers/task/1/"
    again.send(label=4)
    assert study.completion_code in again.text and Participant.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"X-Prolific-Request-Signature": "bm90IGl0"}, 401),
        ({"X-Prolific-Request-Signature": None}, 401),
        ({"X-Prolific-Request-Signature": "é"}, 401),
        ({"X-Prolific-Request-Timestamp": "1700000000"}, 401),
        ({"X-Prolific-Request-Timestamp": None}, 401),
        ({"X-Timestamp": "yesterday"}, 400),
        ({"X-Timestamp": "nan"}, 400),
        ({"X-Event-ID": "e" * 201}, 400),
    ],
)
def test_a_notice_with_wrong_headers_is_refused_and_nothing_is_stored(
    secret: None, changed: dict[str, Any], status: int
) -> None:
    assert tell(notice(), **changed)[0] == status
    assert not Notice.objects.exists() and not Submission.objects.exists()


BAD_BODIES: list[Any] = [
    b"",
    b"[]",
    b"{",
    b"\xff",
    b"[" * 10_000,
    notice(submission=""),
    notice(submission="x\x00"),
    notice() | {"resource_id": 5},
]


@pytest.mark.parametrize("body", BAD_BODIES)
def test_a_signed_body_that_says_nothing_is_refused_and_nothing_is_stored(secret: None, body: Any) -> None:
    assert tell(body)[0] == 400
    assert not Notice.objects.exists() and not Submission.objects.exists()


def test_a_notice_of_another_time_is_refused(secret: None) -> None:
    for sent in (time.time() - 400, time.time() + 400, 0, -5):
        assert tell(notice(), sent=sent)[0] == 400
    assert not Notice.objects.exists()


def test_a_large_body_is_refused_before_it_is_read(secret: None) -> None:
    assert tell(b" " * 20_000)[0] == 413


@pytest.mark.parametrize(
    "body",
    [
        {"event_type": "study.status.change", "resource_id": "s", "status": "PAUSED"},
        notice("A STATUS OF NEXT YEAR"),
        notice(""),
    ],
)
def test_other_events_are_thanked_for_and_change_nothing(secret: None, body: dict[str, str]) -> None:
    assert tell(body)[0] == 200
    assert not Submission.objects.exists()


def test_an_unset_secret_is_said_and_nothing_is_taken() -> None:
    status, text = tell(notice())
    assert status == 503 and "PROLIFIC_WEBHOOK_SECRET" in text
    assert not Notice.objects.exists()
    assert Client().get(WEBHOOK).status_code == 405


def test_the_time_that_is_not_signed_cannot_bring_a_notice_forward(secret: None) -> None:
    tell(notice("AWAITING REVIEW"), **{"X-Timestamp": "99999999999"})
    kept = Submission.objects.get().status_at
    assert kept is not None and kept.timestamp() <= time.time()


def test_a_worker_who_strips_the_link_is_nobody_else_where_the_open_link_is_off() -> None:
    study = opened(recruiters=["prolific"])
    person = Visitor(study, **PROLIFIC)
    person.start()
    bare = Visitor(study)
    assert bare.enter().status_code == 400 and "link that you were given" in bare.text
    assert Participant.objects.count() == 1
    person.parameters = {}  # in their own browser they are still themselves
    assert person.enter().status_code == 200 and person.here == "/s/answers/task/1/"


def test_a_consent_page_left_open_admits_nobody_after_its_way_in_was_closed() -> None:
    study = opened()
    person = Visitor(study)
    person.enter()
    Study.objects.update(recruiters=["prolific"])
    assert person.send().status_code == 400
    assert not Participant.objects.exists()


@pytest.mark.parametrize("parameters", [PROLIFIC, MTURK])
def test_who_is_inside_comes_back_after_their_way_in_was_closed_and_with_a_new_submission(
    parameters: dict[str, str],
) -> None:
    study = opened()
    person = Visitor(study, **parameters)
    person.start()
    person.send(label=4)
    Study.objects.update(recruiters=["open"])
    again = Visitor(study, **parameters | {"SESSION_ID": "submission-2", "assignmentId": "3SECOND"})
    assert again.enter().status_code == 200 and again.here == "/s/answers/task/2/"
    assert Participant.objects.get().submissions.count() == 2


def test_only_a_study_with_mechanical_turk_lets_its_pages_be_framed() -> None:
    preview = MTURK | {"assignmentId": "ASSIGNMENT_ID_NOT_AVAILABLE"}
    for recruiters, framed in ((["open", "mturk"], True), (["open", "prolific"], False)):
        study = opened(f"study-{framed}".lower(), recruiters=recruiters)
        for parameters in (preview, MTURK):
            page = Visitor(study, **parameters).enter()
            policy = page.headers["Content-Security-Policy"]
            assert ("frame-ancestors https://worker.mturk.com" in policy) == framed
            assert ("X-Frame-Options" in page.headers) != framed
        for other in (PROLIFIC, {}):
            assert (
                "frame-ancestors 'none'" in Visitor(study, **other).enter().headers["Content-Security-Policy"]
            )
    assert not Slot.objects.exclude(participant=None).exists() and not Participant.objects.exists()


def test_a_panels_person_goes_back_by_the_panels_own_address() -> None:
    panel = panel_of(person="rid", visit=["psid"], return_url="https://panel.example/end?s={psid}&c={code}")
    study = opened(items=1, recruiters=["panel"], panel=panel)
    person = Visitor(study, rid="R1", psid="x&y")
    person.start()
    person.send(label=4)
    assert f'href="https://panel.example/end?s=x%26y&amp;c={study.completion_code}"' in person.text
    assert "Prolific" not in person.text


PAGE = "/studies/answers/recruitment/"


def fields_of(study: Study, **changed: Any) -> dict[str, Any]:
    """What the page's form sends."""
    codes = ("completion_code", "partial_code", "no_work_code", "failed_checks_code", "screened_out_code")
    sent = {"ways": study.recruiters, "person": "", "visit": "", "return_url": ""}
    return sent | {name: getattr(study, name) for name in codes} | changed


def test_the_page_has_what_each_recruiter_wants(console: Client, secret: None) -> None:
    study = opened()
    html = unescape(console.get(PAGE).content.decode())
    door = "http://testserver/s/answers/"
    for text in (
        f'value="{door}"',
        f"{door}?PROLIFIC_PID={{{{%PROLIFIC_PID%}}}}&STUDY_ID={{{{%STUDY_ID%}}}}&SESSION_ID={{{{%SESSION_ID%}}}}",
        f"<ExternalURL>{door}</ExternalURL>",
        f"http://testserver{WEBHOOK}",
        study.failed_checks_code,
        study.screened_out_code,
        "The secret is set",
        "PROLIFIC_TOKEN is not set",
    ):
        assert text in html, text
    assert SECRET not in html


def test_ways_in_a_panel_and_codes_are_saved_and_logged(console: Client) -> None:
    study = opened()
    sent = fields_of(
        study,
        ways=["panel", "prolific"],
        person="rid",
        visit="psid\nsrc",
        return_url="https://panel.example/?r={rid}&c={code}",
        screened_out_code="OUT",
    )
    assert console.post(PAGE, sent).status_code == 302
    study.refresh_from_db()
    assert study.recruiters == ["prolific", "panel"] and study.screened_out_code == "OUT"
    assert study.panel["visit"] == ["psid", "src"]
    act = Act.objects.get(user__isnull=False)
    assert act.detail["fields"] == ["panel", "recruiters", "screened_out_code"]
    html = unescape(console.get(PAGE).content.decode())
    assert "/s/answers/?rid=…&psid=…&src=…" in html


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"ways": []}, "at least one way in"),
        ({"ways": ["panel"]}, "which parameter names a person"),
        ({"ways": ["carrier-pigeon"]}, "carrier-pigeon"),
        ({"person": "rid", "return_url": "http://panel.example"}, "begins with https://"),
        ({"completion_code": ""}, "required"),
    ],
)
def test_what_cannot_work_is_said_and_nothing_is_saved(
    console: Client, changed: dict[str, Any], line: str
) -> None:
    study = opened()
    answer = console.post(PAGE, fields_of(study, no_work_code="NEW", **changed))
    assert answer.status_code == 400 and line in unescape(answer.content.decode())
    study.refresh_from_db()
    assert study.no_work_code != "NEW" and study.recruiters == ["open", "prolific", "mturk"]


def test_invitations_are_made_listed_downloaded_and_revoked(console: Client) -> None:
    study = opened(recruiters=["invitation"])
    page = f"{PAGE}invitations/"
    assert console.post(page, {"notes": "Ann\n\nBob"}).status_code == 302
    assert console.post(page, {"number": 3}).status_code == 302
    assert console.post(page, {}).status_code == 400
    assert Invitation.objects.count() == 5
    ann = Invitation.objects.get(note="Ann")
    assert f"http://testserver/s/answers/?invitation={ann.code}" in console.get(page).content.decode()
    Visitor(study, invitation=ann.code).start()
    assert console.post(f"{page}{ann.pk}/revoke/").status_code == 302
    rows = console.get(f"{page}?format=csv").content.decode().splitlines()
    assert rows[0] == "note,state,link" and rows[1].startswith("Ann,revoked,")
    assert rows[2].startswith("Bob,unused,http://testserver/s/answers/?invitation=")
    assert "5 invitations" in console.get(PAGE).content.decode()


def test_a_viewer_reads_without_the_links_that_let_somebody_in(client: Client) -> None:
    study = opened(recruiters=["invitation"])
    invitation = invite(study=study, notes=["Ann"])[0]
    viewer = User.objects.create_user("viewer", password="x")
    Membership.objects.create(study=study, user=viewer, role="viewer")
    client.force_login(viewer)
    for address in (PAGE, f"{PAGE}invitations/", f"{PAGE}invitations/?format=csv"):
        page = client.get(address)
        assert page.status_code == 200 and invitation.code not in page.content.decode()
    for address in (PAGE, f"{PAGE}invitations/", f"{PAGE}invitations/{invitation.pk}/revoke/"):
        assert client.post(address, {}).status_code == 403
    assert client.get(f"{PAGE}prolific/").status_code == 403


def test_the_lists_for_prolific_are_shown_and_a_fault_in_a_line(console: Client, settings: Settings) -> None:
    study = opened(items=1)
    person = Visitor(study, **PROLIFIC)
    person.start()
    person.send(label=4)
    address = f"{PAGE}prolific/"
    assert "PROLIFIC_TOKEN is not set" in console.get(address, {"study": STUDY}).content.decode()
    with prolific_running() as server:
        settings.PROLIFIC_TOKEN, settings.PROLIFIC_API = TOKEN, server.address
        server.add("submission-1", code=study.completion_code)
        server.add("stranger")
        html = console.get(address, {"study": STUDY}).content.decode()
        assert "Approve: 1" in html and "submission-1" in html
        assert "nobody agreed to take part here with it" in html
        wrong = console.get(address, {"study": "another"})
        assert wrong.status_code == 400 and "knows no study" in wrong.content.decode()


def test_submissions_are_counted_by_status(console: Client, secret: None) -> None:
    Visitor(study := opened(), **PROLIFIC).start()
    tell(notice("AWAITING REVIEW"))
    row = re.sub(r"<[^>]+>|\s+", " ", console.get(PAGE).content.decode())
    assert re.search(r"Prolific\s+awaiting review\s+1", row)
    assert study.participants.get().code not in row
