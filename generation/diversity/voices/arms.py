"""Arms: the ways to ask that are compared, a model under a condition or several models under one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from generation.diversity.responses import Indices, Source, UnusableResponses
from generation.diversity.voices.calls import QueryCalls

PLAIN = "plain"


@dataclass(frozen=True)
class Arm:
    """One way to ask.

    Attributes
    ----------
    name, condition : str
    sources : tuple of int
        One, or those of an ensemble, among which calls are shared out evenly.
    """

    name: str
    condition: str
    sources: tuple[int, ...]

    def members(self, query: QueryCalls) -> list[Indices]:
        """Each source's calls about a query; none at all where one of them was never asked."""
        found = [np.flatnonzero(query.source == source) for source in self.sources]
        return found if all(len(calls) for calls in found) else []


def arms_of(sources: Sequence[Source], ensemble: Sequence[str] = ()) -> list[Arm]:
    """Every source, then an ensemble of the models under each condition under which several answered.

    Parameters
    ----------
    sources : sequence of Source
    ensemble : sequence of str
        The models of which ensembles are made; empty: all.

    Raises
    ------
    UnusableResponses
        If models are named of which no two answered under one condition.

    Examples
    --------
    >>> [arm.name for arm in arms_of([Source("a", "plain"), Source("b", "plain"), Source("b", "several")])]
    ['a · plain', 'b · plain', 'b · several', '2 models · plain']
    """
    arms = [Arm(source.label, source.condition, (n,)) for n, source in enumerate(sources)]
    for condition in sorted({source.condition for source in sources}):
        members = tuple(
            n
            for n, source in enumerate(sources)
            if source.condition == condition and (not ensemble or source.model in ensemble)
        )
        if len(members) > 1:
            name = Source(f"{len(members)} models", condition).label
            arms.append(Arm(name, condition, members))
    if ensemble and len(arms) == len(sources):
        raise UnusableResponses("no two of the ensemble's models answered under one condition")
    return arms


def reference_of(sources: Sequence[Source], strategies: Mapping[str, str], named: str | None = None) -> str:
    """The condition that the others are compared with.

    Parameters
    ----------
    sources : sequence of Source
    strategies : mapping of str
        The strategy of each condition, where somebody said it.
    named : str, optional
        Left out: the first by name whose strategy is "plain", else whose name begins so, else the condition
        without a name, else the only one.

    Raises
    ------
    UnusableResponses
        If nothing is of the condition, or none stands out.
    """
    there = sorted({source.condition for source in sources})
    if named is not None:
        if named not in there:
            raise UnusableResponses(
                f"no response is of the condition of reference, {named or 'without name'}"
            )
        return named
    for chosen in (
        [one for one in there if strategies.get(one) == PLAIN],
        [one for one in there if one.casefold().startswith(PLAIN)],
        [one for one in there if not one],
        there if len(there) == 1 else [],
    ):
        if chosen:
            return chosen[0]
    raise UnusableResponses(
        f"which condition is the one to compare with? Name it as the reference; there are: {', '.join(there)}"
    )


def orders(members: Sequence[Indices], draws: int, rng: np.random.Generator) -> Iterator[Indices]:
    """Draw in which order an arm's calls are made, so that any first few are a random sample of them.

    Parameters
    ----------
    members : sequence of ndarray of intp
        Each source's calls, at least one.
    draws : int
    rng : numpy.random.Generator

    Yields
    ------
    ndarray of intp, shape (sources * fewest,)
        The sources in turns, in a random order of them, each giving a random one of its calls; as often as
        the source with the fewest calls can. So the first few are shared out as evenly as can be.
    """
    rounds = min(map(len, members))
    for _ in range(draws):
        turns = [rng.permutation(members[n])[:rounds] for n in rng.permutation(len(members))]
        yield np.stack(turns, axis=1).ravel()
