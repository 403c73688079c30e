"""Chooses from a collection with the scores that a rule takes, which annotation knows nothing of."""

from annotation.selected import Selection, Wanted, select
from annotation.studies import StudyError
from calibration.response_scores import NoScores, response_scores
from generation.models import Collection


def chosen(wanted: Wanted) -> Selection:
    """What people would be shown. Raises StudyError."""
    if wanted.pairs != "similar-quality" or wanted.kind in ("rating", "query"):
        return select(wanted)
    if not wanted.scorer:
        raise StudyError("Pairs of similar quality take a scorer: name one.")
    collection = Collection.objects.filter(name=wanted.collection).first()
    if collection is None:
        raise StudyError(f"There is no collection {wanted.collection}.")
    try:
        return select(wanted, scores=response_scores(wanted.scorer, collection))
    except NoScores as error:
        raise StudyError(str(error)) from None
