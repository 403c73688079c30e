"""Checkpoints: which training a language model is of, and after how many of its steps."""

from collections.abc import Mapping
from typing import NamedTuple, Self

from django.db import IntegrityError, transaction
from django.db.models import Q

from generation.models import LanguageModel

MOST_STEPS = 2**63 - 1


class CheckpointError(Exception):
    """What contradicts what is known of a model, in one line."""


class Checkpoint(NamedTuple):
    """`step` is None where nobody said it, as of a model that was only trained from."""

    family: str = ""
    step: int | None = None


class Checkpoints:
    """Where models stand in their training, as it is known and as it is said from now on."""

    def __init__(self, known: Mapping[str, Checkpoint]) -> None:
        self._of = dict(known)
        self._at = {place: name for name, place in known.items() if place.step is not None}
        self._said: set[str] = set()

    @classmethod
    def known(cls) -> Self:
        """Those of all models."""
        rows = LanguageModel.objects.exclude(family="").values_list("name", "family", "step")
        return cls({name: Checkpoint(family, step) for name, family, step in rows})

    def add(self, model: str, said: Checkpoint) -> None:
        """Note what is said of a model. Raises CheckpointError; "" and None say nothing."""
        if not said.family:
            if said.step is not None:
                raise CheckpointError(f"step {said.step:,} of no family: name the family that was trained")
            return
        if not model:
            raise CheckpointError(f"the family {said.family} without a model: name the model")
        known = self._of.get(model, Checkpoint())
        if known.family not in ("", said.family):
            raise CheckpointError(f"{model} is of the family {known.family}, not of {said.family}")
        if said.step is not None and known.step not in (None, said.step):
            raise CheckpointError(f"{model} is step {known.step:,} of {said.family}, not step {said.step:,}")
        place = Checkpoint(said.family, known.step if said.step is None else said.step)
        if place.step is not None and self._at.setdefault(place, model) != model:
            raise CheckpointError(
                f"step {place.step:,} of {place.family} is {self._at[place]}: {model} is another step of it"
            )
        if place != known:
            self._of[model] = place
            self._said.add(model)

    def store(self) -> None:
        """Write down what was said; models that are not there yet are made.

        Raises CheckpointError where somebody has said something else of a model since its place was read.
        """
        for name in sorted(self._said):
            place = self._of[name]
            said = {key: value for key, value in place._asdict().items() if value is not None}
            model, made = LanguageModel.objects.get_or_create(name=name, defaults=said)
            known = Q(family__in=["", place.family]) & (Q(step=None) | Q(**said))
            if not made and not LanguageModel.objects.filter(known, pk=model.pk).update(**said):
                raise CheckpointError(f"{name} became another checkpoint just now")
        self._said.clear()


def stored(model: str, said: Checkpoint) -> LanguageModel:
    """The model of this name, made where there is none, at this place. Raises CheckpointError."""
    found, _ = LanguageModel.objects.get_or_create(name=model)
    if not said.family or said == (found.family, found.step):
        return found
    checkpoints = Checkpoints.known()
    checkpoints.add(model, said)
    try:
        with transaction.atomic():
            checkpoints.store()
    except IntegrityError:
        raise CheckpointError(f"step {said.step} of {said.family} became another model's just now") from None
    found.refresh_from_db()
    return found
