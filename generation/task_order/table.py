"""Tables of scores after stages of training: read from a file, checked, made into chains."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from generation import columns
from generation.files import FileError, Progress, Rejections, Row, RowError, silent
from generation.reading import first_row, read_rows, require_columns
from generation.training.chains import Chain, Chains, Evaluation, chain

ONE_RUN = "one run"
# A report keeps its table, and each of its rows stands in a page's memory.
MOST_ROWS, MOST_STAGES = 10_000, 1_000
# What is beyond them is a slip, and its squares would be infinite.
LEAST_SCALE, MOST_NUMBER = 1e-9, 1e12
NOTHING = "Nothing was measured."


@dataclass(frozen=True)
class TableRow:
    """One score: of which run, after which stage, on which task.

    Attributes
    ----------
    trained : str
        The task of the stage; empty at stage 0.
    se : float or None
        The score's standard error; of a share of `n` test items, that of Agresti and Coull.
    token_entropy : float or None
        Nats a token.
    bound : str
        "lower" where the entropy is a lower bound.
    domain : str
        Of the evaluated task; empty where unknown.
    scale : float or None
        Of the evaluated task's score.
    model, collection : str
        Whose stored responses have the entropy, where the row has none.
    """

    run: str
    stage: int
    trained: str
    task: str
    score: float
    se: float | None = None
    token_entropy: float | None = None
    bound: str = ""
    domain: str = ""
    scale: float | None = None
    model: str = ""
    collection: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON that `from_dict` reads again; what is not there is left out."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "")}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "TableRow":
        return cls(**{"trained": "", **given})


def read_table(path: Path, *, progress: Progress = silent) -> list[TableRow]:
    """Every row of a .csv, .jsonl or .parquet file.

    Raises
    ------
    FileError
        One line: what is wrong, and where.
    """
    try:
        require_columns(path, first_row(path), ("stage",), ("task",), ("score",))
        rejected, checks, rows = Rejections(path), _Checks(), []
        for line, row in progress(read_rows(path, rejected)):
            try:
                made = _row(row)
                checks.see(made, line)
                rows.append(made)
            except RowError as error:
                rejected.add(line, error)
            if len(rows) > MOST_ROWS:
                raise FileError(f"{path.name} has more than {MOST_ROWS:,} rows.")
        rejected.refuse()
        checks.whole(path, rejected.unit)
    except FileError as error:
        reason = str(error).removesuffix(" Nothing was imported.")
        raise FileError(f"{reason} {NOTHING}", error.errors) from None
    return rows


def chains_of(rows: Iterable[TableRow]) -> Chains:
    """The chains of a table that was checked."""
    stages: dict[str, dict[int, tuple[str, dict[str, Evaluation]]]] = {}
    scales, domains = {}, {}
    for row in rows:
        _, evaluations = stages.setdefault(row.run, {}).setdefault(row.stage, (row.trained, {}))
        evaluations[row.task] = Evaluation(row.score, row.se, row.token_entropy)
        if row.scale is not None:
            scales[row.task] = row.scale
        if row.domain:
            domains[row.task] = row.domain
    chains: list[Chain] = [chain(run, [own[n] for n in sorted(own)]) for run, own in sorted(stages.items())]
    return Chains(chains, scales, domains)


def share_error(share: float, n: int) -> float:
    """The standard error of a share of n test items, never 0: two successes and two failures are added.

    References
    ----------
    Agresti & Coull (1998), Approximate is better than "exact" for interval estimation of binomial
    proportions, The American Statistician 52, 119-126.
    """
    middle = (share * n + 2) / (n + 4)
    return sqrt(middle * (1 - middle) / (n + 4))


def _row(row: Row) -> TableRow:
    stage = columns.whole_number(row.get("stage"), "stage")
    if not 0 <= stage <= MOST_STAGES:
        raise RowError(f"stage {columns.shown(row['stage'])} is not between 0 and {MOST_STAGES:,}")
    trained, task = columns.identifier(row, "trained"), columns.identifier(row, "task")
    if not task:
        raise RowError("no task")
    if stage == 0 and trained:
        raise RowError(f"stage 0 is before any training, but trained is {trained!r}: leave it empty")
    if stage and not trained:
        raise RowError(f"no trained: name the task that stage {stage} trained")
    score = _number(row, "score")
    model, collection = (columns.identifier(row, name) for name in ("model", "collection"))
    return TableRow(
        run=columns.identifier(row, "run") or ONE_RUN,
        stage=stage,
        trained=trained,
        task=task,
        score=score,
        se=_error(row, score),
        token_entropy=_from_zero(row, "token_entropy"),
        domain=columns.identifier(row, "domain").lower(),
        scale=_above_zero(row, "scale"),
        model=model if collection else "",
        collection=collection if model else "",
    )


def _error(row: Row, score: float) -> float | None:
    given = _from_zero(row, "se")
    if given is not None or columns.given(row, "n") is None:
        return given
    n = columns.whole_number(row["n"], "n")
    if n < 1:
        raise RowError(f"n {columns.shown(row['n'])} is not a number of test items")
    if not 0 <= score <= 1:
        raise RowError(f"n tells the error of a share, and the score {score:g} is none: give its se")
    return share_error(score, n)


def _from_zero(row: Row, name: str) -> float | None:
    if columns.given(row, name) is None:
        return None
    number = _number(row, name)
    if number < 0:
        raise RowError(f"{name} {columns.shown(row[name])} is below 0")
    return number


def _above_zero(row: Row, name: str) -> float | None:
    number = _from_zero(row, name)
    if number is not None and number < LEAST_SCALE:
        raise RowError(f"{name} {columns.shown(row[name])} is below {LEAST_SCALE}: changes are divided by it")
    return number


def _number(row: Row, name: str) -> float:
    number = columns.number(row.get(name), name)
    if abs(number) > MOST_NUMBER:
        raise RowError(f"{name} {columns.shown(row[name])} is beyond {MOST_NUMBER:.0e}")
    return number


class _Checks:
    """What rows say together: each score once, one trained task a stage, no stage left out."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str, int, str], int] = {}
        self.trained: dict[tuple[str, int], tuple[str, int]] = {}
        self.of_task: dict[tuple[str, str], tuple[Any, int]] = {}

    def see(self, row: TableRow, line: int) -> None:
        """Raise RowError for a row that goes against one before it."""
        where = f"{called(row.run)}, stage {row.stage}"
        before = self.lines.setdefault((row.run, row.stage, row.task), line)
        if before != line:
            raise RowError(f"{where} has the task {row.task} in line {before} already")
        trained, first = self.trained.setdefault((row.run, row.stage), (row.trained, line))
        if trained != row.trained:
            raise RowError(f"{where} trains {row.trained!r} here, but {trained!r} in line {first}")
        for name, value in (("scale", row.scale), ("domain", row.domain or None)):
            if value is None:
                continue
            known, first = self.of_task.setdefault((name, row.task), (value, line))
            if known != value:
                raise RowError(f"the {name} of {row.task} is {value} here, but {known} in line {first}")

    def whole(self, path: Path, unit: str) -> None:
        """Raise FileError where a run lacks a stage."""
        stages: dict[str, set[int]] = {}
        for run, stage in self.trained:
            stages.setdefault(run, set()).add(stage)
        for run, own in stages.items():
            absent = next((n for n in range(max(own) + 1) if n not in own), None)
            if absent is not None:
                later = min(n for n in own if n > absent)
                line = self.trained[run, later][1]
                what = "its scores and what it trained" if absent else "the scores before any training"
                where = f"{path.name}, {unit} {line}: {called(run)}"
                raise FileError(f"{where} has stage {later} but no stage {absent}: add {what}.")
        if not any(stage for _, stage in self.trained):
            raise FileError(f"{path.name} has no stage after 0, so nothing was trained.")


def called(run: str) -> str:
    """ "run a"; "the run" where rows name none."""
    return "the run" if run == ONE_RUN else f"run {run}"
