"""What commands of reports have in common: measure with a bar, keep nothing when stopped, print."""

import json
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import TypeVar

from django.core.management.base import CommandError, OutputWrapper
from tqdm import tqdm

from generation.collections import CollectionError
from generation.diversity.responses import UnusableResponses
from generation.diversity.scheduling import SchedulingError
from generation.encoders import EncoderError
from generation.files import FileError
from generation.formats.kinds import RulesError
from generation.models import AbstractReport
from generation.reports import Json, Measurer, ReportError, run_report, sentence

R = TypeVar("R", bound=AbstractReport)


class Bar:
    """A bar where a person looks at a terminal."""

    def __init__(self, doing: str = "measuring", unit: str = " parts") -> None:
        self.doing, self.unit = doing, unit

    def __enter__(self) -> "Bar":
        self.bar = tqdm(desc=self.doing, disable=None, leave=False, unit=self.unit)
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def to(self, done: int, steps: int) -> None:
        self.bar.total = steps
        self.bar.update(done - self.bar.n)


@contextmanager
def in_one_line() -> Iterator[None]:
    """What a person can mend is said in a line, as a CommandError."""
    try:
        yield
    except FileError as error:
        raise CommandError(error.listing()) from None
    except (CollectionError, EncoderError, ReportError, RulesError) as error:
        raise CommandError(str(error)) from None
    except (UnusableResponses, SchedulingError) as error:
        raise CommandError(sentence(error)) from None


def names_of(text: str) -> tuple[str, ...]:
    """What commas part."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def measured(report: R, measurer: Measurer[R] | None = None) -> Json:
    """What a report that was written down finds. Raises CommandError; one that is stopped is deleted."""
    try:
        with Bar() as bar, in_one_line(), _ended_as_by_hand():
            run_report(report=report, measurer=measurer, progress=bar.to)
            report.refresh_from_db()
    except KeyboardInterrupt:
        report.delete()  # on its page it would seem to run for ever
        raise CommandError("Stopped. Nothing is kept of it.", returncode=130) from None
    except CommandError:
        report.delete()  # whoever asked has read why
        raise
    except type(report).DoesNotExist:
        raise CommandError("Somebody deleted the report meanwhile: nothing is kept of it.") from None
    return report.result or {}


@contextmanager
def _ended_as_by_hand() -> Iterator[None]:
    """SIGTERM, such as of `timeout` or a scheduler, ends the command as Ctrl-C does."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def show(found: Json, lines: Callable[[Json], Iterable[str]], out: OutputWrapper, *, as_json: bool) -> None:
    """The report whole, as JSON, or in lines for people."""
    if as_json:
        out.write(json.dumps(found, sort_keys=True, ensure_ascii=False, allow_nan=False))
        return
    for line in lines(found):
        out.write(line)
