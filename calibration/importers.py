"""Scores from files: of items, of responses by id, or of texts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from django.contrib.auth.models import User

from annotation.log import record
from annotation.models import Study
from annotation.studies import StudyError
from calibration.models import Score, Scorer
from generation import columns
from generation.files import (
    FileError,
    ImportReport,
    Progress,
    Rejections,
    Repeats,
    Row,
    RowError,
    counted,
    silent,
)
from generation.importers import QUERY, all_or_nothing, read_right
from generation.models import digest
from generation.reading import first_row, require_columns
from generation.spool import ROWS_AT_ONCE, Spool

SUM_TOLERANCE = 1e-3
GIVEN = ("score", "distribution", "votes")
KNOWN = frozenset(
    {*GIVEN, *QUERY, "scorer", "family", "item_id", "response_id", "response", "response_1", "response_2"}
)


class Target(NamedTuple):
    """What a score belongs to: one of the two keys."""

    item: int | None
    response: int | None


@dataclass(frozen=True)
class ScoreRow:
    """A score as a file gives it. A text that several responses share gives each of them the score."""

    scorer: str
    family: str
    targets: list[Target]
    values: dict[str, Any]
    called: str


@dataclass
class Targets:
    """A study's items and responses by all that a file may call them."""

    items: dict[str, int] = field(default_factory=dict)
    ids: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    texts: dict[str, set[Target]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def of(cls, study: Study) -> "Targets":
        targets = cls()
        parts = [
            f"{name}__{part}"
            for name in ("response", "response_1", "response_2")
            for part in ("pk", "external_id", "text")
        ]
        rows = study.items.values_list("pk", "external_id", "query__text", *parts)
        for pk, item_id, query, *rest in rows.iterator(ROWS_AT_ONCE):
            targets.items[item_id] = pk
            responses = [rest[n : n + 3] for n in (0, 3, 6) if rest[n] is not None]
            for response, response_id, text in responses:
                if response_id:
                    targets.ids[response_id].add(response)
                targets.texts[digest(query, text)].add(Target(None, response))
            if len(responses) == 2:
                targets.texts[digest(query, *(text for *_, text in responses))].add(Target(pk, None))
        return targets

    def find(self, row: Row, *, pair: bool) -> tuple[list[Target], str]:
        """What the row scores and how it names it. Raises RowError."""
        item_id, response_id = columns.identifier(row, "item_id"), columns.identifier(row, "response_id")
        if item_id and not (pair and response_id):
            if item_id not in self.items:
                raise RowError(f"item {columns.shown(item_id)} is not in the study")
            return [Target(self.items[item_id], None)], f"item {columns.shown(item_id)}"
        if response_id:
            return self._by_response_id(response_id), f"response {columns.shown(response_id)}"
        return self._by_text(row), "this response"

    def _by_response_id(self, response_id: str) -> list[Target]:
        found = self.ids.get(response_id, set())
        if not found:
            raise RowError(f"response {columns.shown(response_id)} is not in the study")
        if len(found) > 1:
            raise RowError(f"response_id {columns.shown(response_id)} names {len(found)} different responses")
        return [Target(None, next(iter(found)))]

    def _by_text(self, row: Row) -> list[Target]:
        pair = columns.given(row, "response_1") and columns.given(row, "response_2")
        names = ("response_1", "response_2") if pair else ("response",)
        if not columns.given(row, *QUERY) or not columns.given(row, names[0]):
            raise RowError("no item_id, no response_id, and not both query and response")
        found = self.texts.get(
            digest(columns.text(row, *QUERY), *(columns.text(row, name) for name in names))
        )
        if not found:
            raise RowError("the study has no item of this query and response")
        return sorted(found)


def import_scores(
    *,
    path: Path | str,
    slug: str,
    scorer: str | None = None,
    family: str | None = None,
    replace: bool = False,
    skip_bad_rows: bool = False,
    progress: Progress = silent,
    by: User | None = None,
) -> ImportReport:
    """Store a file's scores for a study, all or none.

    `scorer` and `family` stand for rows that name none. What a scorer scored before is refused, unless its
    scores in this study are to be replaced. Raises FileError and StudyError.
    """
    path = Path(path)
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        raise StudyError(f"There is no study {slug}.")
    if not study.of_quality:
        raise FileError(f"Scores are of ratings and comparisons: {slug} is a {study.kind} study.")
    first = first_row(path)
    require_columns(
        path, first, GIVEN, ("item_id", "response_id", *QUERY), *([] if scorer else [("scorer",)])
    )
    rejected = Rejections(path, skip=skip_bad_rows)
    reader = _Reader(study, Targets.of(study), scorer=scorer, family=family)
    created, scorers = 0, dict[str, Scorer]()
    with Spool[ScoreRow]() as spool:
        rows = _read(spool, rejected, reader, _Taken(study, replace=replace), progress)
        with all_or_nothing():
            if replace:
                Score.objects.filter(study=study, scorer__name__in=reader.families).delete()
            for batch in spool.batches(rejected):
                created += len(Score.objects.bulk_create(_scores(study, scorers, batch)))
            record(study, "imported scores", by=by, scores=created, scorers=sorted(scorers), file=path.name)
    return ImportReport(rows, {"scores": created, "scorers": len(scorers)}, rejected.named(), into=slug)


class _Reader:
    """Reads one file's rows, and remembers the family of each scorer."""

    def __init__(self, study: Study, targets: Targets, *, scorer: str | None, family: str | None) -> None:
        self.study, self.targets = study, targets
        self.default = {"scorer": scorer, "family": family}
        self.stored: dict[str, str] = dict(Scorer.objects.values_list("name", "family"))
        # What a run or a simple scorer writes into would be no longer what its recipe says.
        self.live = set(Scorer.objects.filter(metadata__has_key="studies").values_list("name", flat=True))
        self.families: dict[str, str] = {}

    def read(self, number: int, row: Row) -> ScoreRow:
        pair = self.study.kind == Study.Kind.COMPARISON
        targets, called = self.targets.find(row, pair=pair)
        name, family = self._scorer(row)
        if family == Scorer.Family.PERPLEXITY and pair and any(target.item for target in targets):
            raise RowError("a perplexity of a comparison has no side: give one for each of its responses")
        values = self._values(row, family)
        values["metadata"] = columns.metadata(row, KNOWN) | values.get("metadata", {})
        self.families[name] = family
        return ScoreRow(name, family, targets, values, called)

    def _scorer(self, row: Row) -> tuple[str, str]:
        name = columns.identifier(row, "scorer") or columns.identifier(self.default, "scorer")
        if not name:
            raise RowError("no scorer; name it in the row, or one for the whole file")
        if name in self.live:
            raise RowError(f"scorer {columns.shown(name)} is one asked here: give the file's another name")
        before = self.families.get(name) or self.stored.get(name)
        family = columns.identifier(row, "family") or columns.identifier(self.default, "family")
        family = family or before or Scorer.Family.OTHER
        if family not in Scorer.Family.values:
            raise RowError(f"the family is {', '.join(Scorer.Family.values)}, not {columns.shown(family)}")
        if before not in (None, family):
            raise RowError(f"scorer {columns.shown(name)} is of the family {before}, not {family}")
        return name, family

    def _values(self, row: Row, family: str) -> dict[str, Any]:
        given = [name for name in GIVEN if columns.given(row, name)]
        if len(given) != 1:
            raise RowError(f"{' and '.join(given) or 'no score'}: a row gives one of {', '.join(GIVEN)}")
        if given == ["score"]:
            score = columns.number(row["score"], "score")
            if family == Scorer.Family.PERPLEXITY and score <= 0:
                raise RowError(f"score {score} is no perplexity: those are above 0")
            return {"value": score}
        if given == ["votes"]:
            votes = self._votes(row)
            return {"votes": votes, "metadata": _personas(row, votes)}
        return {"distribution": self._distribution(row)}

    def _votes(self, row: Row) -> list[int]:
        votes = [columns.whole_number(vote, "vote") for vote in columns.values(row, "votes")]
        low, high = self.study.scale_low, self.study.scale_high
        wrong = next((vote for vote in votes if not low <= vote <= high), None)
        if wrong is not None:
            raise RowError(f"vote {wrong} is outside the scale {low}..{high}")
        if not votes:
            raise RowError("votes is an empty list")
        return votes

    def _distribution(self, row: Row) -> list[float]:
        shares = [columns.number(share, "share") for share in columns.values(row, "distribution")]
        wanted = len(self.study.values)
        if len(shares) != wanted:
            raise RowError(
                f"distribution has {counted(len(shares), 'shares')}, but the scale has {wanted} values"
            )
        if min(shares) < 0:
            raise RowError(f"distribution has a share below 0: {min(shares)}")
        if abs(sum(shares) - 1) > SUM_TOLERANCE:
            raise RowError(f"distribution sums to {sum(shares):.6g}, not to 1")
        return shares


def _personas(row: Row, votes: list[int]) -> dict[str, list[str]]:
    """The ids of those who gave the votes, as they stand in a panel, where the row names them."""
    if not columns.given(row, "personas"):
        return {}
    named = [columns.identifier({"persona": one}, "persona") for one in columns.values(row, "personas")]
    if len(named) != len(votes) or "" in named:
        raise RowError(f"personas has {sum(map(bool, named)):,} ids for {len(votes):,} votes")
    return {"personas": named}


class _Taken:
    """Which scorer scored what before, in the study and in the file."""

    def __init__(self, study: Study, *, replace: bool) -> None:
        self.study, self.replace = study, replace
        self.repeats = Repeats()
        self._numbers: dict[str, int] = {}
        self._stored: dict[str, set[Target]] = {}

    def check(self, line: int, row: ScoreRow) -> None:
        if not self.replace and not self._of(row.scorer).isdisjoint(row.targets):
            raise RowError(
                f"{columns.shown(row.scorer)} has a score of {row.called} already; "
                "choose replace to put this file's scores in place of its old ones"
            )
        number = self._numbers.setdefault(row.scorer, len(self._numbers))
        for target in row.targets:
            # Keys of items and of responses count separately, so they are kept apart by parity.
            key = 2 * number + (target.item is None)
            self.repeats.add(line, first=key, second=target.item or target.response or 0)

    def _of(self, scorer: str) -> set[Target]:
        if scorer not in self._stored:
            scores = Score.objects.filter(study=self.study, scorer__name=scorer)
            self._stored[scorer] = {Target(*keys) for keys in scores.values_list("item_id", "response_id")}
        return self._stored[scorer]


def _read(
    spool: Spool[ScoreRow], rejected: Rejections, reader: _Reader, taken: _Taken, progress: Progress
) -> int:
    """Read the whole file before anything is written; how many rows can be imported."""
    rows = 0
    for line, row in read_right(rejected.path, rejected, reader.read, progress):
        try:
            taken.check(line, row)
        except RowError as error:
            rejected.add(line, error)
        else:
            spool.add(line, row)
            rows += 1
    for line, before in taken.repeats.found():
        rejected.add(line, f"the same scorer scored this in {rejected.unit} {before}")
        rows -= 1
    rejected.settle(rows=rows)
    return rows


def _scores(study: Study, scorers: dict[str, Scorer], rows: Iterable[ScoreRow]) -> Iterator[Score]:
    for row in rows:
        if row.scorer not in scorers:
            scorers[row.scorer], _ = Scorer.objects.get_or_create(
                name=row.scorer, defaults={"family": row.family}
            )
        for item, response in row.targets:
            yield Score(
                study=study, scorer=scorers[row.scorer], item_id=item, response_id=response, **row.values
            )
