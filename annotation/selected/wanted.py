"""What is to be chosen from a collection, and whether it makes sense."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from annotation.models import Study
from annotation.studies import StudyError, one_of
from annotation.usual import ASKED
from generation.collections import CollectionError, collection_named
from generation.encoders import EncoderError, encoder_named
from generation.models import Collection, Encoder
from generation.selection import PICKS, RULES, Pick, Rule

WITHOUT_VECTORS: tuple[Rule, ...] = ("random", "similar-quality")
CLUSTERED: tuple[Rule, ...] = ("same-cluster", "different-cluster")
# What a rule of pairs rests on beside their number.
OF_RULE = {
    "similar-quality": ["scorer"],
    "same-cluster": ["responses"],
    "different-cluster": ["responses"],
    "near": ["threshold", "below"],
}


@dataclass(frozen=True)
class Wanted:
    """What is to be chosen from a collection; everything that decides it.

    `queries` is how many, None for all; `query_ids` names them instead. `responses` are picked of each query
    for ratings, and are the clusters that pairs in one or in two of them come from. `scorer` names whose
    scores make quality, for pairs of similar quality. Queries alone are asked what `asks` names; of
    categories, about `claims` of what a model gave them, as many of each if `by_category`.
    """

    collection: str
    kind: str
    queries: int | None = 50
    query_ids: tuple[str, ...] = ()
    seed: int = 0
    responses: int = 15
    pick: Pick = "random"
    pairs: Rule = "random"
    pairs_per_query: int = 10
    threshold: float = 0.8
    below: int = 0
    encoder: str = ""
    models: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    scorer: str = ""
    asks: str = "openness"
    claims: int = 100
    by_category: bool = False

    @property
    def takes_vectors(self) -> bool:
        return self.kind != Study.Kind.QUERY and (
            self.kind == Study.Kind.RATING or self.pairs not in WITHOUT_VECTORS
        )

    @property
    def least(self) -> int:
        """How many responses a query needs."""
        return self.responses if self.kind == Study.Kind.RATING or self.pairs in CLUSTERED else 2

    def told(self) -> dict[str, Any]:
        """What of it decides a choice of its kind, as the study keeps it."""
        names = ["collection", "kind", "seed"]
        if self.kind == Study.Kind.QUERY:
            names += ["asks", "claims", "by_category"] if self.asks == "category" else ["asks"]
        if self.kind != Study.Kind.QUERY or self.asks != "category":
            names += ["queries", "query_ids"]
        if self.kind != Study.Kind.QUERY:
            names += ["models", "conditions", "encoder"]
            of_pairs = ["pairs", "pairs_per_query", *OF_RULE.get(self.pairs, ())]
            names += ["responses", "pick"] if self.kind == Study.Kind.RATING else of_pairs
        every = asdict(self)
        return {name: every[name] for name in names}


def check(wanted: Wanted) -> None:
    """Raises StudyError."""
    if wanted.kind not in Study.Kind.values:
        raise StudyError(f"The kind is {one_of(Study.Kind.values)}, not {wanted.kind!r}.")
    for value, known, what in (
        (wanted.pick, PICKS, "A response of a cluster"),
        (wanted.pairs, RULES, "The rule of pairs"),
        (wanted.asks, tuple(ASKED), "What is asked of queries"),
    ):
        if value not in known:
            raise StudyError(f"{what} is {one_of(known)}, not {value!r}.")
    numbers = (wanted.queries, wanted.responses, wanted.pairs_per_query, wanted.claims)
    if any(number is not None and number < 1 for number in numbers) or wanted.below < 0:
        raise StudyError("Choose at least one query, one response and one pair.")
    if not 0 <= wanted.seed < 2**63:
        raise StudyError("The seed is a whole number from 0.")
    if not -1 <= wanted.threshold < 1:
        raise StudyError(f"A threshold of similarity is from -1 to below 1, not {wanted.threshold}.")


def collection_of(wanted: Wanted) -> Collection:
    """Raises StudyError."""
    try:
        return collection_named(wanted.collection)
    except CollectionError as error:
        raise StudyError(str(error)) from None


def with_encoder(wanted: Wanted) -> Wanted:
    """With the encoder whose vectors are taken: the one named, else the only one. Raises StudyError."""
    if wanted.encoder:
        try:
            encoder_named(wanted.encoder)
        except EncoderError as error:
            raise StudyError(str(error)) from None
    if wanted.encoder or not wanted.takes_vectors:
        return wanted
    every = list(Encoder.objects.filter(dimensions__isnull=False).values_list("name", flat=True)[:9])
    if len(every) != 1:
        which = f"name an encoder, of {', '.join(every)}"
        why = which if every else "embed the responses first (embed_responses)"
        raise StudyError(f"This choice takes the responses’ vectors: {why}.")
    return replace(wanted, encoder=every[0])
