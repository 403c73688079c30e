"""How many different ideas each source has, by given classes."""

from generation.diversity.report.asked import Json, Measured
from generation.diversity.report.words import rows_of

COLUMNS = {"distinct_k": "distinct_k", "semantic_entropy": "semantic_entropy"}


def classes_section(measured: Measured) -> Json:
    return rows_of(measured, COLUMNS)
