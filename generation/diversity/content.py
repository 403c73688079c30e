"""What was read, as a digest: the same responses and vectors have the same, wherever they lie."""

import hashlib

import numpy as np

from generation.diversity.measures import Columns, Measure, Setting
from generation.diversity.responses import DataSet, QueryResponses
from generation.diversity.tables import Table

NAME = "content"


def columns(query: QueryResponses, setting: Setting) -> Columns:
    """A digest of one query's responses, whatever their order and the keys of the query and the responses.

    Returns
    -------
    dict
        "content", shape (8,): the eight 32-bit words of a SHA-256, which float64 holds exactly.
    """
    rows = []
    for row, source in enumerate(query.source.tolist()):
        parts = [str(source).encode()]
        if len(query.texts):
            parts.append(query.texts[row].encode(errors="surrogatepass"))
        if query.classes is not None:
            parts.append(str(query.classes[row]).encode())
        if query.vectors is not None:
            parts.append(np.ascontiguousarray(query.vectors[row], dtype="<f4").tobytes())
        rows.append(_digest(parts))
    found = _digest([query.text.encode(errors="surrogatepass"), *sorted(rows)])
    return {NAME: np.frombuffer(found, dtype=">u4").astype(np.float64)}


def data_hash(data: DataSet, table: Table) -> str:
    """Hex SHA-256 of a data set that was measured with `CONTENT`: its sources, its encoder and its queries.

    Parameters
    ----------
    data : DataSet
    table : Table
        With the column "content".

    Examples
    --------
    >>> from generation.diversity.responses import Held, Source
    >>> from generation.diversity.scheduling import measure
    >>> two = QueryResponses("q", "Why?", np.array([0, 0]), ["a", "b"], None)
    >>> other = QueryResponses("1", "Why?", np.array([0, 0]), ["b", "a"], None)
    >>> sets = [DataSet((Source("m"),), [Held([query])]) for query in (two, other)]
    >>> len({data_hash(data, measure(data, [CONTENT])) for data in sets})
    1
    """
    words = table.columns[NAME].astype(np.uint32).astype(">u4")
    queries = sorted(row.tobytes() for row in words)
    sources = [part.encode() for source in data.sources for part in (source.model, source.condition)]
    return _digest([data.encoder.encode(), _digest(sources), *queries]).hex()


def _digest(parts: list[bytes]) -> bytes:
    """SHA-256 of parts, none of which runs into the next."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


CONTENT = Measure(NAME, frozenset(), columns)
