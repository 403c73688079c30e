"""What specifications of reports of any kind share: ranges of their numbers, and how they become JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from generation.diversity.responses import UnusableResponses

LEAST_REPLICATES, MOST_REPLICATES = 20, 100_000
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Specified:
    """Everything that decides a report's numbers, but for the data."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON that `from_dict` reads again."""
        return {name: list(one) if isinstance(one, tuple) else one for name, one in asdict(self).items()}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        return cls(**{name: tuple(one) if isinstance(one, list) else one for name, one in given.items()})

    def hold(self, name: str, low: float, high: float) -> None:
        """Raises UnusableResponses where the number of this name is not None, and out of range."""
        number = getattr(self, name)
        if number is not None and not low <= number <= high:
            raise UnusableResponses(f"{name} must be from {low:,} to {high:,}, not {number:,}")
