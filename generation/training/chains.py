"""Chains of training: one task after another, each evaluated after every stage."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from generation.diversity.responses import FloatArray

# A measurement: which model, on which task.
Source = tuple[str, str]


@dataclass(frozen=True)
class Evaluation:
    """What a model scored on a task; `se` is the score's standard error, `entropy` in nats a token."""

    score: float
    se: float | None = None
    entropy: float | None = None


@dataclass(frozen=True)
class Stage:
    """What a stage trained, and how each task stood after it. Nothing is trained in the first, stage 0.

    `key` names the model that came of it: stages of two chains with one key are one model.
    """

    trained: str
    evaluations: Mapping[str, Evaluation]
    key: str = ""


@dataclass(frozen=True)
class Chain:
    """One run of training: its stages in order, the first of them before any training."""

    run: str
    stages: Sequence[Stage]

    @property
    def order(self) -> tuple[str, ...]:
        """The tasks that were trained, in order."""
        return tuple(stage.trained for stage in self.stages[1:])


@dataclass(frozen=True)
class Change:
    """What training one task changed of the score on another: one observation of their transfer.

    Attributes
    ----------
    trained, task : str
        The task of the stage, and the one that is evaluated.
    before, after : Evaluation
    sources : tuple
        The names of both measurements, before and after: changes that share one share its error.
    runs : frozenset of str
        The runs that it belongs to: more than one where they go on from a common stage.
    first : bool
        Whether nothing was trained before this stage.
    learned : bool
        Whether the evaluated task was trained before this stage, so that it can be forgotten.
    """

    trained: str
    task: str
    before: Evaluation
    after: Evaluation
    sources: tuple[Source, Source]
    runs: frozenset[str]
    first: bool
    learned: bool

    @property
    def size(self) -> float:
        return self.after.score - self.before.score


@dataclass(frozen=True)
class Chains:
    """Several chains over the same tasks.

    Attributes
    ----------
    chains : sequence of Chain
    given_scales : mapping of str to float
        The scale of a task's score, where one was given.
    domains : mapping of str to str
        Such as "structured" or "creative", where one was given.

    Notes
    -----
    Two chains share a stage if both trained the same tasks in the same order up to there and every row of
    these stages is the same, in all figures: then they are taken for one chain that was gone on from twice,
    and what was measured once counts once.
    """

    chains: Sequence[Chain]
    given_scales: Mapping[str, float]
    domains: Mapping[str, str]

    @cached_property
    def trained(self) -> tuple[str, ...]:
        """The tasks that were trained in any stage, in alphabetical order."""
        return tuple(sorted({task for chain in self.chains for task in chain.order}))

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """Those that were trained, then those that were evaluated only, each in alphabetical order."""
        seen = {task for chain in self.chains for stage in chain.stages for task in stage.evaluations}
        return self.trained + tuple(sorted(seen - set(self.trained)))

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Every change that was observed, each once, however many chains share it."""
        found: dict[tuple[Source, Source], Change] = {}
        for chain in self.chains:
            for change in _changes(chain):
                before = found.get(change.sources)
                runs = change.runs if before is None else before.runs | change.runs
                found[change.sources] = Change(**{**vars(change), "runs": runs})
        return tuple(found.values())

    def scores(self, task: str) -> FloatArray:
        """Every score on a task, of each model once."""
        import numpy as np

        known = {
            stage.key: stage.evaluations[task].score
            for chain in self.chains
            for stage in chain.stages
            if task in stage.evaluations
        }
        return np.array(list(known.values()), dtype=np.float64)


def chain(run: str, stages: Sequence[tuple[str, Mapping[str, Evaluation]]]) -> Chain:
    """A chain from what each stage trained and how tasks stood after it, with the stages' keys.

    Raises
    ------
    ValueError
        If there is no stage, or the first one trains something.

    Examples
    --------
    >>> chain("a", [("", {"math": Evaluation(0.2)}), ("math", {"math": Evaluation(0.5)})]).order
    ('math',)
    """
    if not stages or stages[0][0]:
        raise ValueError(f"run {run}: its first stage is that before any training")
    made: list[Stage] = []
    key = ""
    for trained, evaluations in stages:
        rows = tuple(sorted((task, repr(one)) for task, one in evaluations.items()))
        key = hashlib.sha256(repr((key, trained, rows)).encode(errors="surrogatepass")).hexdigest()
        made.append(Stage(trained, dict(sorted(evaluations.items())), key))
    return Chain(run, made)


def _changes(chain: Chain) -> list[Change]:
    found = []
    for number, (before, after) in enumerate(zip(chain.stages, chain.stages[1:], strict=False), start=1):
        earlier = set(chain.order[: number - 1])
        for task, now in after.evaluations.items():
            if task in before.evaluations:
                found.append(
                    Change(
                        trained=after.trained,
                        task=task,
                        before=before.evaluations[task],
                        after=now,
                        sources=((before.key, task), (after.key, task)),
                        runs=frozenset([chain.run]),
                        first=number == 1,
                        learned=task in earlier,
                    )
                )
    return found
