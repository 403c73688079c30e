"""What a scorer answered about a study's items, as a panel: votes of personas where it names them."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.contrib.auth.models import User

from annotation.frames import LabelFrame
from annotation.models import Item, Study
from annotation.statistics.counts import FloatArray
from calibration.frames import score_columns
from calibration.metrics.replication.panels import Distributions, Numbers, Panel, Personas, Votes
from calibration.models import Score, Scorer
from calibration.panels import personas_of

PERSONAS, VOTES, DISTRIBUTIONS, NUMBERS = "votes of personas", "votes", "distributions", "numbers"


@dataclass(frozen=True, eq=False)
class Scored:
    """A scorer's answers.

    Attributes
    ----------
    panel : Panel
    kind : str
        What it gave: votes of personas, votes, distributions or numbers.
    attributes : list of mapping
        Of each persona, in the order of the panel's.
    items : int
        Items that it answered.
    without_personas : int
        Items left out, because their votes name nobody while others' do.
    digest : str
    """

    panel: Panel
    kind: str
    attributes: list[Mapping[str, str]]
    items: int
    without_personas: int
    digest: str


def scored(study: Study, scorer: Scorer, labels: LabelFrame, user: User | None = None) -> Scored:
    """Read a scorer's answers, in the frame's order of items; of panels, those that the user may see."""
    (column,) = score_columns(study, item_pks=labels.item_pks, scorers=[scorer])
    answered = int(np.isfinite(column.values).sum())
    if "votes" in column.kind:
        voted = _votes_of_personas(study, scorer, labels)
        if voted:
            known = personas_of(scorer, study, user)
            return _of_personas(known, voted, len(labels.item_ids), answered, column.digest)
    scale = labels.values.astype(np.float64)
    if column.kind == "votes" and column.votes is not None:
        return Scored(Votes(column.votes.astype(np.int64), scale), VOTES, [], answered, 0, column.digest)
    if "number" not in column.kind and column.distributions is not None:
        given = Distributions(column.distributions, scale)
        return Scored(given, DISTRIBUTIONS, [], answered, 0, column.digest)
    return Scored(Numbers(column.values), NUMBERS, [], answered, 0, column.digest)


def _votes_of_personas(study: Study, scorer: Scorer, labels: LabelFrame) -> dict[str, dict[int, list[float]]]:
    """Each persona's votes on the items, by place; two on an item where they saw both orders of it."""
    place = {pk: n for n, pk in enumerate(labels.item_pks.tolist())}
    by_response: dict[int, list[int]] = defaultdict(list)
    for pk, response in Item.objects.filter(study=study, response__isnull=False).values_list(
        "pk", "response_id"
    ):
        by_response[response].append(place[pk])
    rows = Score.objects.filter(study=study, scorer=scorer, votes__isnull=False)
    columns = rows.values_list("item_id", "response_id", "votes", "metadata")
    given: dict[int, dict[str, list[float]]] = {}
    # An item's own votes come last, in the place of its response's.
    for item, response, votes, metadata in sorted(columns, key=lambda row: row[0] is not None):
        named, votes = metadata.get("personas"), votes or []
        if not isinstance(named, list) or len(named) != len(votes):
            continue
        said: dict[str, list[float]] = defaultdict(list)
        for persona, vote in zip(named, votes, strict=True):
            said[str(persona)].append(float(vote))
        for at in [place[item]] if item is not None else by_response.get(response, []):
            given[at] = said
    voted: dict[str, dict[int, list[float]]] = defaultdict(dict)
    for at, said in given.items():
        for persona, votes in said.items():
            voted[persona][at] = votes
    return voted


def _of_personas(
    known: Mapping[str, Mapping[str, str]],
    voted: Mapping[str, Mapping[int, list[float]]],
    items: int,
    answered: int,
    digest: str,
) -> Scored:
    names = sorted(voted)
    votes: FloatArray = np.full((len(names), items), np.nan)
    spread: FloatArray = np.zeros(votes.shape)
    for n, name in enumerate(names):
        for at, said in voted[name].items():
            votes[n, at], spread[n, at] = np.mean(said), np.std(said)
    attributes: list[Mapping[str, str]] = [known.get(name, {}) for name in names]
    read = hashlib.sha256(digest.encode())
    read.update(json.dumps([names, [dict(one) for one in attributes]], sort_keys=True).encode())
    for part in (votes, spread):
        read.update(part.astype(">f8").tobytes())
    about = int((~np.isnan(votes)).any(axis=0).sum())
    panel = Personas(votes, spread=spread if spread.any() else None)
    return Scored(panel, PERSONAS, attributes, about, answered - about, read.hexdigest())
