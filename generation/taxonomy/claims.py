"""Which of a model's categories people are asked about: a random sample of queries with one category each."""

from collections import defaultdict
from dataclasses import dataclass
from random import Random

from generation.models import Classification, Collection, Run
from generation.taxonomy.categories import CategoryError
from generation.taxonomy.counting import Standing, collected


@dataclass(frozen=True)
class Claim:
    """That a query is of a category.

    Attributes
    ----------
    query : int
        Its key.
    category : str
        The name of what the category counts as now.
    text : str
        What people read under the query.
    """

    query: int
    category: str
    text: str


def sample_claims(
    collection: Collection, *, number: int, seed: int, run: Run | None = None, by_category: bool = False
) -> list[Claim]:
    """So many of the categories that a run gave to queries, by default the newest; all where there are fewer.

    The same seed draws the same claims from the same classifications, whatever the rows' keys. Every claim is
    as likely as any other, so that the share that people confirm is that of all; `by_category` takes as many
    of each category instead, where rare ones have enough, to compare categories. Raises CategoryError.
    """
    asked = run if run is not None else collected(collection).first()
    if asked is None:
        raise CategoryError(f"No model has classified the queries of {collection}: classify them first.")
    standing = Standing.now()
    rows = Classification.objects.filter(run=asked).values_list("category", "query__digest", "query")
    claims = {
        (digest, standing.categories[place].name): (key, place)
        for category, digest, key in rows.iterator()
        if (place := standing.places[category]) >= 0
    }
    if not claims:
        raise CategoryError(f"{asked} gave no query a category that counts.")
    order = sorted(claims)
    Random(seed).shuffle(order)
    drawn = _by_category(order) if by_category else order
    return [
        Claim(claims[one][0], one[1], _said(standing, claims[one][1]))
        for one in drawn[:number]
    ]  # fmt: skip


def _by_category(order: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """One of each category in turn, in the order drawn."""
    groups: defaultdict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for digest, name in order:
        groups[name].append((len(groups[name]), name, digest))
    return [(digest, name) for _, name, digest in sorted(one for group in groups.values() for one in group)]


def _said(standing: Standing, place: int) -> str:
    row = standing.categories[place]
    return f"{row.name}: {row.definition}" if row.definition else row.name
