"""The plots of the page about people: agreement with the others, severity, and time."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from annotation.charts.people import MOST_IN_A_ROW, parted_bars, people_in_a_row
from annotation.figures.asked import asking, counts_excluded
from annotation.models import Study
from annotation.quality.flags import least_seconds
from annotation.quality.people import People
from annotation.statistics.counts import BoolArray, FloatArray
from generation.charts.box import number_text, round_step
from generation.figures.figure import Figure, Table
from generation.templatetags.numbers import counted

BIN = 0.1
# Times have long tails: beyond so many medians, one bin holds them all.
MEDIANS, TIME_BINS = 3, 15


def made(study: Study, asked: Mapping[str, str]) -> list[Figure]:
    return people_figures(People.of(study, with_excluded=counts_excluded(asked)))


def people_figures(people: People) -> list[Figure]:
    """Those that there is something to draw for."""
    every = (correlations_figure(people), severities_figure(people), times_figure(people))
    return [figure for figure in every if figure]


def correlations_figure(people: People) -> Figure | None:
    """People by their correlation with the others; None where nobody's is defined."""
    found, shown = people.quality.measures, _shown(people)
    places = np.flatnonzero(shown & np.isfinite(found.correlation))
    if not len(places):
        return None
    fewest = people.limits.correlation_items
    few = found.others_n[places] < fewest
    at = np.floor((found.correlation[places] + 1) / BIN + 1e-9).astype(int).clip(0, 19)
    first = min(10, int(at.min()))
    many, fewer = (np.bincount(at[part], minlength=20)[first:].tolist() for part in (~few, few))
    edges = [number_text(n * BIN - 1, 1) for n in range(first, 21)]
    below = int((found.correlation_high[places] < 0).sum())
    return Figure(
        name="correlations",
        title="How far do people agree with the others?",
        template="annotation/_parted_bars.html",
        plot=parted_bars(
            many,
            fewer,
            [edge if (n + first) % 2 == 0 else "" for n, edge in enumerate(edges)],
            axis="correlation with the mean of the others",
            mark="band",
        ),
        says=(
            "1 is in step with the others’ mean, 0 no relation: of "
            f"{counted(len(places), 'person')}, {below:,} {'has' if below == 1 else 'have'} an interval "
            f"wholly below 0. On few items, as the {int(few.sum()):,} in grey with fewer than {fewest}, a "
            "place is mostly chance; and a low one is no fault, as people may differ about what is good."
        ),
        table=Table(
            {"from": "From", "to": "To", "people": f"People on {fewest} items or more", "few": "On fewer"},
            [
                (round(n * BIN - 1, 1), round((n + 1) * BIN - 1, 1), of_many, of_few)
                for n, of_many, of_few in zip(range(first, 20), many, fewer, strict=True)
            ],
        ),
        points=_points(people, places, "others_n", "correlation", "correlation_low", "correlation_high"),
        places=1,
        asked=asking(people.with_excluded),
    )


def severities_figure(people: People) -> Figure | None:
    """Everybody's severity in a row, from the severest; None where nobody has one on enough items.

    Nor of comparisons: which response is the first is the file's choice, so leaning to it is no severity.
    """
    found, shown = people.quality.measures, _shown(people)
    enough = found.others_n >= people.limits.labels
    places = np.flatnonzero(shown & enough & np.isfinite(found.severity_low))
    if not len(places) or people.study.compares:
        return None
    value, low, high = (
        column[places] for column in (found.severity, found.severity_low, found.severity_high)
    )
    groups = {
        "severer: interval below 0": high < 0,
        "neither: interval holds 0": (low <= 0) & (high >= 0),
        "milder: interval above 0": low > 0,
    }
    return Figure(
        name="severities",
        title="Who is severe, and who is mild?",
        template="annotation/_people_row.html",
        plot=people_in_a_row([people.quality.codes[n] for n in places.tolist()], value, low, high),
        says=(
            "A person’s mean answer less the others’ on the same items, in steps of the scale, with its 95 % "
            f"interval over items. Chance alone puts about {0.025 * len(places):.0f} of "
            f"{counted(len(places), 'person')} wholly below 0, and as many above; it says nothing of care."
            f"{_severities_of_whom(people, shown, len(places))}"
        ),
        table=Table(
            {"group": "95 % interval", "people": "People", "median": "Median severity"},
            [
                (name, int(chosen.sum()), float(np.median(value[chosen])) if chosen.any() else None)
                for name, chosen in groups.items()
            ],
        ),
        points=_points(people, places, "others_n", "severity", "severity_low", "severity_high"),
        asked=asking(people.with_excluded),
    )


def _severities_of_whom(people: People, shown: BoolArray, drawn: int) -> str:
    """Who is not in the picture, and who may not be compared in it."""
    said = ""
    if drawn > MOST_IN_A_ROW:
        said += f" The picture has {MOST_IN_A_ROW} of them, evenly chosen."
    if left_out := int((shown & (people.quality.measures.others_n > 0)).sum()) - drawn:
        less = f"fewer than {counted(people.limits.labels, 'item')} with others, or one distance from all"
        said += f" {_count(left_out, 'more has', 'more have')} {less}."
    if people.study.design == Study.Design.BLOCKS:
        said += " Compare people of one form only: its items have the same other people."
    return said


def times_figure(people: People) -> Figure | None:
    """People by their median time an item; None where no time is known."""
    found = people.quality.measures
    places = np.flatnonzero(_shown(people) & np.isfinite(found.median_seconds))
    if not len(places):
        return None
    seconds, least = found.median_seconds[places], least_seconds(people.quality, people.limits)[places]
    quick = seconds < least
    median = float(np.median(seconds))
    longest = float(seconds.max())
    cap = min(MEDIANS * median, longest)
    step = round_step(max(cap - float(seconds.min()), 1.0) / TIME_BINS)
    first = int(float(seconds.min()) / step)
    bins = int(cap / step) + 1 - first
    at = np.minimum((seconds / step).astype(int) - first, bins - 1)
    slow, fast = (np.bincount(at[part], minlength=bins).tolist() for part in (~quick, quick))
    edges = [round((first + n) * step, 6) for n in range(bins + 1)]
    edges[-1] = max(edges[-1], longest)
    tail = f"The last column holds all that are longer, up to {longest:,.0f} s. " if cap < longest else ""
    every = 1 + bins // 6
    return Figure(
        name="times",
        title="How long does an answer take?",
        template="annotation/_parted_bars.html",
        plot=parted_bars(
            slow,
            fast,
            ["" if n % every else f"{edge:g}" for n, edge in enumerate(edges[:-1])],
            axis="a person’s median time an item, seconds",
            mark="seconds quick",
        ),
        says=(
            f"Half of {counted(len(places), 'person')} take {median:.1f} s or less an item, by their median. "
            f"{tail}{_count(int(quick.sum()), 'person is', 'people are')} (red) below the least time that "
            "raises no flag; being quick is not being careless."
        ),
        table=Table(
            {
                "from_seconds": "From, s",
                "to_seconds": "To, s",
                "people": "People",
                "quick": "Of them too quick",
            },
            [
                (start, end, slower + faster, faster)
                for start, end, slower, faster in zip(edges, edges[1:], slow, fast, strict=False)
            ],
        ),
        points=_points(people, places, "timed", "median_seconds"),
        asked=asking(people.with_excluded),
    )


def _shown(people: People) -> BoolArray:
    """Who is drawn: those whose labels count."""
    everybody = np.ones(len(people.quality.pks), dtype=bool)
    return everybody if people.with_excluded else ~people.quality.excluded


def _points(people: People, places: npt.NDArray[np.intp], *names: str) -> Table:
    """A row a person: the code, and the named measures."""
    columns: list[FloatArray] = [getattr(people.quality.measures, name)[places] for name in names]
    rows = zip(*(column.tolist() for column in columns), strict=True)
    codes = [people.quality.codes[n] for n in places.tolist()]
    return Table(
        {name: name for name in ("annotator_id", *names)},
        [
            (code, *(None if number != number else number for number in row))  # NaN alone differs from itself
            for code, row in zip(codes, rows, strict=True)
        ],
    )


def _count(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"
