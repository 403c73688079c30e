"""What a scorer says of single responses, in whatever studies it was asked, as one number each."""

from annotation.models import Study
from calibration.models import Score, Scorer
from generation.models import Collection


class NoScores(Exception):
    """Why there are none, in one line."""


def response_scores(scorer: str, collection: Collection) -> dict[str, float]:
    """Numbers by the responses' keys, as text, of which higher is better; the latest study's count.

    Distributions and votes are their means. Raises NoScores.
    """
    found = Scorer.objects.filter(name=scorer).first()
    if found is None:
        raise NoScores(f"There is no scorer {scorer}.")
    rows = Score.objects.filter(scorer=found, response__query__in=collection.queries.all())
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
        raise NoScores(
            f"{scorer} has scored no response to the queries of {collection}: score a study of them."
        )
    return scores
