"""Counts of sorted responses, as the database makes them, and their digest."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db.models import Count, Q

from generation.diversity.responses import FloatArray
from generation.formats.checkpoints import Checkpoints
from generation.formats.counted import Counted
from generation.models import FormatRules, Query, ResponseFormat
from generation.recipes.token_entropy import kept
from generation.sampling import ENTROPY

ROWS_AT_ONCE = 2_000


class Cell(NamedTuple):
    """Responses of one model to one query in one format: all, known to be correct or wrong, correct."""

    query: int
    model: int
    format: str
    responses: int
    known: int
    correct: int


class Tokens(NamedTuple):
    """Of one model's responses to one query: nats over all tokens, the tokens, whether a lower bound."""

    query: int
    model: int
    nats: float
    number: int
    lower: bool


def cells_of(checkpoints: Checkpoints, rules: FormatRules) -> list[Cell]:
    """Every cell that has a sorted response, in an order of queries that does not depend on their keys."""
    rows = (
        ResponseFormat.objects.filter(rules=rules, response__in=checkpoints.responses.order_by().values("pk"))
        .order_by()
        .values("response__query__digest", "response__query", "response__model", "format")
        .annotate(all=Count("pk"), known=Count("correct"), right=Count("pk", filter=Q(correct=True)))
        .values_list(
            "response__query__digest", "response__query", "response__model", "format", "all", "known", "right"
        )
    )
    return [Cell(*row[1:]) for row in sorted(rows.iterator(ROWS_AT_ONCE))]


def tokens_of(checkpoints: Checkpoints) -> list[Tokens]:
    """The entropy of tokens, where responses came with it."""
    rows = checkpoints.responses.filter(**{f"{ENTROPY}__isnull": False}).order_by()
    sums: dict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0, 0, 0])
    for query, model, said in rows.values_list("query", "model", ENTROPY).iterator(ROWS_AT_ONCE):
        if read := kept(said):
            mean, tokens, lower = read
            held = sums[query, model]
            held[0], held[1], held[2] = held[0] + mean * tokens, held[1] + tokens, held[2] + lower
    return sorted(Tokens(*key, nats, int(tokens), bool(lower)) for key, (nats, tokens, lower) in sums.items())


def counted_of(checkpoints: Checkpoints, cells: Sequence[Cell], tokens: Sequence[Tokens]) -> Counted:
    """The cells as arrays, of checkpoints that have any; formats from the commonest on."""
    sorted_ = {cell.model for cell in cells}
    models = [one for one in checkpoints.models if one.pk in sorted_]
    total: Counter[str] = Counter()
    for cell in cells:
        total[cell.format] += cell.responses
    formats = tuple(sorted(total, key=lambda name: (-total[name], name)))
    queries = {key: n for n, key in enumerate(dict.fromkeys(cell.query for cell in cells))}
    steps = {one.pk: n for n, one in enumerate(models)}
    places = {name: n for n, name in enumerate(formats)}
    counts, known, correct = np.zeros((3, len(queries), len(steps), len(formats)), dtype=np.int64)
    for cell in cells:
        at = queries[cell.query], steps[cell.model], places[cell.format]
        counts[at], known[at], correct[at] = cell.responses, cell.known, cell.correct
    entropy: FloatArray = np.full((len(queries), len(steps)), np.nan)
    bounds: list[str | None] = [None] * len(steps)
    for one in tokens:
        if one.query in queries and one.model in steps:
            step = steps[one.model]
            entropy[queries[one.query], step] = one.nats / one.number
            bounds[step] = "lower" if one.lower or bounds[step] == "lower" else "exact"
    return Counted(
        models=tuple(one.name for one in models),
        steps=tuple(one.step or 0 for one in models),
        formats=formats,
        counts=counts,
        known=known,
        correct=correct,
        token_entropy=entropy,
        bounds=tuple(bounds),
    )


def digest_of(
    checkpoints: Checkpoints,
    rules: FormatRules,
    cells: Sequence[Cell],
    tokens: Sequence[Tokens],
    *more: Any,
) -> str:
    """Hex SHA-256 of what was read, whatever the keys that the database gave it."""
    keys = {cell.query for cell in cells}
    queries = dict(Query.objects.filter(pk__in=keys).values_list("pk", "digest"))
    steps = {one.pk: one.step for one in checkpoints.models}
    read = {
        "models": [[one.name, one.step] for one in checkpoints.models],
        "condition": checkpoints.condition,
        "rules": rules.digest,
        "cells": sorted([queries[cell.query], steps[cell.model], *cell[2:]] for cell in cells),
        "tokens": sorted(
            [queries[one.query], steps[one.model], *one[2:]] for one in tokens if one.query in queries
        ),
        "more": more,
    }
    return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()
