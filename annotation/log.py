"""A study's log: every act of its members, the command line and recruiters."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from annotation.models import Act, Study

COMMAND_LINE = "command line"
RECRUITER = "recruiter"
# What stands in place of a code or a reason that told who somebody is.
GONE = "erased with the identity"
REASONS = ("reason", "was")


def record(study: Study, what: str, *, by: User | None = None, who: str = "", **detail: Any) -> None:
    """Write into the study's log, inside the transaction of the act itself; `detail` is plain JSON.

    `by` is the user who acts; without one `who` says what did, by default the command line.
    """
    name = by.get_username() if by else who or COMMAND_LINE
    Act.objects.create(study=study, user=by, by=name, what=what, detail=detail)


def forget(*, study: Study, tells: Callable[[str], bool], code: str = "") -> None:
    """Take a person's code out of the study's log, and the reasons that tell who somebody is.

    It is the one change that a line ever sees: who acted, what and when stay.
    """
    about = Act.objects.filter(study=study, detail__has_any_keys=["participant", *REASONS])
    for key, detail in about.values_list("pk", "detail"):
        telling = {name for name in REASONS if tells(detail.get(name, ""))}
        if code and detail.get("participant") == code:
            telling.add("participant")
        if telling:
            QuerySet(Act).filter(pk=key).update(detail=detail | dict.fromkeys(telling, GONE))


def acts_with(study: Study, words: str) -> QuerySet[Act]:
    """The study's acts, newest first; with words, those that have them all in who, what or the details."""
    acts = Act.objects.filter(study=study).annotate(text=Cast("detail", TextField()))
    for word in words.split():
        acts = acts.filter(Q(by__icontains=word) | Q(what__icontains=word) | Q(text__icontains=word))
    return acts
