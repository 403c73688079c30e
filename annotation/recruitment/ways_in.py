"""A study's ways in: which they are, and what to give to each recruiter."""

from collections.abc import Iterable
from html import escape
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count

from annotation.models import Recruitment, Study, Submission
from annotation.recruitment.entry import OPEN
from annotation.studies import StudyError, update_study

Recruiter = Recruitment.Recruiter
WAYS_IN = (OPEN, Recruiter.PROLIFIC, Recruiter.MTURK, Recruiter.PANEL, Recruiter.INVITATION)
CODES = ("completion_code", "partial_code", "no_work_code", "failed_checks_code", "screened_out_code")
# Prolific fills these in.
PROLIFIC_PARAMETERS = "PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}"
# The schema that Mechanical Turk's API reference names for an ExternalQuestion.
MTURK_SCHEMA = (
    "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2006-07-14/ExternalQuestion.xsd"
)
FRAME_HEIGHT = 900  # pixels


def change_recruitment(
    *, study: Study, ways: Iterable[str], panel: dict[str, Any], by: User | None = None, **codes: str
) -> Study:
    """Choose the ways in, a panel's settings (of `panels.panel_of`) and the codes. Raises StudyError."""
    chosen = set(ways)
    if unknown := sorted(chosen - set(WAYS_IN)):
        raise StudyError(f"There is no way in called {unknown[0]}; there are {', '.join(WAYS_IN)}.")
    if not chosen:
        raise StudyError("Leave at least one way in. To let nobody in, pause or close the study.")
    if Recruiter.PANEL in chosen and not panel:
        raise StudyError("Say which parameter names a person in the panel's links, or leave the panel out.")
    recruiters = [str(way) for way in WAYS_IN if way in chosen]
    return update_study(study=study, by=by, recruiters=recruiters, panel=panel, **codes)


def prolific_address(door: str) -> str:
    return f"{door}?{PROLIFIC_PARAMETERS}"


def panel_address(door: str, panel: dict[str, Any]) -> str:
    """The panel's link with a gap for each of its parameters; empty without a panel."""
    if not panel:
        return ""
    return f"{door}?{'&'.join(f'{name}=…' for name in (panel['person'], *panel['visit']))}"


def invitation_address(door: str, code: str) -> str:
    return f"{door}?invitation={code}"


def mturk_question(door: str) -> str:
    """The Question of a HIT."""
    return (
        f'<ExternalQuestion xmlns="{MTURK_SCHEMA}">\n'
        f"  <ExternalURL>{escape(door)}</ExternalURL>\n"
        f"  <FrameHeight>{FRAME_HEIGHT}</FrameHeight>\n"
        "</ExternalQuestion>"
    )


def submissions_by_status(study: Study) -> list[tuple[str, str, int]]:
    """Recruiter, status and number of the submissions that people came with."""
    rows = Submission.objects.filter(participant__study=study).order_by("recruiter", "status")
    found = rows.values_list("recruiter", "status").annotate(number=Count("pk"))
    return [
        (str(Recruiter(recruiter).label), str(Submission.Status(status).label), number)
        for recruiter, status, number in found
    ]
