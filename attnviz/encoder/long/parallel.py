"""Threads that share what is computed of a long text: NumPy computes in several at the same time.

Matrix products with threads of their own are no substitute: between two products these wait actively, which costs a
long text as much CPU time again, and everything else runs in one thread.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Lock, Thread
from typing import TypeVar

import numpy as np

from attnviz.memory import threads_with_room

ItemT = TypeVar("ItemT")

_thread_count = [1]  # a setting of the process, as that of matrix products is


def set_threads(count: int) -> None:
    """How many threads ``each`` uses from now on, in all of this process."""
    _thread_count[0] = threads_with_room(count) if count > 1 else count


def n_threads() -> int:
    """How many threads ``each`` uses."""
    return _thread_count[0]


def each(do: Callable[[ItemT], None], items: Iterable[ItemT]) -> None:
    """Does something with every item, in the threads that are in use; which item goes to which thread is not defined.

    Args:
        do: called with one item after another; calls of several threads may overlap, so each writes to its own place.
        items: none of them None; taken one at a time by the thread that is free.

    Raises:
        whatever ``do`` or ``items`` raise first; no further item is then begun.
    """
    if n_threads() == 1:
        for item in items:
            do(item)
        return
    waiting, lock = iter(items), Lock()
    errors: list[BaseException] = []
    handling = np.geterr()  # which a thread does not inherit

    def work() -> None:
        try:
            with np.errstate(**handling):
                while not errors:
                    with lock:
                        item = next(waiting, None)
                    if item is None:
                        return
                    do(item)
        except BaseException as error:
            errors.append(error)

    try:
        others = _started(work)
        work()
        for thread in others:
            thread.join()
    except BaseException as error:  # Ctrl-C, which comes to this thread: the others begin nothing more
        errors.append(error)
        raise
    try:
        if errors:
            raise errors[0]
    finally:
        errors.clear()  # which holds what holds it


def _started(work: Callable[[], None]) -> list[Thread]:
    """Threads that work beside this one, as many as the system gives."""
    started: list[Thread] = []
    with suppress(RuntimeError):  # those that there are do it all
        while len(started) < n_threads() - 1:
            thread = Thread(target=work, daemon=True)
            thread.start()
            started.append(thread)
    return started
