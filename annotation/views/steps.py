"""What people do before and after the labelling: the comprehension check, practice, the surveys."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from annotation.forms.crowd import AnswerForm, choices, scale_shown
from annotation.forms.steps import ComprehensionForm, SurveyForm
from annotation.languages import in_language, is_translated
from annotation.models import ATTEMPTS, Participant, Question
from annotation.screens import sides_of
from annotation.steps.practice import Exercise, PracticeTicket, answer_practice, exercises, ticket_for
from annotation.steps.questions import (
    asked,
    attempt_comprehension,
    left_to_reply,
    reply_survey,
    wrong_last_time,
)
from annotation.steps.standing import Step, standing_of
from annotation.tickets import InvalidAnswer
from annotation.views.places import page, place_of
from annotation.views.visitors import View, crowd_page, participant_at

Place = Question.Place
Shows = Callable[[HttpRequest, Participant], HttpResponse]


def step_page(step: Step) -> Callable[[Shows], View]:
    """The page of one step: whoever is at another is led there, with what they sent left aside."""

    def decorate(shows: Shows) -> View:
        @crowd_page
        @wraps(shows)
        def view(request: HttpRequest, slug: str) -> HttpResponse:
            participant = participant_at(request, slug)
            if participant is None or standing_of(participant).step != step:
                return _onward(slug, participant)
            return shows(request, participant)

        return view

    return decorate


@step_page(Step.COMPREHENSION)
def comprehension(request: HttpRequest, participant: Participant) -> HttpResponse:
    """All questions on one page, twice at most."""
    study, sends = participant.study, request.method == "POST"
    attempts, again = wrong_last_time(participant)
    questions = list(asked(study, Place.COMPREHENSION))
    form = ComprehensionForm(questions, request.POST if sends else None, again=again)
    status = 200
    if sends and form.is_valid():
        try:
            attempt_comprehension(participant=participant, number=_number(request), answers=form.answers())
            return _onward(study.slug, participant)
        except InvalidAnswer as error:  # nothing that the page itself would have sent
            form.add_error(None, str(error))
            status = 400
    shown = {"form": form, "number": attempts + 1, "left": ATTEMPTS - attempts}
    return page(request, "comprehension", study, status=status, **shown)


@crowd_page
def practice(request: HttpRequest, slug: str) -> HttpResponse:
    """The first practice item without an answer; the answer leads to its feedback."""
    participant = participant_at(request, slug)
    if participant is None:
        return redirect("door", slug)
    done = exercises(participant)
    left = [exercise for exercise in done if exercise.given is None]
    at_practice = standing_of(participant).step == Step.PRACTICE
    if request.method == "POST":
        return _take_practice(request, participant, done, at_practice)
    return _practice_page(request, participant, done, left[0]) if at_practice else _onward(slug, participant)


@crowd_page
def practice_feedback(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """What was expected of a practice item that the person has answered."""
    participant = participant_at(request, slug)
    done = exercises(participant) if participant else []
    shown = done[number - 1] if 0 < number <= len(done) else None
    if participant is None or shown is None or shown.given is None:
        return _onward(slug, participant)
    study, given = in_language(participant.study), shown.given
    scale = choices(study, swapped=shown.swapped)
    return page(
        request,
        "practice_feedback",
        study,
        check=in_language(shown.check),
        given=given,
        chosen=[choice for choice in scale if choice.value == given.value],
        expected=[choice for choice in scale if choice.value in shown.check.accepted],
        place=number,
        total=len(done),
        **_texts(shown),
    )


@step_page(Step.BEFORE)
def survey(request: HttpRequest, participant: Participant) -> HttpResponse:
    return _survey(request, participant, Place.BEFORE)


@step_page(Step.AFTER)
def survey_after(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Comes before the code, and may be skipped for it."""
    return _survey(request, participant, Place.AFTER)


def _survey(request: HttpRequest, participant: Participant, place: Place) -> HttpResponse:
    study, sends, status = participant.study, request.method == "POST", 200
    form = SurveyForm(list(left_to_reply(participant, place)), request.POST if sends else None)
    if sends and form.is_valid():
        try:
            reply_survey(participant=participant, place=place, replies=form.replies())
            return _onward(study.slug, participant)
        except InvalidAnswer as error:
            form.add_error(None, str(error))
            status = 400
    return page(request, "survey", study, status=status, form=form, after=place == Place.AFTER)


def _take_practice(
    request: HttpRequest, participant: Participant, done: list[Exercise], at_practice: bool
) -> HttpResponse:
    form, error, status = AnswerForm(request.POST), "", 200
    shown = None
    try:
        ticket = PracticeTicket.unseal(request.POST.get("token", ""))
        shown = next((exercise for exercise in done if exercise.check.pk == ticket.check), None)
        if shown is None or not (at_practice or shown.given):
            return _onward(participant.study.slug, participant)
        if shown.given or form.is_valid():
            if shown.given is None:
                answer_practice(participant=participant, ticket=ticket, answer=form.answer())
            return redirect("practice-feedback", participant.study.slug, done.index(shown) + 1)
        error = " ".join(str(message) for messages in form.errors.values() for message in messages)
    except InvalidAnswer as invalid:  # nothing that the page itself would have sent
        error, status = str(invalid), 400
    shown = shown or next((exercise for exercise in done if exercise.given is None), None)
    if shown is None or not at_practice:
        return page(request, "invalid", participant.study, status=400, error=error, participant=participant)
    return _practice_page(request, participant, done, shown, form=form, error=error, status=status)


def _practice_page(
    request: HttpRequest,
    participant: Participant,
    done: list[Exercise],
    shown: Exercise,
    *,
    form: AnswerForm | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    form = form or AnswerForm()
    study = in_language(participant.study)
    return page(
        request,
        "practice",
        study,
        status=status,
        error=error,
        form=form,
        picked=str(form["label"].value()),
        token=ticket_for(participant, shown.check).seal(),
        place=done.index(shown) + 1,
        total=len(done),
        **scale_shown(study, swapped=shown.swapped),
        **_texts(shown),
    )


def _texts(shown: Exercise) -> dict[str, Any]:
    """The query, and the responses as this person sees them, each with its letter."""
    check = in_language(shown.check)
    sides = sides_of(check, swapped=shown.swapped)
    translated = is_translated(shown.check)
    return {"query": check.query, "claim": check.claim, "translated": translated, "sides": sides}


def _onward(slug: str, participant: Participant | None) -> HttpResponse:
    return redirect((place_of(participant) if participant else "") or "door", slug)


def _number(request: HttpRequest) -> int:
    """Which attempt the page was for; 0 for none."""
    text = request.POST.get("attempt", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 0
