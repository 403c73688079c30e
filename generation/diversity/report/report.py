"""A report: everything found of a data set, as plain JSON; docs/diversity.schema.json says its form."""

from collections.abc import Callable

import numpy as np

from generation.diversity.cautions import caution
from generation.diversity.centring import CENTRED
from generation.diversity.classes import CLASSES
from generation.diversity.clusters import CLUSTERS
from generation.diversity.content import CONTENT, data_hash
from generation.diversity.lexical import LEXICAL
from generation.diversity.measures import Measure
from generation.diversity.neighbours import NEIGHBOURS
from generation.diversity.overlaps import OVERLAPS
from generation.diversity.pairs import PAIRS
from generation.diversity.report.alike import (
    between_section,
    floor_section,
    queries_section,
    within_section,
)
from generation.diversity.report.asked import Json, Measured
from generation.diversity.report.classes import classes_section
from generation.diversity.report.compared import compared_section
from generation.diversity.report.mixed import clusters_section, neighbours_section
from generation.diversity.report.paper import GREEDY, paper_section
from generation.diversity.report.specification import Specification
from generation.diversity.report.thresholds import thresholds_section
from generation.diversity.report.verbatim import verbatim_section
from generation.diversity.report.words import spectrum_section, words_section
from generation.diversity.responses import DataSet, UnusableResponses
from generation.diversity.scheduling import Progress, measure
from generation.diversity.similarity import SIMILARITY
from generation.diversity.spectrum import VENDI
from generation.diversity.tables import Table
from generation.diversity.thresholds import CLASS_PAIRS

OF_TEXTS = (CONTENT, LEXICAL, OVERLAPS, CLASSES)
OF_VECTORS = (SIMILARITY, CENTRED, PAIRS, NEIGHBOURS, CLUSTERS, VENDI, CLASS_PAIRS)
NO_VECTORS = "there are no vectors: name an encoder, or a file of embeddings"
NO_CLASSES = "no two responses to a query have classes"
ONE_SOURCE = "all responses are of one source"
FEW = "no source has two responses to a query"

Section = Callable[[Measured], object]
# Each with the columns that it takes, and whether it takes several sources.
SECTIONS: dict[str, tuple[Section, tuple[str, ...], bool]] = {
    "floor": (floor_section, ("similarity.mean",), False),
    "within": (within_section, ("similarity",), False),
    "between": (between_section, ("similarity",), True),
    "neighbours": (neighbours_section, ("neighbours",), True),
    "clusters": (clusters_section, ("balanced.sources",), True),
    "verbatim": (verbatim_section, ("words",), False),
    "words": (words_section, ("words",), False),
    "spectrum": (spectrum_section, ("vendi",), False),
    "classes": (classes_section, ("distinct_k",), False),
    "thresholds": (thresholds_section, ("class_pairs.same",), False),
}


def silent(done: int, steps: int) -> None:
    """Tell nobody."""


def diversity_report(
    data: DataSet,
    asked: Specification,
    *,
    version: str,
    scheduler: str = "threads",
    progress: Progress = silent,
) -> Json:
    """Measure a data set and say what was found.

    Parameters
    ----------
    data : DataSet
        Of the sources that are asked for.
    asked : Specification
    version : str
        Of the program.
    scheduler, progress
        As for `scheduling.measure`.

    Returns
    -------
    dict
        Plain JSON. What is undefined is null: an estimate beside its own reason, a section by its name among
        the `reasons`.

    Raises
    ------
    UnusableResponses, SchedulingError
    """
    if not data.sources:
        raise UnusableResponses("there are no responses to measure")
    table = measure(data, measures(data, asked), scheduler=scheduler, seed=asked.seed, progress=progress)
    measured = Measured(data, table, asked)
    found: Json = dict.fromkeys((*SECTIONS, "compared", "paper"))
    reasons: dict[str, str] = {}
    for name, (section, columns, several) in SECTIONS.items():
        if reason := _missing(measured, name, columns, several=several):
            reasons[name] = reason
        else:
            found[name] = section(measured)
    if len(data.sources) > 1:
        found["compared"] = compared_section(measured)
    else:
        reasons["compared"] = ONE_SOURCE
    if not asked.paper:
        reasons["paper"] = "it was not asked for"
    elif not measured.has("similarity"):
        reasons["paper"] = _missing(measured, "paper", ("similarity",), several=False)
    else:
        found["paper"] = paper_section(measured)
    return {
        **_head(measured, version),
        **found,
        "reasons": reasons,
        "queries_detail": queries_section(measured),
    }


def measures(data: DataSet, asked: Specification) -> list[Measure]:
    """What is measured of a data set: of its texts, of its vectors if it has any."""
    of_vectors = (*OF_VECTORS, *([GREEDY] if asked.paper else [])) if data.encoder else ()
    return [*OF_TEXTS, *of_vectors]


def unequal(table: Table) -> str | None:
    """What to know where sources that answered a query gave it different numbers of responses; else None."""
    most = table.counts.max(axis=1, initial=0)
    fewest = np.where(table.counts > 0, table.counts, most[:, None]).min(axis=1, initial=1 << 62)
    differ = most > fewest
    if not differ.any():
        return None
    return (
        f"to {differ.sum():,} of {len(table):,} queries sources gave different numbers of responses, from "
        f"{fewest[differ].min():,} to {most[differ].max():,}: that alone moves what is said of a source’s "
        "words, Vendi scores and classes; only comparisons of two are of equal numbers"
    )


def _missing(measured: Measured, name: str, columns: tuple[str, ...], *, several: bool) -> str:
    """Why a section cannot be; empty if it can."""
    if name == "classes":
        return "" if measured.has(*columns) else NO_CLASSES
    if name not in ("words", "verbatim") and not measured.data.encoder:
        return NO_VECTORS
    if name == "thresholds":
        return "" if measured.has(*columns) else NO_CLASSES
    if several and len(measured.data.sources) < 2:
        return ONE_SOURCE
    return "" if measured.has(*columns) else FEW


def _head(measured: Measured, version: str) -> Json:
    data, table = measured.data, measured.table
    centre = table.centre
    return {
        "version": version,
        "data_hash": data_hash(data, table),
        "encoder": data.encoder or None,
        "dimensions": None if centre is None else len(centre),
        "specification": measured.asked.as_dict(),
        "queries": len(table),
        "caution": caution(len(table)),
        "unequal": unequal(table),
        "responses": int(table.counts.sum()),
        "without_vectors": getattr(data, "without_vectors", 0),
        "sources": [
            {
                "source": name,
                "model": source.model,
                "condition": source.condition,
                "queries": int((table.counts[:, n] > 0).sum()),
                "responses": int(table.counts[:, n].sum()),
            }
            for n, (name, source) in enumerate(zip(measured.names, data.sources, strict=True))
        ],
    }
