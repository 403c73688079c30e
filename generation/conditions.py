"""Conditions: how responses were asked for, each written down once."""

import json
from collections.abc import Iterator
from itertools import count

from django.db import transaction

from generation.decoding import Decoding
from generation.models import Condition, digest
from generation.strategies import Strategy

# The strategy of a condition that a file names, and says no more about.
IMPORTED = "imported"
LONGEST_NAME = 150


@transaction.atomic
def condition_of(strategy: Strategy, decoding: Decoding) -> Condition:
    """The condition of this strategy, template, version and decoding, made where there is none."""
    found = known_condition(strategy, decoding)
    if found is not None:
        return found
    condition = Condition(
        strategy=strategy.name,
        version=strategy.version,
        template=strategy.template(),
        decoding=decoding.as_dict(),
        digest=_told(strategy, decoding),
    )
    made = (_made(condition, name) for name in _names(strategy, decoding))
    return next(found for found in made if found is not None)


def known_condition(strategy: Strategy, decoding: Decoding) -> Condition | None:
    """The condition of this strategy, template, version and decoding, where it was written down."""
    return Condition.objects.filter(digest=_told(strategy, decoding)).first()


def _told(strategy: Strategy, decoding: Decoding) -> str:
    return digest(strategy.name, strategy.version, _json(strategy.template()), _json(decoding.as_dict()))


def _made(condition: Condition, name: str) -> Condition | None:
    """The condition as it is kept, under this name unless another has it: then None.

    Of two that make the same at a time one is kept.
    """
    condition.name = name
    Condition.objects.bulk_create([condition], ignore_conflicts=True)
    return Condition.objects.filter(digest=condition.digest).first()


def store_conditions(names: set[str]) -> dict[str, int]:
    """The keys of the conditions of these names; those that only a file knows are made."""
    new = sorted(names - set(Condition.objects.filter(name__in=names).values_list("name", flat=True)))
    Condition.objects.bulk_create(
        (
            Condition(
                name=name,
                strategy=IMPORTED,
                version="",
                template={},
                decoding={},
                digest=digest(IMPORTED, name),
            )
            for name in new
        ),
        ignore_conflicts=True,
    )
    return dict(Condition.objects.filter(name__in=names).values_list("name", "pk"))


def _names(strategy: Strategy, decoding: Decoding) -> Iterator[str]:
    """From the shortest: with the version, then a number, where another condition is called so."""
    yield _name(strategy.words, decoding.words)
    yield _name(f"{strategy.words} {strategy.version}", decoding.words)
    for number in count(2):
        yield _name(f"{strategy.words} {strategy.version}", decoding.words, f"({number})")


def _name(*parts: str) -> str:
    return " · ".join(parts)[:LONGEST_NAME]


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
