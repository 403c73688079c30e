"""The box that plots are drawn in, and its axes."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

# The plot's box inside the templates' 480 by 290 units.
LEFT, RIGHT, TOP, FLOOR = 14, 466, 24, 226
# Where numbers stand at the left of the box, it begins here.
BESIDE_NUMBERS = 48


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


def round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten, at least as large."""
    if least <= 0:
        return 1.0
    power = 10.0 ** floor(log10(least))
    return next((times * power for times in (1, 2, 5) if times * power >= least * (1 - 1e-9)), 10 * power)


def number_text(number: float, places: int) -> str:
    """The number of a tick, with a true minus sign, and 0 without places."""
    text = f"{number:,.{places}f}"
    return ("0" if not round(number, places) else text).replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True)
class Axis:
    """Round steps, the `first` to the `last`, from one place of the box to another."""

    start: float
    stop: float
    step: float
    first: int
    last: int

    @classmethod
    def over(cls, numbers: Iterable[float | None], start: float, stop: float, *, steps: int = 5) -> "Axis":
        """The axis that holds 0 and every number that is defined, in about so many steps."""
        defined = [0.0, *(number for number in numbers if number is not None and isfinite(number))]
        low, high = min(defined), max(defined)
        step = round_step((high - low) / steps)
        first = floor(low / step + 1e-9)
        return cls(start, stop, step, first, max(first + 1, ceil(high / step - 1e-9)))

    def at(self, number: float) -> float:
        inside = (number / self.step - self.first) / (self.last - self.first)
        return round(self.start + (self.stop - self.start) * inside, 1)

    def end(self, number: float | None) -> float | None:
        """Where an interval ends; None where it has no end."""
        return None if number is None or not isfinite(number) else self.at(number)

    @property
    def places(self) -> int:
        """The decimals that tell its ticks apart."""
        return max(0, -floor(log10(self.step) + 1e-9))

    @property
    def ticks(self) -> list[Tick]:
        numbers = [n * self.step for n in range(self.first, self.last + 1)]
        return [Tick(self.at(number), number_text(number, self.places)) for number in numbers]
