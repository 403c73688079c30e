"""Responses from files; the same text of the same model in the same draw is stored once."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction

from generation import columns
from generation.checkpoints import MOST_STEPS, Checkpoint, CheckpointError, Checkpoints
from generation.collections import add_queries, name_problem
from generation.conditions import LONGEST_NAME, store_conditions
from generation.files import FileError, ImportReport, Progress, Rejections, Row, RowError, counted, silent
from generation.models import LanguageModel, Query, Response
from generation.reading import first_row, read_rows, require_columns
from generation.spool import Spool

QUERY = ("query", "user_query")
RESPONSE_COLUMNS = frozenset({*QUERY, "query_id", "response", "response_id", "model", "condition", "sample"})
CHECKPOINT_COLUMNS = frozenset({"family", "step"})

IMPORTS = 0x6D616E79  # the lock that imports hold while they write; any number that nothing else locks

T = TypeVar("T")


@dataclass(frozen=True)
class ResponseText:
    """A response as a file gives it. `sample` is None where the file does not number the draws."""

    query: str
    query_id: str
    text: str
    model: str
    external_id: str
    sample: int | None
    metadata: dict[str, Any] = field(default_factory=dict)
    condition: str = ""

    @cached_property
    def digest(self) -> str:
        return Response.digest_of(
            query=self.query,
            model=self.model,
            external_id=self.external_id,
            sample=self.sample or 0,
            text=self.text,
            condition=self.condition,
        )


class Asking(Protocol):
    """What names a query: its text, and its id if it has one."""

    @property
    def query(self) -> str: ...

    @property
    def query_id(self) -> str: ...


class Stored(NamedTuple):
    """Keys of (response, query) for each text, and how many responses were new."""

    keys: list[tuple[int, int]]
    created: int


def import_responses(
    *, path: Path | str, collection: str = "", skip_bad_rows: bool = False, progress: Progress = silent
) -> ImportReport:
    """Store a file's responses, all or none; those that are there already are counted, not doubled.

    Where the file does not number the draws, a text that comes again is the model's next draw of it. The
    queries go into the `collection` of this name, which is made where there is none. A model's family and
    step are kept with it: a row that contradicts them is wrong. Raises FileError.
    """
    path = Path(path)
    if collection and (problem := name_problem(collection)):
        raise FileError(f"{problem} Nothing was imported.")
    require_columns(path, first_row(path), QUERY, ("response",))
    rejected = Rejections(path, skip=skip_bad_rows)
    rows = created = 0
    draws, checkpoints = Counter[str](), Checkpoints.known()

    def read(number: int, row: Row) -> ResponseText:
        return _read_row(row, checkpoints)

    with Spool[ResponseText]() as spool:
        for line, text in read_right(path, rejected, read, progress):
            spool.add(line, _numbered(text, draws))
            rows += 1
        rejected.settle(rows=rows)
        with all_or_nothing():
            for batch in spool.batches(rejected):
                stored = store_responses(batch)
                created += stored.created
                if collection:
                    add_queries(collection, (query for _, query in stored.keys), note=f"Of {path.name}.")
            try:
                checkpoints.store()
            except CheckpointError as error:
                raise FileError(f"{error}. Nothing was imported: try again.") from None
    known = rows - created
    remarks = (
        [f"{counted(known, 'responses')} {'was' if known == 1 else 'were'} there already."] if known else []
    )
    if collection:
        remarks.append(f"Their queries are in the collection {collection}.")
    return ImportReport(rows, {"responses": created}, rejected.named(), remarks=remarks)


def read_right(
    path: Path, rejected: Rejections, read: Callable[[int, Row], T], progress: Progress
) -> Iterator[tuple[int, T]]:
    """Line and what `read` makes of the row's number and the row; wrong rows are rejected and left out."""
    for number, (line, row) in enumerate(progress(read_rows(path, rejected)), start=1):
        try:
            result = read(number, row)
        except RowError as error:
            rejected.add(line, error)
        else:
            yield line, result


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """One transaction, after any other import that is writing; what the database refuses is a FileError."""
    try:
        with transaction.atomic():
            _wait_for_other_imports()
            yield
    except IntegrityError as error:
        reason = str(error).splitlines()[0]
        raise FileError(
            f"The database refused the rows ({reason}); if others wrote the same meanwhile, try again. "
            "Nothing was imported."
        ) from None
    except OperationalError as error:
        if connection.vendor != "sqlite" or "locked" not in str(error):
            raise
        raise FileError("Somebody else is still writing. Nothing was imported: try again later.") from None


def _wait_for_other_imports() -> None:
    """Imports that share texts would lock them in different orders; SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORTS])


def read_response(row: Row, number: str = "", *, metadata: dict[str, Any] | None = None) -> ResponseText:
    """The row's response, or with a number "_1" or "_2", that one of the two. Raises RowError."""
    return ResponseText(
        query=columns.text(row, *QUERY),
        query_id=columns.identifier(row, "query_id"),
        text=columns.text(row, f"response{number}"),
        model=columns.identifier(row, f"model{number}"),
        external_id=columns.identifier(row, f"response{number}_id"),
        sample=columns.count(row, f"sample{number}"),
        metadata=metadata or {},
        condition=_condition(row, f"condition{number}"),
    )


def _condition(row: Row, name: str) -> str:
    condition = columns.identifier(row, name)
    if len(condition) > LONGEST_NAME:
        raise RowError(f"{name} {columns.shown(condition)} is longer than {LONGEST_NAME} characters")
    return condition


def store_responses(texts: Sequence[ResponseText]) -> Stored:
    """Find or make the responses, their queries and models; belongs inside `all_or_nothing`."""
    queries = store_queries(texts)
    models = _store_models({text.model for text in texts if text.model})
    conditions = store_conditions({text.condition for text in texts if text.condition})
    wanted = {text.digest: text for text in texts}
    rows = Response.objects.filter(digest__in=wanted).values_list("digest", "pk", "query_id")
    found = {digest: (pk, query) for digest, pk, query in rows}
    new = [text for digest, text in wanted.items() if digest not in found]
    made = Response.objects.bulk_create(
        Response(
            query_id=queries[Query.digest_of(text.query)],
            model_id=models.get(text.model),
            condition_id=conditions.get(text.condition),
            external_id=text.external_id,
            sample=text.sample or 0,
            text=text.text,
            digest=text.digest,
            metadata=text.metadata,
        )
        for text in new
    )
    found |= {row.digest: (row.pk, row.query_id) for row in made}
    return Stored([found[text.digest] for text in texts], len(new))


def _read_row(row: Row, checkpoints: Checkpoints) -> ResponseText:
    found = read_response(row, metadata=columns.metadata(row, RESPONSE_COLUMNS | CHECKPOINT_COLUMNS))
    try:
        checkpoints.add(found.model, _checkpoint(row))
    except CheckpointError as error:
        raise RowError(str(error)) from None
    return found


def _checkpoint(row: Row) -> Checkpoint:
    family, step = columns.identifier(row, "family"), columns.given(row, "step")
    if step is None:
        return Checkpoint(family)
    number = columns.whole_number(row[step], step)
    if not 0 <= number <= MOST_STEPS:
        raise RowError(f"step {columns.shown(row[step])} is no number of steps")
    return Checkpoint(family, number)


def _numbered(text: ResponseText, draws: Counter[str]) -> ResponseText:
    if text.sample is not None or text.external_id:
        return text
    draws[text.digest] += 1
    return replace(text, sample=draws[text.digest] - 1)


def store_queries(texts: Sequence[Asking]) -> dict[str, int]:
    """The keys of these queries by their digests, made where they are new; belongs in `all_or_nothing`."""
    wanted = {Query.digest_of(text.query): text for text in texts}
    found = dict(Query.objects.filter(digest__in=wanted).values_list("digest", "pk"))
    made = Query.objects.bulk_create(
        Query(digest=digest, text=text.query, external_id=text.query_id)
        for digest, text in wanted.items()
        if digest not in found
    )
    return found | {row.digest: row.pk for row in made}


def _store_models(names: set[str]) -> dict[str, int]:
    found = dict(LanguageModel.objects.filter(name__in=names).values_list("name", "pk"))
    new = sorted(names - found.keys())
    made = LanguageModel.objects.bulk_create(LanguageModel(name=name) for name in new)
    return found | {row.name: row.pk for row in made}
