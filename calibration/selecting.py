"""Chooses from a collection with the scores that a rule takes, which annotation knows nothing of."""

from collections.abc import Iterable

from annotation.models import Study
from annotation.selected import Selection, Wanted, collection_of, select
from annotation.studies import StudyError
from calibration.models import Score, Scorer
from generation.models import Collection


def chosen(wanted: Wanted) -> Selection:
    """What people would be shown. Raises StudyError."""
    if wanted.pairs != "similar-quality" or wanted.kind in ("rating", "query"):
        return select(wanted)
    if not wanted.scorer:
        raise StudyError("Pairs of similar quality take a scorer: name one.")
    return select(wanted, scores=scores_of(wanted.scorer, collection_of(wanted)))


def scores_of(scorer: str, collection: Collection, studies: Iterable[int] | None = None) -> dict[str, float]:
    """One number each, of which higher is better, by the responses' keys as text; the latest study's count.

    Of these studies, by their keys, or of all. Distributions and votes are their means. Raises StudyError.
    """
    found = Scorer.objects.filter(name=scorer).first()
    if found is None:
        raise StudyError(f"There is no scorer {scorer}.")
    rows = Score.objects.filter(scorer=found, response__query__in=collection.queries.all())
    if studies is not None:
        rows = rows.filter(study__in=studies)
    columns = ("study", "response", "value", "distribution", "votes")
    scales: dict[int, list[int]] = {}
    scores: dict[str, float] = {}
    for study, response, value, distribution, votes in rows.order_by("study", "pk").values_list(*columns):
        if distribution is not None:
            if study not in scales:
                scales[study] = Study.objects.get(pk=study).values
            weighted = sum(share * at for share, at in zip(distribution, scales[study], strict=True))
            value = weighted / sum(distribution)
        elif votes is not None:
            value = sum(votes) / len(votes)
        scores[str(response)] = found.sign * value
    if not scores:
        raise StudyError(
            f"{scorer} has scored no response to the queries of {collection}: score a study of them."
        )
    return scores
