"""Signals that end a process, heard at a moment when nothing is lost."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeGuard


@contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM or SIGINT came; who else listens hears of it too, and a second one ends all."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def hear(number: int, frame: FrameType | None) -> None:
        came.append(number)
        listener = before[signal.Signals(number)]
        if len(came) > 1 and not _listens(listener):
            raise KeyboardInterrupt
        if _listens(listener):
            listener(number, frame)

    for number in before:
        signal.signal(number, hear)
    try:
        yield lambda: bool(came)
    finally:
        for number, listener in before.items():
            signal.signal(number, listener)


def _listens(listener: object) -> TypeGuard[Callable[[int, FrameType | None], object]]:
    """Whether it is somebody's own, which does not simply end the process."""
    return callable(listener) and listener is not signal.default_int_handler
