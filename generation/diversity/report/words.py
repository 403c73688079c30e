"""How diverse each source's responses are in words, in meaning, and in given classes of ideas."""

from generation.diversity.lexical import NAMES
from generation.diversity.report.asked import Json, Measured

SPECTRUM = {"vendi": "vendi", "vendi_2": "vendi.2", "vendi_inf": "vendi.inf", "effective_rank": "vendi.rank"}


def words_section(measured: Measured) -> Json:
    """A row a source of measures of texts, with the mean over sources."""
    return rows_of(measured, {name: name for name in NAMES})


def spectrum_section(measured: Measured) -> Json:
    """The same of the effective number of different responses."""
    return rows_of(measured, SPECTRUM)


def rows_of(measured: Measured, columns: dict[str, str]) -> Json:
    """A row a source, a column a measure of a number a query and source; and the mean over sources."""
    held = {key: measured.column(name) for key, name in columns.items() if name in measured.table.columns}
    found = {key: measured.mean(values) for key, values in held.items()}
    rows = [
        {"source": name} | {key: one.at(n).as_dict() for key, one in found.items()}
        for n, name in enumerate(measured.names)
    ]
    return {"sources": rows, "average": {key: measured.over_sources(values) for key, values in held.items()}}
