"""Ways to ask of known diversity: each answer is one idea, an axis of its own."""

from collections.abc import Mapping, Sequence

import numpy as np

from generation.diversity.responses import Source
from generation.diversity.voices.calls import QueryCalls, ScoredBy, Voices

AXES = 20
MODELS, CALLS, PLAIN_TOKENS, SEVERAL_TOKENS = 5, 10, 100, 500
GOOD, BAD = 8.0, 3.0

# Of a source: its calls, each the ideas of its answers, its tokens, and its money.
Call = tuple[Sequence[int], float, float]


def query_of(calls: Mapping[int, Sequence[Call]], text: str = "Why?") -> tuple[QueryCalls, np.ndarray]:
    """The calls about a query, and the ideas of its answers. Even ideas are good."""
    rows = [(source, *call) for source, made in calls.items() for call in made]
    ideas = np.array([idea for _, said, _, _ in rows for idea in said], dtype=np.intp)
    return (
        QueryCalls(
            text,
            np.array([row[0] for row in rows], dtype=np.intp),
            np.array([len(row[1]) for row in rows], dtype=np.intp),
            np.array([row[2] for row in rows]) * 0.25,
            np.array([row[2] for row in rows]) * 0.75,
            np.array([row[3] for row in rows], dtype=np.float64),
            np.where(ideas % 2 == 0, GOOD, BAD),
            ideas,
        ),
        ideas,
    )


def voices(sources: Sequence[Source], queries: Sequence[Mapping[int, Sequence[Call]]]) -> Voices:
    """Each query's ideas lie on axes of their own, so that the floor is 0."""
    made = [query_of(calls, f"Query {n}?") for n, calls in enumerate(queries)]
    axes = np.eye(AXES * len(made), dtype=np.float32)
    return Voices(
        tuple(sources),
        [query for query, _ in made],
        lambda n: (np.arange(len(made[n][1])), axes[AXES * n + made[n][1]]),
        lambda n: [f"idea {idea}" for idea in made[n][1]],
        "axes",
        {"plain": "plain", "several 5": "several"},
        currency="USD",
        scorer=ScoredBy("judge", "lm_judge"),
    )


def the_winner_flips(queries: int = 2) -> Voices:
    """Five models, of which each knows one idea; one call for five answers has two new ones, for five times
    the tokens."""
    sources = [Source(f"m{n}", "plain") for n in range(MODELS)] + [Source("m0", "several 5")]
    plain = {n: [([n], PLAIN_TOKENS, 0.001)] * CALLS for n in range(MODELS)}
    several = [([2 * n, 2 * n, 2 * n, 2 * n + 1, 2 * n + 1], SEVERAL_TOKENS, 0.005) for n in range(CALLS)]
    return voices(sources, [plain | {MODELS: several}] * queries)
