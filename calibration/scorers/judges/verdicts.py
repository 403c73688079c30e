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


def vote(order: str, number: int, *, called: str = "vote") -> str:
    """What the call for a vote is named."""
    return f"{order}, {called} {number}" if order else f"{called} {number}"


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
    asked = [tuple(vote(order, number) for order in orders(rubric)) for number in range(1, votes + 1)]
    came = whole(results, asked)
    if not came:
        both = " in both orders" if rubric.pairwise else ""
        raise RecipeError(f"None of its {votes} votes was answered{both}.")
    pooled = voted(results, rubric, names, came)
    pooled.metadata["votes_missing"] = votes - len(came)
    return pooled


def whole(results: Results, asked: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Of the parts that were asked together, those of which all were answered."""
    return [parts for parts in asked if all(part in results for part in parts)]


def in_order(came: Sequence[tuple[str, ...]]) -> list[str]:
    """The parts, those with the first response first before the others."""
    return sorted((part for parts in came for part in parts), key=turned)


def voted(results: Results, rubric: Rubric, names: Sequence[str], came: Sequence[tuple[str, ...]]) -> Value:
    """The votes of the parts that came, in the order of `in_order`; of several criteria their mean."""
    parts = in_order(came)
    metadata: dict[str, Any] = {"format": sorted({results[part]["format"] for part in parts})}
    if rubric.pairwise:
        for place, order in enumerate(ORDERS):
            given = [verdict(results[part], rubric, names) for part in parts if turned(part) == bool(place)]
            if given:
                metadata[order] = fmean(given)
    if len(names) > 1:
        said = [verdict(results[part], rubric, names) * (-1 if turned(part) else 1) for part in parts]
        return Value(number=fmean(said), metadata=metadata)
    pooled = [results[part]["scores"][names[0]] * (-1 if turned(part) else 1) for part in parts]
    return Value(votes=tuple(pooled), metadata=metadata)
