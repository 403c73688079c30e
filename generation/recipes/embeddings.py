"""Vectors of texts from a server that speaks OpenAI's protocol for embeddings."""

from base64 import b64decode
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from generation.clients import Client, Rejected, ServerRefuses
from generation.recipes.members import Unreadable, described, member, paid
from generation.recipes.recipe import Tokens
from generation.recipes.tokens import estimated_of

# In base64 a vector takes a quarter of what its numbers take as text, or less, and is read at once.
BASE64, FLOAT = "base64", "float"
# So many texts alone a server rejects that took nothing else, before it is said to take none.
TRIED_ALONE = 2


@dataclass(frozen=True)
class Way:
    """How a server is asked: in which form vectors come back, and for how many texts at a time."""

    form: str = BASE64
    most: int | None = None
    proven: bool = False


class Asking(NamedTuple):
    """Who is asked for what."""

    base_url: str
    model: str


# What each server takes of each model, learned as it is asked.
_ways: dict[Asking, Way] = {}
_lock = Lock()


@dataclass
class Encoded:
    """What came of some texts, by their places: vectors, or why there is none; and the tokens it took."""

    vectors: dict[int, npt.NDArray[np.float32]] = field(default_factory=dict)
    without: dict[int, str] = field(default_factory=dict)
    tokens: int = 0


@dataclass(frozen=True)
class Request:
    """What is asked for of a server."""

    client: Client
    model: str
    dimensions: int | None = None

    def encoded(self, texts: Sequence[str]) -> Encoded:
        """Vectors of the texts, in as many requests as the server wants.

        Where it rejects several texts, they are halved until those are found that it does not take. Raises
        Rejected where it takes none, Later, ServerRefuses, and Unreadable for an answer that is none.
        """
        key, done = Asking(self.client.base_url, self.model), Encoded()
        waiting = deque(_chunks(range(len(texts)), _way(key).most))
        split = 0
        while waiting:
            places = waiting.popleft()
            way = _way(key)
            try:
                answer = self._ask([texts[place] for place in places], way)
            except Rejected as line:
                if way.form == BASE64 and "encoding_format" in str(line):
                    _learn(key, form=FLOAT)
                    waiting.appendleft(places)
                elif len(places) > 1:
                    split = max(split, len(places))
                    waiting.extendleft(reversed(_smaller(places, texts, proven=way.proven)))
                elif way.form == BASE64 and not way.proven:
                    _learn(key, form=FLOAT)
                    waiting.appendleft(places)
                elif way.proven or (waiting and len(done.without) + 1 < TRIED_ALONE):
                    done.without[places[0]] = str(line)
                    _learn(key, form=way.form if way.proven else BASE64)
                else:
                    _learn(key, form=BASE64)
                    raise
                continue
            _learn(key, proven=True)
            done.tokens += paid(answer, Tokens(into=estimated_of([texts[place] for place in places])))[0]
            self._keep(done, places, read(answer, len(places)))
        if split and not done.without:
            _learn(key, most=max(1, split // 2))
        return done

    def _ask(self, texts: Sequence[str], way: Way) -> Any:
        body: dict[str, Any] = {"model": self.model, "input": list(texts), "encoding_format": way.form}
        if self.dimensions is not None:
            body["dimensions"] = self.dimensions
        try:
            return self.client.embeddings(body)
        except Rejected as line:
            if self.dimensions is not None and "dimensions" in str(line):
                raise ServerRefuses(f"{line} Leave the number of dimensions out for this model.") from None
            raise

    def _keep(self, done: Encoded, places: Sequence[int], vectors: npt.NDArray[np.float32]) -> None:
        if self.dimensions is not None and vectors.shape[1] != self.dimensions:
            raise ServerRefuses(
                f"The model server gives {vectors.shape[1]:,} dimensions, though {self.dimensions:,} were "
                "asked for: leave their number out for this model."
            )
        done.vectors |= dict(zip(places, vectors, strict=True))


def read(answer: Any, count: int) -> npt.NDArray[np.float32]:
    """The vectors of an answer, in the order of the texts; float numbers, or base64 of float32.

    Returns
    -------
    ndarray of float32, shape (count, d)

    Raises
    ------
    Unreadable
        Where it is not one vector for each text, all of as many numbers.
    """
    rows = member(answer, "data")
    if not isinstance(rows, list) or len(rows) != count:
        raise Unreadable(f'"data" is {described(rows)}, for {count} texts.')
    found = {_index(row): _vector(member(row, "embedding")) for row in rows}
    if sorted(found) != list(range(count)):
        raise Unreadable(f'"index" does not number the {count} vectors from 0.')
    if len({len(vector) for vector in found.values()}) != 1:
        raise Unreadable("The vectors have several dimensions.")
    return np.stack([found[place] for place in range(count)])


def _index(row: Any) -> int:
    index = member(row, "index")
    if type(index) is not int:
        raise Unreadable(f'"index" is {described(index)}, not a whole number.')
    return index


def _vector(given: Any) -> npt.NDArray[np.float32]:
    if isinstance(given, str):
        try:
            vector = np.frombuffer(b64decode(given, validate=True), "<f4")
        except ValueError:
            raise Unreadable('"embedding" is text, and not float32 in base64.') from None
    else:
        try:
            numbers = np.asarray(given)
        except ValueError:  # lists of several lengths in each other
            numbers = np.empty(0)
        if not isinstance(given, list) or numbers.ndim != 1 or numbers.dtype.kind not in "fi":
            raise Unreadable(f'"embedding" is {described(given)}, not of numbers alone.')
        with np.errstate(over="ignore"):
            vector = numbers.astype(np.float32)
    if not len(vector):
        raise Unreadable('"embedding" is empty.')
    return vector


def _chunks(places: Sequence[int], most: int | None) -> list[list[int]]:
    size = most or max(1, len(places))
    return [list(places[start : start + size]) for start in range(0, len(places), size)]


def _smaller(places: list[int], texts: Sequence[str], *, proven: bool) -> list[list[int]]:
    """Both halves; where a server took nothing so far two short ones alone: it may take none at all."""
    if proven:
        return _chunks(places, (len(places) + 1) // 2)
    by_length = sorted(places, key=lambda place: (not texts[place].strip(), len(texts[place])))
    alone, rest = by_length[:TRIED_ALONE], by_length[TRIED_ALONE:]
    return [*([place] for place in alone), *([rest] if rest else [])]


def _way(key: Asking) -> Way:
    with _lock:
        return _ways.get(key, Way())


def _learn(key: Asking, **known: Any) -> None:
    with _lock:
        _ways[key] = replace(_ways.get(key, Way()), **known)
