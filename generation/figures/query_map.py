"""The plot of a query's map."""

from collections.abc import Sequence

from generation.charts.scatter import scatter_of
from generation.diversity.query_map import QueryMap
from generation.diversity.responses import QueryResponses
from generation.figures.figure import Figure, Table
from generation.templatetags.numbers import percent

# Letters of an answer that a mark says.
LETTERS = 140


def map_figure(query: QueryResponses, found: QueryMap, names: Sequence[str]) -> Figure:
    """A mark an answer: its place by its vector, its shape by its model, its colour by its cluster."""
    titles = [cluster.name or "no phrase of its own" for cluster in found.clusters]
    numbers = (found.labels + 1).tolist()
    sources = query.source.tolist()
    words = [f"{names[source]}: {excerpt(text)}" for source, text in zip(sources, query.texts, strict=True)]
    plot = scatter_of(
        found.points,
        numbers=numbers,
        sources=sources,
        names=names,
        keys=list(query.keys),
        words=words,
        titles=titles,
    )
    return Figure(
        name="map",
        title="Which answers lie together, and who gave them?",
        template="generation/_map.html",
        plot=plot,
        says=_says(found),
        table=Table(
            columns={"cluster": "Cluster", "name": "Says", "answers": "Answers", "models": "Models"},
            rows=[
                [n, title, len(cluster.rows), int((cluster.counts > 0).sum())]
                for n, (title, cluster) in enumerate(zip(titles, found.clusters, strict=True), start=1)
            ],
        ),
        points=Table(
            columns={
                name: name for name in ("response_id", "model", "cluster", "name", "x", "y", "response")
            },
            rows=[
                [key, names[source], number, titles[number - 1], x, y, text]
                for key, source, number, (x, y), text in zip(
                    query.keys, sources, numbers, found.points.tolist(), query.texts, strict=True
                )
            ],
        ),
    )


def excerpt(text: str) -> str:
    """The beginning of an answer, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= LETTERS else f"{line[: LETTERS - 1].rstrip()}…"


def _says(found: QueryMap) -> str:
    if found.explained is None:
        return f"There is nothing to tell apart: {found.reason}."
    first, second = found.explained
    return (
        "Answers that lie close say similar things to the encoder. The two axes hold "
        f"{percent(first + second)} of the variance ({percent(first)} and {percent(second)}): what lies "
        "together here may lie apart in the rest. Clusters are made of the whole vectors, not of the map."
    )
