"""What the tests of workers have done to the items; apart, so that a spawned worker has little to import."""

import os
import signal
import time
from collections.abc import Callable

from attnviz.errors import InputError


def unevenly(item: int) -> tuple[int, int]:
    time.sleep(0.03 * (item % 3 == 0))
    return item, os.getpid()


def fails_at_three(item: int) -> int:
    if item == 3:
        raise InputError("line 3: it is bad; expected it good", hint="mend it", excerpt="bad\n^")
    time.sleep(0.05 * (item < 3))  # what comes after it is ready first
    return item


def dies_at_four(item: int) -> int:
    if item == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


class TwoWordsError(Exception):
    """Made of two arguments and keeping one, it cannot be made again from what it keeps."""

    def __init__(self, what, where):
        super().__init__(f"{what} {where}")


def raises_what_cannot_be_sent(item: int) -> int:
    raise TwoWordsError("lost", "here")


def gives_what_cannot_be_sent(item: int) -> Callable:
    return lambda: item


def sleeps_from_two_on(item: int) -> int:
    time.sleep(600 * (item >= 2))
    return item
