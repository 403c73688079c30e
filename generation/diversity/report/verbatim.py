"""What responses share word for word: how often, and which words, with the queries where they share most."""

from collections.abc import Sequence

import numpy as np

from generation.diversity.overlaps import identical_texts
from generation.diversity.phrases import shared_phrases
from generation.diversity.report.asked import Json, Measured, row_means
from generation.diversity.responses import FloatArray, QueryResponses

# Queries whose texts and phrases are quoted, and what is quoted of each and in all.
QUERIES, EACH, QUOTED = 12, 3, 20
LONGEST = 600


def verbatim_section(measured: Measured) -> Json:
    """Shares of identical pairs, of responses with a run of words of another source's, and examples."""
    identical, shared = measured.column("identical"), measured.column("shared")
    several = identical.shape[1] > 1
    own = np.einsum("qss->qs", identical)
    cross = identical[:, *np.triu_indices(identical.shape[1], 1)]
    matrix, runs = measured.mean(identical), measured.mean(shared)
    wanted = _most(measured, shared, cross if several else own)
    texts, phrases = _quoted(measured, wanted)
    names = measured.names
    pairs = [(a, b) for a in range(len(names)) for b in range(a)]
    between = {
        "pairs": [{"a": names[a], "b": names[b], "identical": matrix.at(a, b).as_dict()} for a, b in pairs],
        "average": measured.over_sources(cross),
    }
    with_others = {
        "sources": [{"source": name, "share": runs.at(n).as_dict()} for n, name in enumerate(names)],
        "average": measured.over_sources(shared),
    }
    return {
        "within": {
            "sources": [
                {"source": name, "identical": matrix.at(n, n).as_dict()} for n, name in enumerate(names)
            ],
            "average": measured.over_sources(own),
        },
        "between": between if several else None,
        "shared_runs": with_others if several else None,
        "texts": texts,
        "phrases": phrases,
    }


def _most(measured: Measured, *shares: FloatArray) -> set[str]:
    """Keys of the queries with most in common, by each of the shares."""
    chosen: set[str] = set()
    for share in shares:
        of = np.nan_to_num(row_means(share))
        most = np.argsort(-of, kind="stable")[:QUERIES]
        chosen |= {measured.table.keys[n] for n in most.tolist() if of[n] > 0}
    return chosen


def _quoted(measured: Measured, wanted: set[str]) -> tuple[list[Json], list[Json]]:
    """Texts that several sources gave, and the longest phrases that several share."""
    texts: list[Json] = []
    phrases: list[Json] = []
    left = set(wanted)
    for query in measured.data.load() if left else ():
        if query.key not in left:
            continue
        left.discard(query.key)
        said = [same for same in identical_texts(query.texts, query.source) if len(same.sources) > 1]
        texts += [_text(measured, query, one.text, one.rows, one.sources) for one in said[:EACH]]
        runs = shared_phrases(query.texts, query.source, query=query.text, most=EACH)
        phrases += [
            _text(measured, query, one.text, one.rows, one.sources) | {"words": one.words} for one in runs
        ]
        if not left:
            break
    texts.sort(key=lambda one: (-len(one["sources"]), -one["responses"], one["query"]))
    phrases.sort(key=lambda one: (-one["words"], -len(one["sources"]), one["query"]))
    return texts[:QUOTED], phrases[:QUOTED]


def _text(
    measured: Measured, query: QueryResponses, text: str, rows: Sequence[int], sources: Sequence[int]
) -> Json:
    return {
        "query": query.key,
        "query_text": query.text,
        "text": text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…",
        "responses": len(rows),
        "sources": [measured.names[source] for source in sources],
    }
