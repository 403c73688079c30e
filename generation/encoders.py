"""Encoders by name: how each makes vectors, and where these are kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError

from generation.diversity.responses import Vectors
from generation.models import Encoder, Run
from generation.recipes.encoding import EncodingRecipe
from generation.recipes.members import Unreadable
from generation.runs.ending import UNFINISHED
from generation.vectors import Store

IMPORTED = "imported"
# So many files of a query are merged into one while it is embedded.
MANY_FILES = 16


class EncoderError(Exception):
    """Why an encoder cannot be used so, in one line."""


@dataclass(frozen=True)
class Held:
    """An encoder and what there is of it: how many vectors, and how many bytes they take."""

    encoder: Encoder
    vectors: int
    size: int
    dimensions: int | None


@transaction.atomic
def encoder_of(*, name: str, recipe: Mapping[str, Any], dtype: str = "float32") -> Encoder:
    """The encoder of this name, made where there is none. Raises EncoderError where it is another's."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 150:
        raise EncoderError("An encoder needs a name, of 150 characters at most.")
    made = {"recipe": dict(recipe), "dtype": dtype}
    encoder, _ = Encoder.objects.get_or_create(name=name, defaults=made)
    if encoder.recipe != made["recipe"] or encoder.dtype != dtype:
        how = "vectors from files" if encoder.recipe.get("kind") == IMPORTED else "another recipe's vectors"
        raise EncoderError(f"{name} is the name of {how} already: choose another name.")
    return encoder


def encoder_for(recipe: EncodingRecipe) -> Encoder:
    """The encoder that the recipe's vectors are kept under. Raises EncoderError."""
    return encoder_of(name=recipe.name, recipe=recipe.identity(), dtype=recipe.dtype)


def encoder_named(name: str) -> Encoder:
    """Raises EncoderError where there is none."""
    found = Encoder.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(Encoder.objects.values_list("name", flat=True)[:20]) or "none so far"
        raise EncoderError(f"There is no encoder {name[:60]}; there are: {known}.")
    return found


def known_recipe(name: str) -> dict[str, Any] | None:
    """What makes the vectors of the encoder of this name; None where there is none.

    Raises EncoderError where they are from files.
    """
    found = Encoder.objects.filter(name=name).first()
    if found is None:
        return None
    if found.recipe.get("kind") != EncodingRecipe.kind:
        raise EncoderError(f"The vectors of {name} are from files: nothing here can make more of them.")
    return dict(found.recipe)


def merge(encoder: Encoder, queries: Iterable[int]) -> Iterator[int]:
    """Have each query's vectors in one file; yields the queries."""
    store = store_of(encoder)
    for query in queries:
        store.compact(query)
        yield query


def store_of(encoder: Encoder) -> Store:
    """Where its vectors are."""
    return Store(Path(settings.MANYMINDS_DATA) / "embeddings" / str(encoder.pk), encoder.dtype)


def held() -> Iterator[Held]:
    """Every encoder, by name, with what there is of it."""
    for encoder in Encoder.objects.all():
        store = store_of(encoder)
        vectors, size = store.size()
        yield Held(encoder, vectors, size, encoder.dimensions or store.dimensions())


@transaction.atomic
def delete_encoder(*, encoder: Encoder) -> None:
    """Delete an encoder and its vectors. Raises EncoderError while they are made, or reports rest on them."""
    busy = Run.objects.filter(kind=Run.Kind.EMBED, recipe__name=encoder.name, state__in=UNFINISHED).first()
    if busy:
        raise EncoderError(f"{encoder.name} is in use by the run {busy.name}: stop it first.")
    store = store_of(encoder)
    try:
        encoder.delete()
    except ProtectedError as error:
        number = len(error.protected_objects)
        raise EncoderError(
            f"Reports rest on the vectors of {encoder.name} ({number:,}): delete those first."
        ) from None
    transaction.on_commit(store.delete)


class Keeper:
    """Keeps the vectors of calls that many threads make, all of as many dimensions."""

    def __init__(self, encoder: Encoder) -> None:
        self.store = store_of(encoder)
        self.dimensions = encoder.dimensions
        self._lock = Lock()

    def __call__(self, query: int, keys: Sequence[int], vectors: Vectors) -> None:
        with self._lock:
            self.dimensions = self.dimensions or self.store.dimensions() or vectors.shape[1]
        if vectors.shape[1] != self.dimensions:
            raise Unreadable(
                f"They have {vectors.shape[1]:,} dimensions, and those there already {self.dimensions:,}."
            )
        self.store.write(query, keys, vectors)
        if self.store.files(query) >= MANY_FILES:
            self.store.compact(query)
