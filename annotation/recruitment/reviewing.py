"""What to do about a study's submissions at Prolific: prepared here, and a person decides and acts there.

approve: submitted there with the code that says how the work ended here: all of it done, or no work left.
return: submitted there for part of the work or for none. Prolific pays no part of a reward, so the person is
asked to return the submission and gets what is owed as a bonus.
bonus: what is owed here beyond Prolific's reward; or all of it, where the reward is not paid because somebody
stopped, returned or timed out. Bonuses paid so far are taken off.
look_at: what does not fit together. Nobody on this list is on that of bonuses.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from annotation.models import Recruitment, Session, Study, Submission
from annotation.pay import Owed, owed
from annotation.recruitment.prolific import ProlificError, ProlificSubmission, Reward
from annotation.recruitment.submissions import find_submissions
from annotation.steps.endings import CODES, Ending, How, endings_of
from generation.currencies import rounded

Status = Submission.Status
SUBMITTED = (Status.AWAITING_REVIEW, Status.APPROVED)
# In the others nothing is owed yet, or the recruiter pays in its own way, or a person has refused.
MAY_GET_BONUS = (*SUBMITTED, Status.RETURNED, Status.TIMED_OUT)
COLUMNS = ("submission", "annotator_id", "why")


@dataclass(frozen=True)
class Line:
    """A submission, our code of its person if they came here, and the reason."""

    submission: str
    annotator_id: str
    why: str


@dataclass
class Review:
    """The prepared lists, and what people are owed beside Prolific's reward."""

    approve: list[Line] = field(default_factory=list)
    ask_back: list[Line] = field(default_factory=list)
    look_at: list[Line] = field(default_factory=list)
    bonus: list[tuple[str, Decimal]] = field(default_factory=list)


@dataclass(frozen=True)
class Here:
    """Where somebody who came here stands."""

    study: Study
    code: str
    ending: Ending
    at_work: bool


def review(*, study: Study, submissions: Sequence[ProlificSubmission], reward: Reward) -> Review:
    """The lists for what Prolific has. Raises ProlificError where it is another study's here.

    One token may read the studies of several teams, and each sees the submissions of its own.
    """
    due = {row.code: row for row in owed(study=study).rows}
    here = _people_here(study, [theirs.external for theirs in submissions])
    lists, last = Review(), {}
    for theirs in submissions:
        person = here.get(theirs.external)
        if person is None:
            _sort_unknown(lists, theirs)
            continue
        _sort(lists, theirs, person, answers=due[person.code].answers)
        last[person.code] = theirs
    _add_bonuses(lists, study, reward, [(theirs, due[code]) for code, theirs in last.items()])
    return lists


def _people_here(study: Study, externals: list[str]) -> dict[str, Here]:
    """The study's people by the submissions that they came with. Raises ProlificError, see `review`."""
    found = find_submissions(recruiter=Recruitment.Recruiter.PROLIFIC, externals=externals)
    came = {external: ours.participant for external, ours in found.items() if ours.participant}
    people = {external: person for external, person in came.items() if person.study_id == study.pk}
    if came and not people:
        raise ProlificError(f"People came with these submissions to another study than {study.slug}.")
    endings = endings_of(study, set(people.values()))
    running = Session.objects.filter(participant__study=study, ended_at=None)
    at_work = set(running.values_list("participant", flat=True))
    return {
        external: Here(study, person.code, endings[person.pk], person.pk in at_work)
        for external, person in people.items()
    }


def write_lists(lists: Review, folder: Path) -> list[Path]:
    """Write a csv file for each list; the one of bonuses as Prolific takes it. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    named = {"approve": lists.approve, "return": lists.ask_back, "look_at": lists.look_at}
    paths = []
    for name, lines in named.items():
        rows = [(line.submission, line.annotator_id, line.why) for line in lines]
        paths.append(_write(folder / f"{name}.csv", [COLUMNS, *rows]))
    bonuses = [(submission, str(amount)) for submission, amount in lists.bonus]
    return [*paths, _write(folder / "bonus.csv", bonuses)]


def _sort(lists: Review, theirs: ProlificSubmission, person: Here, *, answers: int) -> None:
    """Put a submission of somebody who came here on the list where it belongs, if on any."""
    ending = person.ending

    def line(why: str) -> Line:
        return Line(theirs.external, person.code, why)

    if theirs.status not in SUBMITTED:
        if ending.how == How.COMPLETED:
            lists.look_at.append(line(f"completed here, {theirs.status} there"))
    elif theirs.code and theirs.code != ending.code:
        said = _meaning(person.study, theirs.code)
        lists.look_at.append(line(f"claims {said}; here: {ending.how}"))
    elif theirs.status == Status.APPROVED:
        return
    elif person.at_work:
        lists.look_at.append(line("submitted there, still at work here"))
    elif ending.how == How.FAILED_CHECKS:
        lists.look_at.append(line(f"{ending.how}: look at their answers"))
    elif ending.how == How.COMPLETED or (ending.how == How.NO_WORK and theirs.code):
        lists.approve.append(line(str(ending.how)))
    else:
        lists.ask_back.append(line(f"{ending.how}; answers: {answers}"))


def _sort_unknown(lists: Review, theirs: ProlificSubmission) -> None:
    if theirs.status not in SUBMITTED:
        return
    line = Line(theirs.external, "", "nobody agreed to take part here with it")
    lists.look_at.append(line)
    if theirs.status == Status.AWAITING_REVIEW:
        lists.ask_back.append(line)


def _add_bonuses(
    lists: Review, study: Study, reward: Reward, people: Sequence[tuple[ProlificSubmission, Owed]]
) -> None:
    if reward.currency and study.currency and reward.currency != study.currency:
        why = f"no bonuses: Prolific pays in {reward.currency}, this study in {study.currency}"
        lists.look_at.append(Line("", "", why))
        return
    approved = {line.submission for line in lists.approve}
    unclear = {line.submission for line in lists.look_at}
    for theirs, due in people:
        if due.amount is None or theirs.status not in MAY_GET_BONUS or theirs.external in unclear:
            continue
        rewarded = theirs.external in approved or theirs.status == Status.APPROVED
        amount = due.amount - theirs.paid - (reward.amount if rewarded else 0)
        if (bonus := rounded(amount, study.currency)) > 0:
            lists.bonus.append((theirs.external, bonus))


def _meaning(study: Study, code: str) -> str:
    """What a code says that somebody handed in."""
    meanings = {str(getattr(study, name)): how for how, name in reversed(CODES.items())}
    return f"“{meanings[code]}”" if code in meanings else f"a code that means nothing here, {code[:40]}"


def _write(path: Path, rows: Sequence[tuple[str, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path
