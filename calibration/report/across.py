"""What is held side by side for all scorers: distances, comparisons, standing in for people."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from django.utils.safestring import SafeString

from calibration.report.cells import Cells, Grid, Head, Line, p_text
from calibration.report.found import Found, Result, absent, fullest, reason_of, told
from generation.templatetags.numbers import end, fixed, percent

SOURCES = {"stated": "stated", "votes": "from votes", "ordered_logit": "fitted"}
# Beside Wasserstein's, which stands with what it means.
DISTANCES = {
    "total_variation": "total variation",
    "jensen_shannon": "Jensen-Shannon",
    "log_loss": "log loss",
    "brier": "Brier",
    "ranked_probability_score": "ranked probability",
}
MEASURES = {"wasserstein_1": "Wasserstein", **DISTANCES}
REFERENCES = {
    "floor": ("A perfect judge", "with as many votes"),
    "overall": ("Everybody alike", "the study’s shares"),
    "left_out_person": ("One other person", "their one label"),
    "uniform": ("Knows nothing", "all labels alike"),
}
DISTRIBUTION_HEADS = (
    Head("Wasserstein", "distance, steps of the scale"),
    Head("skill", "1: perfect, 0: everybody alike"),
    Head("corrected distance", "0: perfect"),
    Head("entropy gap", "bits, above 0: too unsure"),
    Head("entropy", "rank correlation"),
    Head("calibration error", "of a calibrated one"),
)
# Of those, what others than scorers have, with its decimals.
OF_REFERENCES = (("wasserstein_1", 2), ("skill", 2), ("corrected", 3), ("entropy_gap", 2), ("", 0), ("", 0))
PAIRWISE_HEADS = (
    Head("slope", "a typical difference, log odds"),
    Head("both orders", "sides mean nothing"),
    Head("lean to A", "at equal scores, log odds"),
    Head("log loss"),
    Head("Brier"),
    Head("calibration error", "of a calibrated one"),
    Head("agrees with one person"),
    Head("equal pairs apart", "of decided ones, 1: as far"),
    Head("tells decided from equal", "AUC, 0.5: not at all"),
    Head("sure of equal pairs", "share"),
)
PEOPLE_HEADS = (
    Head("alt test"),
    Head("winning rate"),
    Head("advantage probability"),
    Head("people", "with enough items"),
    Head("items a person"),
    Head("rho with a person", "mean"),
    Head("spread of it", "beyond chance, sd"),
    Head("p of the spread"),
)


@dataclass(frozen=True)
class Across:
    """A table of all scorers, or why there is none."""

    grid: Grid | None
    why: str


def distribution_of(scorers: Sequence[Result]) -> Across:
    """How far from people's whole distribution, over what others would have."""
    label = "Distance to people’s whole distribution"
    others = partial(_references, scorers, OF_REFERENCES)
    return _across(scorers, "distribution", label, DISTRIBUTION_HEADS, _distribution_line, others)


def distances_of(scorers: Sequence[Result]) -> Across:
    """The same by the other distances, for who compares with published ones."""
    heads = [*map(Head, DISTANCES.values())]
    others = partial(_references, scorers, [(measure, 2) for measure in DISTANCES])
    return _across(scorers, "distribution", "Other distances", heads, _distances_line, others)


def pairwise_of(scorers: Sequence[Result]) -> Across:
    others = partial(_people_on_pairs, fullest(scorers, "pairwise") or {})
    return _across(scorers, "pairwise", "Scorers on comparisons", PAIRWISE_HEADS, _pairwise_line, others)


def people_of(scorers: Sequence[Result]) -> Across:
    """The alternative annotator test, and how differently a scorer serves people."""
    why = absent(scorers, "alt_test")
    if why and not absent(scorers, "annotators"):
        why = ""
    cells = Cells()
    rows = [_people_line(cells, scorer) for scorer in scorers]
    return Across(None if why else cells.grid("Scorers and single people", PEOPLE_HEADS, rows), why)


def _across(
    scorers: Sequence[Result],
    key: str,
    label: str,
    heads: Sequence[Head],
    line: Callable[[Cells, Found], list[SafeString]],
    others: Callable[[Cells], list[Line]],
) -> Across:
    if why := absent(scorers, key):
        return Across(None, why)
    cells, rows = Cells(), []
    for scorer in scorers:
        part = scorer.get(key)
        if part:
            source = _source(scorer, part)
            beneath = f"{source}{', ' if source else ''}n = {part['n']:,}"
            rows.append(Line(scorer["name"], beneath, line(cells, part)))
        else:
            undefined = cells.undefined(reason_of(scorer, key))
            rows.append(Line(scorer["name"], "", [undefined] * len(heads)))
    return Across(cells.grid(label, heads, [*rows, *others(cells)]), "")


def _source(scorer: Found, part: Found) -> str:
    """Where its shares come from; those of tokens are stated by nobody."""
    source = part.get("source", "")
    of_tokens = source == "stated" and (scorer.get("asked") or {}).get("method") == "logprobs"
    return "token probabilities" if of_tokens else SOURCES.get(source, "")


def _distribution_line(cells: Cells, found: Found) -> list[SafeString]:
    skill, curve = found.get("skill") or {}, told(found, "reliability_curve")
    return [
        cells.estimate(told(found, "wasserstein_1")),
        cells.estimate(told(skill, "wasserstein_1")),
        cells.estimate(told(found, "corrected"), 3),
        cells.estimate(told(found, "entropy_gap"), sign=True),
        cells.estimate(told(found, "entropy_correlation")),
        _ece(cells, curve),
    ]


def _distances_line(cells: Cells, found: Found) -> list[SafeString]:
    return [cells.estimate(told(found, measure)) for measure in DISTANCES]


def _references(scorers: Sequence[Result], columns: Sequence[tuple[str, int]], _: Cells) -> list[Line]:
    """What others than scorers have on the same items."""
    # The floor of a scorer that votes is that of a judge with as few votes.
    stated = [one for one in scorers if "votes" not in (one.get("distribution") or {}).get("source", "")]
    found = fullest(stated, "distribution") or fullest(scorers, "distribution") or {}
    floor = (found.get("floor") or {}) | {"entropy_gap": found.get("entropy_gap_floor")}
    known = {"floor": floor, **(found.get("references") or {})}
    overall = (known.get("overall") or {}).get("wasserstein_1")
    return [
        Line(
            name,
            beneath,
            [_reference(_with_skill(known[key], overall), of, places) for of, places in columns],
            reference=True,
        )
        for key, (name, beneath) in REFERENCES.items()
        if known.get(key)
    ]


def _with_skill(known: Found, overall: float | None) -> Found:
    own = known.get("wasserstein_1")
    return {**known, "skill": None if own is None or not overall else 1 - own / overall}


def _people_on_pairs(found: Found, cells: Cells) -> list[Line]:
    """What a scorer loses that knows every share of people; and how often people agree with each other."""
    blank = SafeString("")
    split = [_reference(found, key, 2) for key in ("log_loss_floor", "brier_floor")]
    person = cells.estimate(told(found, "person_with_person"))
    return [
        Line("A perfect judge", "people’s own split", [*[blank] * 3, *split, *[blank] * 5], reference=True),
        Line("One other person", "ties left out", [*[blank] * 6, person, *[blank] * 3], reference=True),
    ]


def _reference(known: Found, of: str, places: int) -> SafeString:
    value = known.get(of)
    return SafeString("" if value is None else fixed(value, places))


def _ece(cells: Cells, curve: Found) -> SafeString:
    floor = curve.get("ece_floor")
    beneath = "" if floor is None else fixed(floor, 3)
    return cells.estimate(told(curve, "ece"), 3, beneath=beneath)


def _pairwise_line(cells: Cells, found: Found) -> list[SafeString]:
    equal, scale = told(found, "equally_good"), found.get("scale") or 1.0
    return [
        *(cells.estimate(_scaled(told(found, key), scale)) for key in ("slope", "slope_without_intercept")),
        cells.estimate(told(found, "intercept"), sign=True),
        *(cells.estimate(told(found, key)) for key in ("log_loss", "brier")),
        _ece(cells, found),
        cells.estimate(told(found, "single_person")),
        *(cells.estimate(told(equal, key)) for key in ("ratio", "auc", "confident")),
    ]


def _scaled(estimate: Found, scale: float) -> Found:
    """A slope in units in which those of other scorers are too."""
    numbers = {key: estimate.get(key) for key in ("value", "low", "high")}
    return {**estimate, **{key: None if one is None else one * scale for key, one in numbers.items()}}


def _people_line(cells: Cells, scorer: Found) -> Line:
    test, people = told(scorer, "alt_test"), told(scorer, "annotators")
    return Line(scorer["name"], "", [*_alt_test(cells, test), *_spread(cells, people)])


def _alt_test(cells: Cells, test: Found) -> list[SafeString]:
    if test.get("winning_rate") is None:
        return [cells.undefined(test.get("reason"))] * 5
    verdict = cells.noted(
        "passes" if test["passed"] else "does not pass",
        *([f"its label: {test['label']}"] if test.get("label") else []),
        *([test["reason"]] if test.get("reason") else []),
    )
    thin = "in a thin design" if test["passed"] else "too thin a design to tell"
    each = test.get("items_per_annotator")
    return [
        SafeString(verdict if test["adequate"] else f"{verdict}<small>{thin}</small>"),
        SafeString(percent(test["winning_rate"])),
        cells.estimate(told(test, "advantage_probability")),
        SafeString(f"{test['annotators']:,}"),
        cells.number(each, 0),
    ]


def _spread(cells: Cells, people: Found) -> list[SafeString]:
    spread = told(people, "spread")
    if not people.get("n"):
        return [cells.undefined(people.get("reason"))] * 3
    ends = f"{end(spread['low'])} to {end(spread['high'])}" if spread.get("low") is not None else ""
    p = spread.get("p")
    return [
        cells.estimate(told(people, "mean")),
        cells.estimate(spread, beneath=ends),
        cells.undefined(spread.get("reason")) if p is None else SafeString(p_text(p)),
    ]
