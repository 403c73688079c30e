"""Every plot of a study's pages, by its name: drawn on its page, and as files.

A page makes its figures from what it has read already; for the files of one, the page's are made again.
"""

from collections.abc import Callable, Mapping

from annotation.figures import disagreement, duplicates, enough, groups, people, preference
from annotation.models import Study
from generation.figures.figure import Figure

# The figures of a page; what the address asks is such as {"excluded": "with"}.
Maker = Callable[[Study, Mapping[str, str]], list[Figure]]

MAKERS: dict[str, Maker] = {
    "entropy": disagreement.made,
    "kinds": disagreement.made,
    "correlations": people.made,
    "severities": people.made,
    "times": people.made,
    "entropy-by-labels": enough.made,
    "means-by-labels": enough.made,
    "stability-by-labels": enough.made,
    "group-differences": groups.made,
    "duplicates": duplicates.made,
    "strengths": preference.made,
    "wins": preference.made,
}


def figure_named(study: Study, name: str, asked: Mapping[str, str]) -> Figure | None:
    """None where there is no such figure, or nothing to draw."""
    every = MAKERS[name](study, asked) if name in MAKERS else []
    return next((figure for figure in every if figure.name == name), None)
