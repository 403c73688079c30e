"""The plot of the page about groups: how far each group's labels lie from those of the rest."""

from collections.abc import Mapping
from typing import Any

from annotation.charts.groups import Difference, group_rows
from annotation.figures.asked import asking, counts_excluded
from annotation.groups import question_named, study_groups
from annotation.models import Study
from annotation.studies import StudyError
from generation.figures.figure import Figure, Table

COLUMNS = {
    "group": "Group",
    "people": "People",
    "labels": "Labels",
    "items": "Items",
    "difference": "Difference",
    "low": "95 % from",
    "high": "to",
    "chance_low": "By chance from",
    "chance_high": "to",
    "p": "p",
    "adjusted": "p, adjusted",
}


def made(study: Study, asked: Mapping[str, str]) -> list[Figure]:
    try:
        question = question_named(study, asked.get("question", ""))
    except StudyError:
        return []
    found = differences_figure(study_groups(study, question, with_excluded=counts_excluded(asked)))
    return [found] if found else []


def differences_figure(report: Mapping[str, Any]) -> Figure | None:
    """Each group's difference from the rest; None where none is defined."""
    groups = [group for group in report["groups"] if group["difference"]["value"] is not None]
    if not groups:
        return None
    asked = {"question": report["question"]["name"]}
    return Figure(
        name="group-differences",
        title="Do groups answer differently?",
        template="annotation/_group_rows.html",
        plot=group_rows([_difference(group) for group in groups], axis="difference from the rest, values"),
        says=(
            "A dot is the group’s mean less that of the other groups on the same items, its line the 95 % "
            "interval over items. The grey bar is where 95 % of groups of as many people, drawn by chance, "
            "would lie: a dot inside it tells nothing of the group."
        ),
        table=Table(COLUMNS, [_cells(group) for group in groups]),
        places=3,
        asked=asked | asking(report["with_excluded"]),
    )


def _difference(group: Mapping[str, Any]) -> Difference:
    found, chance = group["difference"], group["difference"]["by_chance"]
    return Difference(
        group["name"], found["value"], found["low"], found["high"], chance["low"], chance["high"]
    )


def _cells(group: Mapping[str, Any]) -> list[Any]:
    found, chance = group["difference"], group["difference"]["by_chance"]
    ends = [found["value"], found["low"], found["high"], chance["low"], chance["high"]]
    return [
        group["name"],
        group["people"],
        group["labels"],
        found["n"],
        *ends,
        chance["p"],
        chance["adjusted"],
    ]
