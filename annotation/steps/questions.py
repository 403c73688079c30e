"""The comprehension check and the surveys: what is asked, and what people say."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.models import ATTEMPTS, ComprehensionAttempt, Participant, Question, Reply, Study
from annotation.tickets import InvalidAnswer

Place = Question.Place
REPLY_LENGTH = 2_000


def asked(study: Study, place: Place) -> QuerySet[Question]:
    """The questions at a place of the flow, in order."""
    return study.questions.filter(place=place, retired_at=None)


def left_to_reply(participant: Participant, place: Place) -> QuerySet[Question]:
    """The survey questions that the person has neither answered nor declined."""
    return asked(participant.study, place).exclude(replies__participant=participant)


def wrong_last_time(participant: Participant) -> tuple[int, set[str]]:
    """How many attempts the person has made, and the names of the questions that the last one got wrong."""
    last = participant.comprehension_attempts.last()
    if last is None:
        return 0, set()
    right = dict(asked(participant.study, Place.COMPREHENSION).values_list("name", "right"))
    return last.number, {name for name, place in right.items() if last.answers.get(name) != place}


@transaction.atomic
def attempt_comprehension(
    *, participant: Participant, number: int, answers: Mapping[int, str]
) -> ComprehensionAttempt:
    """Store the attempt of that number: the chosen option, as the study itself words it, by question.

    One that is there already stands, and after one that passed there is no other. Raises InvalidAnswer.
    """
    participant = locked(participant)
    made = list(participant.comprehension_attempts.all())
    for attempt in made:
        if attempt.passed or attempt.number == number:
            return attempt
    if number != len(made) + 1 or number > ATTEMPTS:
        raise InvalidAnswer(_("This page is not valid any more. Open the study again to go on."))
    questions = list(asked(participant.study, Place.COMPREHENSION))
    if not questions or any(answers.get(question.pk) not in question.options for question in questions):
        raise InvalidAnswer(_("Choose an answer to each question."))
    chosen = {question.name: question.options.index(answers[question.pk]) for question in questions}
    return ComprehensionAttempt.objects.create(
        participant=participant,
        number=number,
        answers=chosen,
        passed=all(chosen[question.name] == question.right for question in questions),
        attempted_at=timezone.now(),
    )


@transaction.atomic
def reply_survey(*, participant: Participant, place: Place, replies: Mapping[int, str | None]) -> None:
    """Store what the person says to the questions left there: None is a preference not to say.

    An option is given as the study itself words it. What was replied before stands. Raises InvalidAnswer.
    """
    participant = locked(participant)
    left, now = list(left_to_reply(participant, place)), timezone.now()
    for question in left:
        value = replies.get(question.pk, "")
        fits = value is None or (value in question.options if question.options else value.strip())
        if not fits:
            raise InvalidAnswer(_("Answer each question, or say that you prefer not to."))
        if value and len(value) > REPLY_LENGTH:
            raise InvalidAnswer(_("An answer has at most %(limit)d characters.") % {"limit": REPLY_LENGTH})
    Reply.objects.bulk_create(
        Reply(
            participant=participant,
            question=question,
            value=(replies[question.pk] or "").strip(),
            declined=replies[question.pk] is None,
            replied_at=now,
        )
        for question in left
    )


def locked(participant: Participant) -> Participant:
    """The person and their study, locked: one person's tabs take turns, and questions stay as they are."""
    people = Participant.objects.select_for_update(no_key=True)
    participant = people.get(pk=participant.pk)
    participant.study = Study.objects.select_for_update(no_key=True).get(pk=participant.study_id)
    return participant
