"""Who comes to a study in the field, how they behave, and what they were told."""

import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Habit(StrEnum):
    STEADY = "steady"
    SILENT = "leaves without a word"
    TIMED_OUT = "leaves, and the recruiter tells of it"
    RETURNED = "gives the place back"
    LATE = "finishes too late"
    TWICE = "comes with two devices"


AWAY = {Habit.SILENT, Habit.TIMED_OUT, Habit.RETURNED, Habit.LATE}
# Of a hundred people: 8 leave, 3 give their place back, 2 finish too late, 1 comes with two devices.
HUNDRED = {
    Habit.SILENT: 4,
    Habit.TIMED_OUT: 4,
    Habit.RETURNED: 3,
    Habit.LATE: 2,
    Habit.TWICE: 1,
    Habit.STEADY: 86,
}


def habits(shares: dict[Habit, int], *, seed: int = 1) -> Callable[[int], Habit]:
    """The habit of the person of a number: so many of each in every round, shuffled within it."""
    deck = [habit for habit, share in shares.items() for _ in range(share)]

    def of(number: int) -> Habit:
        turn, place = divmod(number, len(deck))
        return random.Random(f"{seed} {turn}").sample(deck, len(deck))[place]

    return of


@dataclass
class Diary:
    """What people did and were told; with a file, a run that was cut off goes on."""

    path: Path | None = None
    habits: dict[int, str] = field(default_factory=dict)  # of those who came
    sent: set[tuple[int, int, int]] = field(default_factory=set)  # participant, item, value
    stored: dict[tuple[int, int], int] = field(default_factory=dict)  # what the server said it had
    late: set[tuple[int, int]] = field(default_factory=set)  # of that, sent after the place was gone
    gone: dict[int, str] = field(default_factory=dict)  # who left for good, and how
    codes: dict[int, str] = field(default_factory=dict)  # at the end

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        if self.path and self.path.exists():
            for line in self.path.read_text().splitlines():
                self._note(**json.loads(line))

    def write(self, **entry: Any) -> None:
        with self._lock:
            self._note(**entry)
            if self.path:
                with self.path.open("a") as file:
                    file.write(json.dumps(entry) + "\n")

    def _note(self, *, number: int, **entry: Any) -> None:
        match entry:
            case {"habit": habit}:
                self.habits[number] = habit
            case {"sent": [participant, item, value]}:
                self.sent.add((participant, item, value))
            case {"stored": [participant, item, value], "late": late}:
                self.stored[participant, item] = value
                if late:
                    self.late.add((participant, item))
            case {"gone": habit}:
                self.gone[number] = habit
            case {"code": code}:
                self.codes[number] = code

    def inside(self) -> list[int]:
        """Who came and has neither left nor a code."""
        return sorted(self.habits.keys() - self.gone.keys() - self.codes.keys())
