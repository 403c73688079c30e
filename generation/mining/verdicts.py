"""What was said of candidates, and the queries that come of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from generation.importers import all_or_nothing
from generation.models import Candidate, Collection, Mining, Query, Run
from generation.recipes.gating import ABOUT, ANSWERS, MEANINGFUL, repaired

# What a person may say of a candidate, and the verdicts that this means.
DECISIONS: dict[str, tuple[bool, bool | None, bool | None]] = {
    "open": (True, False, True),
    "closed": (True, False, False),
    "about_the_model": (True, True, None),
    "meaningless": (False, None, None),
}
FIELDS = ["revised", "meaningful", "about_the_model", "many_answers", "reasons", "metadata", "query"]


def write_verdicts(*, mining: Mining, results: Mapping[int, Mapping[str, Any]], run: Run) -> None:
    """Write what a run's model said of candidates, by their keys; what a person said of one stays."""
    rows = Candidate.objects.filter(pk__in=results, mining=mining, near=None).order_by("line")
    with all_or_nothing():
        # Locked: a person may say something meanwhile.
        asked = [one for one in rows.select_for_update(of=("self",)) if "decided_by" not in one.metadata]
        for one in asked:
            result = results[one.pk]
            one.revised = repaired(one.text, result["revised"])
            one.meaningful, one.about_the_model = result[MEANINGFUL], result[ABOUT]
            one.many_answers, one.reasons = result[ANSWERS], result["reasons"]
            one.metadata = {**one.metadata, "run": run.pk, "judged_by": run.recipe["model"]}
        _write(mining, asked)


def decide(*, candidate: Candidate, decision: str, by: User) -> None:
    """Write a person's verdict, one of `DECISIONS`, which no run overwrites."""
    with transaction.atomic():
        row = Candidate.objects.select_for_update(of=("self",)).select_related("mining").get(pk=candidate.pk)
        row.meaningful, row.about_the_model, row.many_answers = DECISIONS[decision]
        row.metadata = {**row.metadata, "decided_by": by.get_username()}
        _write(row.mining, [row])


def _write(mining: Mining, candidates: Sequence[Candidate]) -> None:
    """Store candidates with their verdicts; the collection has the queries of those that passed, no more."""
    before = {one.query_id for one in candidates if one.query_id}
    passed = [one for one in candidates if one.many_answers is not None]
    queries = _queries(mining, passed)
    for one in candidates:
        one.query_id = queries[_digest(one)].pk if one.many_answers is not None else None
    # All are there already: of many rows this takes a fifth of the time that bulk_update does.
    Candidate.objects.bulk_create(
        candidates, update_conflicts=True, unique_fields=["id"], update_fields=FIELDS
    )
    members = Collection.queries.through._default_manager
    collection = mining.collection_id
    members.bulk_create(
        (members.model(collection_id=collection, query_id=query.pk) for query in queries.values()),
        ignore_conflicts=True,
    )
    kept = Candidate.objects.filter(mining=mining, query__in=before).values_list("query", flat=True)
    members.filter(collection=collection, query__in=before.difference(kept)).delete()


def _queries(mining: Mining, passed: Iterable[Candidate]) -> dict[str, Query]:
    """The queries of candidates by their digests, made where they are new.

    One that was known keeps its row: its openness is said where nobody had, or this mining had.
    """
    wanted = {_digest(one): one for one in reversed(list(passed))}
    new = (_query(mining, digest, one) for digest, one in sorted(wanted.items()))
    Query.objects.bulk_create(new, ignore_conflicts=True)
    found = {query.digest: query for query in Query.objects.filter(digest__in=wanted)}
    changed = []
    for digest, query in found.items():
        ours = not query.openness or query.metadata.get("mining") == mining.name
        if ours and query.openness != (said := _openness(wanted[digest])):
            query.openness = said
            changed.append(query)
    Query.objects.bulk_update(changed, ["openness"])
    return found


def _query(mining: Mining, digest: str, one: Candidate) -> Query:
    metadata = {"mining": mining.name, "line": one.line, "original": one.text, "reasons": one.reasons}
    return Query(text=_text(one), digest=digest, openness=_openness(one), metadata=metadata)


def _openness(one: Candidate) -> str:
    return Query.Openness.OPEN if one.many_answers else Query.Openness.CLOSED


def _text(one: Candidate) -> str:
    return one.revised or one.text


def _digest(one: Candidate) -> str:
    return Query.digest_of(_text(one))
