"""What people say of a threshold of similarity, or of queries, on the page of a study that asked."""

from typing import Any

from annotation.duplicates import holds_similarities, study_duplicates
from annotation.figures.duplicates import duplicates_figure
from annotation.freshness import kept
from annotation.labelling import study_query_shares
from annotation.models import Study


def checked_context(study: Study, *, with_excluded: bool) -> dict[str, Any]:
    """For the fragments `_duplicates.html` and `_query_shares.html`; empty for other studies."""
    ending = "-with-excluded" if with_excluded else ""
    if study.kind == Study.Kind.QUERY:
        found = kept(
            study, f"query-shares{ending}", lambda: study_query_shares(study, with_excluded=with_excluded)
        )
        return {"query_shares": found}
    if not holds_similarities(study):
        return {}
    found = kept(study, f"duplicates{ending}", lambda: study_duplicates(study, with_excluded=with_excluded))
    return {"duplicates": found, "duplicates_figure": duplicates_figure(found)}
