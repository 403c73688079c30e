"""What people think: studies, items, participants, sessions, slots and labels, and what surrounds them.

The rules of allocation are constraints here; `allocation.py` only has to keep to them.
"""

from annotation.models.labels import Label, LabelQuerySet, Slot
from annotation.models.members import Act, Membership
from annotation.models.people import ConsentText, Participant, Session, new_participant_code
from annotation.models.recruitment import Invitation, Notice, Recruitment, Submission
from annotation.models.steps import ATTEMPTS, Check, CheckAnswer, ComprehensionAttempt, Question, Reply
from annotation.models.studies import SHOWN, Item, Study, new_code, new_seed

__all__ = [
    "ATTEMPTS",
    "SHOWN",
    "Act",
    "Check",
    "CheckAnswer",
    "ComprehensionAttempt",
    "ConsentText",
    "Invitation",
    "Item",
    "Label",
    "LabelQuerySet",
    "Membership",
    "Notice",
    "Participant",
    "Question",
    "Recruitment",
    "Reply",
    "Session",
    "Slot",
    "Study",
    "Submission",
    "new_code",
    "new_participant_code",
    "new_seed",
]
