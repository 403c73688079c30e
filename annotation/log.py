"""A study's log: every act of its members, the command line and recruiters."""

from typing import Any

from django.contrib.auth.models import User

from annotation.models import Act, Study

COMMAND_LINE = "command line"
RECRUITER = "recruiter"


def record(study: Study, what: str, *, by: User | None = None, who: str = "", **detail: Any) -> None:
    """Write into the study's log, inside the transaction of the act itself; `detail` is plain JSON.

    `by` is the user who acts; without one `who` says what did, by default the command line.
    """
    name = by.get_username() if by else who or COMMAND_LINE
    Act.objects.create(study=study, user=by, by=name, what=what, detail=detail)
