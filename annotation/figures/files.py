"""The figures of a study as files, which say whose labels they rest on."""

from annotation.models import Study
from generation.figures.figure import Figure, Table
from generation.figures.files import drawn_alone, lines_of


def as_svg(study: Study, figure: Figure) -> str:
    """The page's plot with its size, its colours and its words inside, so that any program draws it alike."""
    mark = "simulated labels" if study.simulated else ""
    return drawn_alone(figure, of=study.name, mark=mark, study=study)


def as_csv(study: Study, figure: Figure) -> str:
    """What is drawn, a row each, in numbers that are not rounded."""
    return table_as_csv(study, figure.points or figure.table, with_excluded="excluded" in figure.asked)


def table_as_csv(study: Study, table: Table, *, with_excluded: bool) -> str:
    """The table, each row with its study and whether its labels are simulated or of excluded people too."""
    marks = [str(mark).lower() for mark in (study.simulated, with_excluded)]
    rows = ([study.slug, *row, *marks] for row in table.rows)
    return lines_of(["study", *table.columns, "simulated", "with_excluded"], rows)
