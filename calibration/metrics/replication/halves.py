"""How often people replicate people: one half of them against the other, beside a panel and beside noise.

The other half sits at as many labels as the first, so its rate is what can be reached at that number. A panel
dealt into the other half's places, and the same answers shuffled, are held against the same first half.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.metrics.replication.answers import Answers, IntArray
from calibration.metrics.replication.contrasts import ItemContrast, PeopleContrast
from calibration.metrics.replication.effects import Effect
from calibration.metrics.replication.panels import Panel, shuffled
from calibration.metrics.replication.severity import severities
from calibration.metrics.replication.verdicts import Verdict, verdict

Progress = Callable[[int], None]


@dataclass(frozen=True, eq=False)
class Asked:
    """A contrast, and what a panel gave that can show it.

    Attributes
    ----------
    contrast : ItemContrast or PeopleContrast
        Of items, or of the study's people.
    panel : Panel or None
        None where the panel has no such groups.
    of_personas : PeopleContrast or None
        The same contrast of people, among the panel's personas.
    """

    contrast: ItemContrast | PeopleContrast
    panel: Panel | None
    of_personas: PeopleContrast | None = None

    @property
    def among(self) -> IntArray | None:
        """The group of each of the people, where it matters who answers."""
        return self.contrast.group if isinstance(self.contrast, PeopleContrast) else None

    def own_effect(self) -> Effect | None:
        """The effect in all that the panel gave."""
        if self.panel is None:
            return None
        return (self.of_personas or self.contrast).effect(self.panel.own)


@dataclass(frozen=True)
class Split:
    """One division of people: per contrast the first half's effect, and what was found against it."""

    first: list[Effect]
    people: list[Effect]
    panel: list[Effect | None]
    noise: list[Effect | None]

    def verdicts(self, against: Sequence[Effect | None]) -> list[Verdict | None]:
        """Of `people`, `panel` or `noise` against the first half."""
        return [
            None if other is None else verdict(one, other)
            for one, other in zip(self.first, against, strict=True)
        ]


def effects_in(answers: Answers, asked: Sequence[Asked]) -> list[Effect]:
    """The effect of each contrast among people; severities are fitted once."""
    with_people = any(isinstance(one.contrast, PeopleContrast) for one in asked)
    fit = severities(answers) if with_people else None
    return [
        one.contrast.effect_beyond(fit, answers)
        if fit is not None and isinstance(one.contrast, PeopleContrast)
        else one.contrast.effect(answers)
        for one in asked
    ]


def dealt_effects(
    asked: Sequence[Asked], places: Answers, rng: np.random.Generator
) -> tuple[list[Effect | None], list[Effect | None]]:
    """Each contrast's effect in the panel's answers in people's places, and in the same ones shuffled."""
    panel: list[Effect | None] = []
    noise: list[Effect | None] = []
    # Of contrasts of items, which share them; those of each contrast of people are many, and go at once.
    shared: dict[int, tuple[Answers, Answers]] = {}
    for one in asked:
        if one.panel is None:
            panel.append(None)
            noise.append(None)
            continue
        found = shared.get(id(one.panel)) if one.among is None else None
        if found is None:
            given = one.panel.dealt(places, rng, one.among)
            found = given, shuffled(given, rng)
            if one.among is None:
                shared[id(one.panel)] = found
        given, without = found
        panel.append(one.contrast.effect(given))
        noise.append(one.contrast.effect(without))
    return panel, noise


def splits(
    people: Answers,
    asked: Sequence[Asked],
    *,
    number: int,
    rng: np.random.Generator,
    done: Progress = lambda number: None,
) -> list[Split]:
    """Divide people in two so often, and hold the second half, the panel and noise against the first.

    Parameters
    ----------
    people : Answers
        Whoever is not known is divided as a person of their own.
    asked : sequence of Asked
    number : int
    rng : numpy.random.Generator
    done : callable
        Told how many splits are done.

    Returns
    -------
    list of Split

    Examples
    --------
    >>> from calibration.metrics.replication.panels import Numbers
    >>> person, item = np.indices((4, 4)).reshape(2, -1)
    >>> people = Answers(item, person, np.array([1.0, 2.0, 8.0, 9.0])[item], 4, 4)
    >>> contrast = ItemContrast.between(np.array([0, 0, 1, 1]), np.arange(4))
    >>> asked = [Asked(contrast, Numbers(np.array([0.0, 0.1, 1.0, 1.1])))]
    >>> (split,) = splits(people, asked, number=1, rng=np.random.default_rng(0))
    >>> split.verdicts(split.people), split.verdicts(split.panel)
    (['replicated'], ['replicated'])
    """
    # Of its own, so that people are split alike whatever the panel.
    (dealing,) = rng.spawn(1)
    made = []
    for n in range(number):
        in_first = rng.permutation(people.people) < people.people // 2
        halves = [people.at(in_first[people.person] == side) for side in (True, False)]
        first, second = (effects_in(half, asked) for half in halves)
        made.append(Split(first, second, *dealt_effects(asked, halves[1], dealing)))
        done(n + 1)
    return made


def at_people_number(
    people: Answers,
    asked: Sequence[Asked],
    *,
    draws: int,
    rng: np.random.Generator,
    done: Progress = lambda number: None,
) -> list[list[Effect | None]]:
    """The panel's effects when it sits in all people's places, so often; per draw, per contrast."""
    found = []
    for n in range(draws):
        found.append(dealt_effects(asked, people, rng)[0])
        done(n + 1)
    return found
