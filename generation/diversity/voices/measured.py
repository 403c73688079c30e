"""Every arm measured at every budget, query by query: the mean of draws of its calls."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generation.diversity.responses import FloatArray, Indices
from generation.diversity.similarity import mean_of_sums, source_sums
from generation.diversity.voices.arms import Arm, orders
from generation.diversity.voices.bought import MEASURES, Columns, Judged, similar_classes
from generation.diversity.voices.calls import UNITS, QueryCalls, Unit, Voices
from generation.diversity.voices.expected import expected_similarity
from generation.diversity.voices.goodness import Goodness
from generation.diversity.voices.specification import Specification
from generation.diversity.voices.walks import Walk

CURVES = ("classes", "good_classes")
STEPS = 10


@dataclass(frozen=True, eq=False)
class Measured:
    """What was found of each query and arm; NaN where undefined.

    Attributes
    ----------
    budgets : dict of ndarray of float64, shape (queries,)
        By unit: what each query's arms may spend.
    values : dict of dict of ndarray of float64, shape (queries, arms)
        By unit of the budget, and by what is measured: `MEASURES`, and the units that were spent.
    sizes : dict of ndarray of float64, shape (points,)
        By unit: the budgets of the curves.
    curves : dict of dict of ndarray of float64, shape (queries, arms, points)
        By unit, and "classes" or "good_classes".
    means : ndarray of float64, shape (queries, d)
        The mean over sources of their mean vectors; NaN of a query without vectors.
    without_vectors, unclassed : int
        Responses without.
    """

    budgets: dict[Unit, FloatArray]
    values: dict[Unit, dict[str, FloatArray]]
    sizes: dict[Unit, FloatArray]
    curves: dict[Unit, dict[str, FloatArray]]
    means: FloatArray
    without_vectors: int
    unclassed: int


def rng_of(query: QueryCalls, purpose: str, seed: int) -> np.random.Generator:
    """A generator that depends on the seed, the query's text and the purpose alone."""
    return np.random.default_rng([seed, *f"{purpose}/{query.text}".encode(errors="surrogatepass")])


def judged(data: Voices, n: int, asked: Specification, worth: Goodness) -> Judged:
    """The n-th query's responses with their vectors, classes and what they are worth."""
    query = data.queries[n]
    rows, vectors = data.vectors(n)
    held = np.full(len(query.score), -1, dtype=np.intp)
    held[rows] = np.arange(len(rows))
    classes = query.classes
    if not asked.classes:
        classes = np.full(len(query.score), -1, dtype=np.intp)
        classes[rows] = similar_classes(vectors, asked.threshold, rng_of(query, "classes", asked.seed))
    good, utility = worth.good(query.score), worth.utility(query.score)
    return Judged(query, held, vectors, classes, utility, good, asked.patience, len(worth.scores) > 0)


def walks_of(query: QueryCalls, arm: Arm, asked: Specification) -> Iterator[Walk]:
    """The arm's calls about a query in as many random orders as are asked for; none where it has none."""
    if members := arm.members(query):
        rng = rng_of(query, f"calls/{arm.name}", asked.seed)
        for order in orders(members, asked.draws, rng):
            yield Walk.of(query, order)


def measured(
    data: Voices,
    arms: Sequence[Arm],
    asked: Specification,
    worth: Goodness,
    progress: Callable[[int, int], None] = lambda done, steps: None,
) -> Measured:
    """Measure every arm at every budget, one query's vectors at a time.

    Notes
    -----
    The budget of a query is what is asked for, else what the source with the least spent on it; an arm whose
    calls cost less in all, or whose costs are unknown, is undefined there. Whole calls are taken while they
    fit, and the next in as large a share of the draws as is left of its cost, so that all arms spend the
    budget on average: were it left out, the arm whose calls end on the budget would have bought half a call
    more than others for it. What was really spent is among the values. The similarity at a number of calls is
    the exact expectation where every call of the arm gave as many answers.
    """
    size = (len(data.queries), len(arms))
    budgets = {unit: _budgets(data, unit, getattr(asked, unit)) for unit in UNITS}
    sizes = {unit: _sizes(data, unit) for unit in UNITS}
    values = {unit: {name: np.full(size, np.nan) for name in (*MEASURES, *UNITS)} for unit in UNITS}
    curves = {unit: {name: np.full((*size, len(sizes[unit])), np.nan) for name in CURVES} for unit in UNITS}
    means: list[FloatArray] = []
    without = unclassed = 0
    for n, query in enumerate(data.queries):
        own = judged(data, n, asked, worth)
        without += int((own.held < 0).sum())
        unclassed += int((own.classes < 0).sum())
        means.append(_mean(own, len(data.sources)))
        for a, arm in enumerate(arms):
            walks = list(walks_of(query, arm, asked))
            if not walks:
                continue
            known: dict[bytes, Columns] = {}
            for unit in UNITS:
                for name, value in _at(own, arm, walks, unit, budgets[unit][n], known).items():
                    values[unit][name][n, a] = value
                for name, points in _curves(own, walks, unit, sizes[unit]).items():
                    curves[unit][name][n, a] = points
        progress(n + 1, len(data.queries))
    return Measured(budgets, values, sizes, curves, _stacked(means), without, unclassed)


def _budgets(data: Voices, unit: Unit, given: float | None) -> FloatArray:
    if given is not None:
        return np.full(len(data.queries), float(given))
    totals = [_totals(query, len(data.sources), unit) for query in data.queries]
    least = np.array([np.where(total > 0, total, np.inf).min(initial=np.inf) for total in totals])
    return np.where(np.isfinite(least), least, np.nan)


def _totals(query: QueryCalls, sources: int, unit: Unit) -> FloatArray:
    """What each source spent on a query in all; NaN where it was never asked, or nobody knows."""
    asked = np.bincount(query.source, minlength=sources) > 0
    spent = np.bincount(query.source, weights=query.cost(unit), minlength=sources)
    return np.where(asked, spent, np.nan)


def _sizes(data: Voices, unit: Unit) -> FloatArray:
    """The budgets of curves: in equal steps to the most that some source spent on each of its queries, and in
    finer ones to the least."""
    totals = np.array([_totals(query, len(data.sources), unit) for query in data.queries])
    known = np.where(totals > 0, totals, np.inf).min(axis=0, initial=np.inf)
    ends = known[np.isfinite(known)]
    if not len(ends):
        return np.empty(0)
    steps = np.arange(1, STEPS + 1) / STEPS
    sizes = np.concatenate([ends.min() * steps, ends.max() * steps])
    return np.unique(sizes if unit == "money" else np.ceil(sizes))


def _at(
    own: Judged, arm: Arm, walks: Sequence[Walk], unit: Unit, budget: float, known: dict[bytes, Columns]
) -> Columns:
    """The means over the draws at one budget; nothing where one of them ends before it does.

    `known` keeps what was measured of each set of responses.
    """
    if np.isnan(budget):
        return {}
    made = [int(calls) for calls in _made(walks, unit, budget)]
    if min(made) < 0:
        return {}
    draws: list[Columns] = []
    for walk, calls in zip(walks, made, strict=True):
        rows = walk.rows[: walk.ends[calls]]
        same = np.sort(rows).tobytes()
        if same not in known:
            known[same] = own.of_set(rows)
        spent = {name: float(walk.spent[name][calls]) for name in UNITS}
        draws.append(known[same] | {"utility": own.utility_of(rows)} | spent)
    found = {name: _mean_of([draw[name] for draw in draws]) for name in MEASURES}
    # A draw of no call costs nothing; that of what others cost nobody knows is no mean.
    found |= {name: float(np.mean([draw[name] for draw in draws])) for name in UNITS}
    if unit == "calls":
        found["similarity"] = _expected(own, arm, int(budget), found["similarity"])
    return _whole(own, arm, found)


def _made(walks: Sequence[Walk], unit: Unit, budget: npt.ArrayLike) -> list[Indices]:
    """The calls of each draw; the one that exceeds the budget in as many draws as is left of its cost."""
    shares = (np.arange(len(walks)) + 0.5) / len(walks)
    return [walk.calls(unit, budget, least=least) for walk, least in zip(walks, shares, strict=True)]


def _expected(own: Judged, arm: Arm, size: int, drawn: float) -> float:
    at = own.held[_rows(own, arm)]
    if (at < 0).any():
        return drawn
    exact = expected_similarity(own.query, arm.members(own.query), own.vectors[at], size)
    return drawn if exact is None else exact


def _whole(own: Judged, arm: Arm, found: Columns) -> Columns:
    """Without what the arm's other draws cannot have: a mean over some of them only would be of others."""
    rows = _rows(own, arm)
    unknown: set[str] = set()
    if (own.classes[rows] < 0).any():
        unknown |= {"classes", "effective", "good_classes", "utility"}
    if not own.scored(rows):
        unknown |= {"good_classes", "best", "utility"}
    return {name: np.nan if name in unknown else value for name, value in found.items()}


def _rows(own: Judged, arm: Arm) -> Indices:
    return own.query.rows(np.concatenate(arm.members(own.query)))


def _curves(own: Judged, walks: Sequence[Walk], unit: Unit, sizes: FloatArray) -> dict[str, FloatArray]:
    """Classes, and good ones, at growing budgets; NaN where one of the draws ends before."""
    rows = np.unique(np.concatenate([walk.rows for walk in walks]))
    if not len(sizes) or (own.classes[rows] < 0).any():
        return {}
    made = np.stack(_made(walks, unit, sizes))
    counts = {"classes": np.ones(len(own.classes), dtype=bool)}
    if own.scored(rows):
        counts["good_classes"] = own.good
    found = {}
    for name, counted in counts.items():
        each = [walk.different(own.classes, counted)[calls] for walk, calls in zip(walks, made, strict=True)]
        found[name] = np.where((made < 0).any(axis=0), np.nan, np.mean(each, axis=0))
    return found


def _mean(own: Judged, sources: int) -> FloatArray:
    if not len(own.vectors):
        return np.empty(0)
    source = np.repeat(own.query.source, own.query.answers)[own.held >= 0]
    sums, _, counts = source_sums(own.vectors, source, sources=sources)
    return mean_of_sums(sums, counts).astype(np.float64)


def _stacked(means: Sequence[FloatArray]) -> FloatArray:
    width = max(map(len, means), default=0)
    return np.array([mean if len(mean) else np.full(width, np.nan) for mean in means])


def _mean_of(values: npt.ArrayLike) -> float:
    """Over what is defined: a draw of one answer says nothing of how alike two are."""
    given = np.asarray(values, dtype=np.float64)
    known = given[~np.isnan(given)]
    return float(known.mean()) if len(known) else np.nan
