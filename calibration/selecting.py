"""Chooses from a collection with the scores that a rule takes, which annotation knows nothing of."""

from annotation.selected import Selection, Wanted, collection_of, select
from annotation.studies import StudyError
from calibration.response_scores import NoScores, response_scores


def chosen(wanted: Wanted) -> Selection:
    """What people would be shown. Raises StudyError."""
    if wanted.pairs != "similar-quality" or wanted.kind in ("rating", "query"):
        return select(wanted)
    if not wanted.scorer:
        raise StudyError("Pairs of similar quality take a scorer: name one.")
    try:
        return select(wanted, scores=response_scores(wanted.scorer, collection_of(wanted)))
    except NoScores as error:
        raise StudyError(str(error)) from None
