"""Every plot of a study's pages, by its name: drawn on its page, and as files.

A page makes its figures from what it has read already; `MAKERS` make one alone, for its files.
"""

from collections.abc import Callable, Mapping

from annotation.figures import disagreement, enough, groups, people, preference
from annotation.figures.figure import Figure
from annotation.models import Study

# What the address asks, such as {"excluded": "with"}; None where there is nothing to draw.
Maker = Callable[[Study, Mapping[str, str]], Figure | None]

MAKERS: dict[str, Maker] = {
    "entropy": disagreement.entropy,
    "kinds": disagreement.kinds,
    "correlations": people.correlations,
    "severities": people.severities,
    "times": people.times,
    "entropy-by-labels": enough.entropy_by_labels,
    "means-by-labels": enough.means_by_labels,
    "stability-by-labels": enough.stability_by_labels,
    "group-differences": groups.group_differences,
    "strengths": preference.strengths,
    "wins": preference.wins,
}
