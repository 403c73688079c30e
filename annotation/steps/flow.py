"""A study's steps as its members set them up: questions, practice, checks.

What somebody has answered means what it meant: it is not changed, and taken away it is retired, not deleted.
Changes lock the study, as answers do, so that nothing is answered while it changes.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone
from django.utils.text import slugify

from annotation.log import record
from annotation.models import Check, CheckAnswer, ComprehensionAttempt, Question, Reply, Study
from annotation.studies import StudyError

Place = Question.Place
Purpose = Check.Purpose
Row = TypeVar("Row", Question, Check)
MOST_OPTIONS = 300
OPTION_LENGTH = 200
NAME_LENGTH = 30  # of a name that is made here
LATEST_PLACE = 1_000  # a session has as many items at most
# Columns of the replies' file that are not a question's.
TAKEN_NAMES = frozenset({"annotator_id", "excluded"})
# What may change once somebody has answered.
STILL = {Question: frozenset[str](), Check: frozenset({"position", "feedback"})}


def answered_questions(study: Study) -> set[int]:
    """The questions that somebody has answered, by key."""
    replied = study.questions.filter(Exists(Reply.objects.filter(question=OuterRef("pk"))))
    attempts = ComprehensionAttempt.objects.filter(participant__study=study)
    asked = study.questions.filter(place=Place.COMPREHENSION)
    tried = {question.pk for question in asked if attempts.filter(answers__has_key=question.name).exists()}
    return tried.union(replied.values_list("pk", flat=True))


def answered_checks(study: Study) -> set[int]:
    """The practice and checks that somebody has in hand or has answered, by key."""
    given = Exists(CheckAnswer.objects.filter(check_asked=OuterRef("pk")))
    return set(study.checks.filter(given).values_list("pk", flat=True))


@transaction.atomic
def add_question(*, study: Study, place: Place, by: User | None = None, **fields: Any) -> Question:
    """A question at the end of its place, named after its text if it is given no name. Raises StudyError."""
    study = _locked(study)
    last = study.questions.filter(place=place).aggregate(last=Max("position"))["last"] or 0
    name = fields.pop("name", "") or _free_name(study, fields.get("text", ""))
    question = Question(study=study, place=place, position=last + 1, name=name, **fields)
    _check_question(question)
    question.save()
    record(study, "added a question", by=by, question=name, place=str(place))
    return question


@transaction.atomic
def change_question(*, question: Question, by: User | None = None, **fields: Any) -> None:
    """Change a question that nobody has answered. Raises StudyError."""
    study = _locked(question.study)
    _change(question, answered=question.pk in answered_questions(study), fields=fields)
    _check_question(question)
    question.save()
    record(study, "changed a question", by=by, question=question.name)


@transaction.atomic
def remove_question(*, question: Question, by: User | None = None) -> bool:
    """Ask it no more: deleted, or retired if somebody has answered it. Whether its answers stay."""
    study = _locked(question.study)
    kept = _remove(question, answered=question.pk in answered_questions(study))
    record(study, "retired a question" if kept else "removed a question", by=by, question=question.name)
    return kept


@transaction.atomic
def add_check(*, study: Study, purpose: Purpose, by: User | None = None, **fields: Any) -> Check:
    """Practice at the end of the others, or a check within sessions. Raises StudyError."""
    study = _locked(study)
    if purpose == Purpose.PRACTICE:
        last = study.checks.filter(purpose=purpose).aggregate(last=Max("position"))["last"] or 0
        fields["position"] = last + 1
    check = Check(study=study, purpose=purpose, **fields)
    _check_check(check)
    check.save()
    record(study, f"added {_said(check)}", by=by, check=check.pk)
    return check


@transaction.atomic
def change_check(*, check: Check, by: User | None = None, **fields: Any) -> None:
    """Change practice or a check: all of it until somebody has it, then its place and feedback.

    Raises StudyError.
    """
    study = _locked(check.study)
    _change(check, answered=check.pk in answered_checks(study), fields=fields)
    _check_check(check)
    check.save()
    record(study, f"changed {_said(check)}", by=by, check=check.pk)


@transaction.atomic
def remove_check(*, check: Check, by: User | None = None) -> bool:
    """Give it to nobody new: deleted, or retired once people come. Whether answers to it stay."""
    study, key = _locked(check.study), check.pk
    kept = key in answered_checks(study)
    # A session may begin with it at this moment, so it is only deleted before anybody comes.
    retired = _remove(check, answered=kept or study.opened_at is not None)
    record(study, f"{'retired' if retired else 'removed'} {_said(check)}", by=by, check=key)
    return kept


@transaction.atomic
def move(*, row: Question | Check, up: bool, by: User | None = None) -> None:
    """One place up or down among its own; beyond the ends nothing happens."""
    study = _locked(row.study)
    if isinstance(row, Question):
        questions = list(study.questions.filter(place=row.place, retired_at=None))
        Question.objects.bulk_update(_swapped(questions, row, up=up), ["position"])
    elif row.purpose == Purpose.PRACTICE:
        practice = list(study.checks.filter(purpose=row.purpose, retired_at=None))
        Check.objects.bulk_update(_swapped(practice, row, up=up), ["position"])
    else:
        raise StudyError("A check within sessions has a place there, and is not moved among the others.")
    record(study, "reordered the steps", by=by, moved=str(row))


def _swapped(rows: list[Row], row: Row, *, up: bool) -> list[Row]:
    """All of them with their positions from 1, the row a place further."""
    here = rows.index(row) if row in rows else 0
    there = here - 1 if up else here + 1
    if row in rows and 0 <= there < len(rows):
        rows[here], rows[there] = rows[there], rows[here]
    for position, other in enumerate(rows, start=1):
        other.position = position
    return rows


def _locked(study: Study) -> Study:
    study = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    if study.imported or study.simulated:
        raise StudyError(f"Nobody labels {study.slug} here, so it has no steps.")
    return study


def _change(row: Question | Check, *, answered: bool, fields: dict[str, Any]) -> None:
    row.refresh_from_db()
    changed = {name for name, value in fields.items() if getattr(row, name) != value}
    if row.retired_at:
        raise StudyError("This is not asked any more, and is kept as it was.")
    if answered and changed - STILL[type(row)]:
        raise StudyError("People have answered this, so it stays as it is: remove it and add another.")
    for name in changed:
        setattr(row, name, fields[name])


def _remove(row: Question | Check, *, answered: bool) -> bool:
    if answered:
        row.retired_at = row.retired_at or timezone.now()
        row.save(update_fields=["retired_at"])
    else:
        row.delete()
    return answered


def _check_question(question: Question) -> None:
    options: list[str] = question.options
    if not question.text.strip():
        raise StudyError("A question has a text.")
    if question.name in TAKEN_NAMES:
        raise StudyError(f"The name {question.name} is taken by another column of the replies' file.")
    others = Question.objects.filter(study=question.study, name=question.name).exclude(pk=question.pk)
    if others.exists():
        raise StudyError(f"There is already a question {question.name}, or was: choose another name.")
    if len(set(options)) != len(options) or not all(option.strip() for option in options):
        raise StudyError("Options differ from each other, and none is empty.")
    if len(options) == 1 or len(options) > MOST_OPTIONS:
        raise StudyError(f"There are 2 options at least, and {MOST_OPTIONS} at most.")
    if any(len(option) > OPTION_LENGTH for option in options):
        raise StudyError(f"An option has {OPTION_LENGTH} characters at most.")
    if question.place == Place.COMPREHENSION and not options:
        raise StudyError("A question of the comprehension check has options, and one of them is right.")
    if question.right is not None and question.right >= len(options):
        raise StudyError(f"The right answer is one of the {len(options)} options.")


def _check_check(check: Check) -> None:
    study = check.study
    given = [text for text in (check.response, check.response_2) if text.strip()]
    if not check.query.strip() or (study.shown and not check.response.strip()):
        raise StudyError("A check has a query and an answer to judge.")
    if len(given) != len(study.shown):
        raise StudyError("A check shows as many answers as the study: two, one, or with a query alone none.")
    if check.claim.strip() and study.shown:
        raise StudyError("A description is asked about with a query alone.")
    accepted: Iterable[int] = check.accepted
    if not set(accepted) <= set(study.values):
        raise StudyError(f"What passes is on the scale, from {study.scale_low} to {study.scale_high}.")
    if check.purpose != Purpose.PRACTICE:
        if not 0 < len(set(accepted)) < len(study.values):
            raise StudyError("Something passes a check, and something does not.")
        if check.position is not None and not 1 <= check.position <= LATEST_PLACE:
            raise StudyError(f"A place in the session is a number from 1 to {LATEST_PLACE:,}.")


def _free_name(study: Study, text: str) -> str:
    whole = slugify(text)[: NAME_LENGTH + 1]
    stem = whole if len(whole) <= NAME_LENGTH else whole.rpartition("-")[0] or whole[:NAME_LENGTH]
    stem = stem.replace("-", "_") or "question"
    taken = TAKEN_NAMES | set(study.questions.values_list("name", flat=True))
    numbered = (f"{stem}_{number}" for number in range(2, len(taken) + 3))
    return stem if stem not in taken else next(name for name in numbered if name not in taken)


def _said(check: Check) -> str:
    return "practice" if check.purpose == Purpose.PRACTICE else f"a check ({check.purpose})"
