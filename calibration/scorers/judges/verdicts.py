"""What the replies about one target say together: its scores, of one criterion or of all.

The result of one call has "scores" or "shares" by criterion, as the judge gave them in the order that it saw.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from calibration.scorers.judges.rubrics import Rubric
from calibration.scorers.recipe import Value
from generation.recipes.recipe import RecipeError

Results = Mapping[str, Mapping[str, Any]]
# The calls about a pair: which response is shown first.
ORDERS = ("first first", "second first")


def vote(order: str, number: int) -> str:
    """What the call for a vote is named."""
    return f"{order}, vote {number}" if order else f"vote {number}"


def orders(rubric: Rubric) -> tuple[str, ...]:
    """The orders in which the responses are shown."""
    return ORDERS if rubric.pairwise else ("",)


def turned(part: str) -> bool:
    """Whether the second response is shown first."""
    return part.startswith(ORDERS[1])


def verdict(result: Mapping[str, Any], rubric: Rubric, names: Sequence[str]) -> float:
    """The mean of the criteria; of a pair it is above 0 where the one shown first is better."""
    if shares := result.get("shares"):
        means = [
            sum(share * value for share, value in zip(shares[name], rubric.values, strict=True))
            for name in names
        ]
        return fmean(means)
    return fmean(result["scores"][name] for name in names)


def value(results: Results, rubric: Rubric, names: Sequence[str], *, votes: int) -> Value:
    """The score of the criteria named, together.

    Of several criteria it is their mean, a number: three scores of one reply are no three votes, and good in
    one thing and bad in another is not what people who disagree say. Shares and votes are of one criterion.
    Of a pair both orders count alike: what was said of the second response first is turned round.

    Raises RecipeError where an order is missing, or every vote.
    """
    if votes:
        return _votes(results, rubric, names, votes)
    missing = [order for order in orders(rubric) if order not in results]
    if missing:
        raise RecipeError(
            f"The order {missing[0]} was not answered." if rubric.pairwise else "It was not answered."
        )
    parts = [results[order] for order in orders(rubric)]
    metadata: dict[str, Any] = {"format": sorted({part["format"] for part in parts})}
    if rubric.pairwise:
        metadata |= {order: verdict(results[order], rubric, names) for order in ORDERS}
    if "shares" in parts[0]:
        outside = [part["outside"][name] for part in parts for name in names if "outside" in part]
        if outside:
            metadata["outside"] = fmean(outside)
        if len(names) == 1:
            shares = [_shares(results[order], order, names[0]) for order in orders(rubric)]
            return Value(distribution=_mixed(shares), metadata=metadata)
    said = [verdict(results[order], rubric, names) * (-1 if turned(order) else 1) for order in orders(rubric)]
    return Value(number=fmean(said), metadata=metadata)


def _shares(result: Mapping[str, Any], order: str, name: str) -> list[float]:
    """One order's shares, from the lowest value of the scale as people have it."""
    shares: list[float] = result["shares"][name]
    return shares[::-1] if turned(order) else shares


def _mixed(shares: Sequence[Sequence[float]]) -> tuple[float, ...]:
    return tuple(fmean(of_value) for of_value in zip(*shares, strict=True))


def _votes(results: Results, rubric: Rubric, names: Sequence[str], votes: int) -> Value:
    """The votes that came; of a pair those that came in both orders, so that both count alike."""
    came = [
        number
        for number in range(1, votes + 1)
        if all(vote(order, number) in results for order in orders(rubric))
    ]
    if not came:
        both = " in both orders" if rubric.pairwise else ""
        raise RecipeError(f"None of its {votes} votes was answered{both}.")
    parts = [vote(order, number) for order in orders(rubric) for number in came]
    metadata: dict[str, Any] = {
        "format": sorted({results[part]["format"] for part in parts}),
        "votes_missing": votes - len(came),
    }
    if rubric.pairwise:
        for order in ORDERS:
            given = [verdict(results[vote(order, number)], rubric, names) for number in came]
            metadata[order] = fmean(given)
    if len(names) > 1:
        said = [verdict(results[part], rubric, names) * (-1 if turned(part) else 1) for part in parts]
        return Value(number=fmean(said), metadata=metadata)
    pooled = [results[part]["scores"][names[0]] * (-1 if turned(part) else 1) for part in parts]
    return Value(votes=tuple(pooled), metadata=metadata)
