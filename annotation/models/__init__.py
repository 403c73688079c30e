"""What people think: studies, items, participants, sessions, slots and labels.

The rules of allocation are constraints here; `allocation.py` only has to keep to them.
"""

from annotation.models.labels import Label, LabelQuerySet, Slot
from annotation.models.people import Participant, Recruitment, Session, new_participant_code
from annotation.models.studies import Item, Study, new_code, new_seed

__all__ = [
    "Item",
    "Label",
    "LabelQuerySet",
    "Participant",
    "Recruitment",
    "Session",
    "Slot",
    "Study",
    "new_code",
    "new_participant_code",
    "new_seed",
]
