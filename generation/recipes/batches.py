"""Texts in batches of about the same length, so that little of what a model computes is padding."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

# How many texts are sorted by length at a time, so that memory does not grow with their number.
WINDOW = 512

T = TypeVar("T")


def by_length(lengths: Sequence[int], *, tokens: int) -> list[list[int]]:
    """Places in `lengths`, batched by length, the longest first.

    Parameters
    ----------
    lengths : sequence of int
        Tokens of each text.
    tokens : int
        What a batch may hold, with each text padded to its longest. A longer text is a batch alone.
    """
    batches: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        if batches and (len(batches[-1]) + 1) * lengths[batches[-1][0]] <= tokens:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches


@dataclass
class Batches:
    """Runs a model over many texts, a batch at a time, each as large as memory allows.

    Attributes
    ----------
    tokens : int
        What a batch may hold, padding included. It is halved, for good, where memory runs out.
    out_of_memory : exception
        What the model raises then.
    free : callable
        Gives back what the batch that failed still holds.
    """

    tokens: int
    out_of_memory: type[Exception] = MemoryError
    free: Callable[[], object] = lambda: None

    def run(
        self, lengths: Sequence[int], measure: Callable[[list[int]], Sequence[T]]
    ) -> Iterator[tuple[int, T | None]]:
        """Each text's place with what `measure` makes of it; None where memory does not hold it even alone.

        `measure` takes the places of one batch, the longest first, and returns as many results.
        """
        waiting = deque(by_length(lengths, tokens=self.tokens))
        while waiting:
            batch = waiting.popleft()
            results = self._tried(batch, measure)
            if results is not None:
                yield from zip(batch, results, strict=True)
            elif len(batch) == 1:
                yield batch[0], None
            else:
                self.tokens = max(1, len(batch) * lengths[batch[0]] // 2)
                rest = [place for places in (batch, *waiting) for place in places]
                again = by_length([lengths[place] for place in rest], tokens=self.tokens)
                waiting = deque([rest[place] for place in places] for places in again)

    def _tried(self, batch: list[int], measure: Callable[[list[int]], Sequence[T]]) -> Sequence[T] | None:
        try:
            return measure(batch)
        except self.out_of_memory:
            pass
        # Only now: while an exception is handled, it holds the tensors of the batch.
        self.free()
        return None
