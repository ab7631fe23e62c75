"""One function over many items in several processes, its values in the order of the items.

Kept although there is ``concurrent.futures``: a worker that is killed while it sends its value leaves that pool waiting
for ever, its thread in the parent makes forking unsafe, and it does not say at which item a worker was. Here every
worker has a pipe of its own, whose end is the news of its death, and the parent has no thread.
"""

import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from attnviz.errors import WorkerError

if TYPE_CHECKING:
    from multiprocessing.context import ForkContext, SpawnContext

    Context = ForkContext | SpawnContext

Item = TypeVar("Item")
Value = TypeVar("Value")

_ENDING = {getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM") if hasattr(signal, name)}
_AHEAD = 2  # items a worker: one it works on, one that waits, so that it need not wait for the parent


class _Failure(NamedTuple):
    """An exception in the place of an item that cannot be read, or of a value."""

    error: Exception


@contextmanager
def ordered_map(
    work: Callable[[Item], Value],
    items: Iterable[Item],
    *,
    workers: int,
    where: Callable[[Item], str],
    ready: Callable[[], bool] = lambda: True,
    before: Callable[[], object] = lambda: None,
    method: str | None = None,
) -> Iterator[Iterator[Value]]:
    """The value of ``work`` for each item, in the order of the items, from several processes; for a ``with`` block.

    The processes start on entering, and no thread of the caller may be running then: a fork takes no threads along,
    but any lock they hold. They are killed on leaving, whatever the reason. Items are read here in the parent, at most
    two a worker ahead of the value that is asked for. With one worker, or one item that is known to be the only one,
    everything runs right here.

    An exception, of ``items`` or of ``work``, is raised at its place in the order, after the values before it; the
    traceback of another process becomes a note of it. Nothing is read any more from then on.

    Args:
        work: where processes are not forked it is pickled, as items and values always are. It prints nothing.
        items: read lazily.
        workers: 1 or more; no more processes start than there are items, where it is known how many there are.
        where: what an error calls the place of an item: ``texts.txt, lines 1-32``.
        ready: whether the next item can be read without waiting for it: a slow source then holds back no value. Where
            forking is not available, one that is slow from the start is worked on right here: nobody knows whether
            there is more to come, and other processes would take longer to start than the first value takes.
        before: called before processes start, if any do: it waits for threads of the caller.
        method: ``fork`` or ``spawn``; without it what is safe and quick on this system.

    Raises:
        WorkerError: a process cannot be started, or one ended (killed, out of memory) before it had its value.
    """
    stream = _guarded(items)
    method = method or _start_method()
    head = list(islice(stream, 1 if workers > 1 else 0))
    while 0 < len(head) < workers and (is_ready := ready()) and (another := next(stream, None)) is not None:
        head.append(another)
    stream = chain(head, stream)
    count = sum(not isinstance(item, _Failure) for item in head)
    if method == "fork" and 0 < len(head) < workers and not is_ready:
        count = workers
    if count < 2:
        yield (work(_checked(item)) for item in stream)
        return
    before()
    pool: list[_Worker] = []
    try:
        _start(pool, work, count, get_context("fork") if method == "fork" else get_context("spawn"))
        yield _Sweep(pool, stream, len(head), where, ready).values()
    finally:
        for worker in pool:
            worker.end()


def _guarded(items: Iterable[Item]) -> Iterator[Item | _Failure]:
    """The items; of an exception while they are read, the exception as the last one."""
    try:
        yield from items
    except Exception as error:
        yield _Failure(error)


def _checked(outcome: Any) -> Any:
    if isinstance(outcome, _Failure):
        raise outcome.error
    return outcome


def _start_method() -> str:
    """Forked workers share what is loaded. Not on macOS, whose frameworks (Accelerate) do not survive a fork."""
    return "fork" if "fork" in get_all_start_methods() and sys.platform != "darwin" else "spawn"


class _Worker:
    """A process, the parent's end of its pipe, and the items it has been given and not answered, oldest first."""

    def __init__(self, work: Callable[[Item], Value], context: "Context", earlier: list["_Worker"]):
        self.given: deque[tuple[int, Any]] = deque()
        self.connection, there = context.Pipe()
        # A forked child inherits the parent's ends: while it held them open, nobody would learn of the parent's death.
        forked = context.get_start_method() == "fork"
        inherited = [self.connection, *(worker.connection for worker in earlier)] if forked else []
        with there:
            self.process: BaseProcess = context.Process(target=_serve, args=(work, there, inherited), daemon=True)
            self.process.start()

    def give(self, index: int, item: Item) -> None:
        self.given.append((index, item))
        with suppress(OSError):  # it has died: its end of the pipe tells
            self.connection.send(item)

    def end(self) -> None:
        """It holds nothing that would be lost, so it is not asked."""
        self.process.kill()
        self.process.join()
        self.connection.close()


def _start(pool: list[_Worker], work: Callable[[Item], Value], count: int, context: "Context") -> None:
    """Starts the workers one by one into ``pool``. A Ctrl-C waits until they are there: the children inherit that.

    So do the other signals that end a run.
    """
    for stream in (sys.stdout, sys.stderr):  # what is still buffered is the parent's to write, once
        stream.flush()
    masks = hasattr(signal, "pthread_sigmask")
    if masks and context.get_start_method() == "spawn":
        from multiprocessing.resource_tracker import ensure_running

        ensure_running()  # which the first start would do, and lets Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING) if masks else set()
    try:
        for _ in range(count):
            pool.append(_Worker(work, context, pool))
    except OSError as error:
        raise WorkerError(
            f"workers: process {len(pool) + 1} of {count} cannot be started ({error.strerror}); expected room for it",
            hint="--workers N asks for fewer",
        ) from error
    finally:
        if masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Sweep(Generic[Item]):
    """One pass over the items: which are with whom, and which values wait for their turn."""

    def __init__(
        self,
        pool: list[_Worker],
        stream: Iterator[Item | _Failure],
        n_there: int,
        where: Callable[[Item], str],
        ready: Callable[[], bool],
    ):
        self.pool = pool
        self.stream = stream
        self.n_there = n_there  # items that have been read before the first is given to a worker
        self.where, self.ready = where, ready
        self.outcomes: dict[int, Any] = {}  # by index, those that came before their turn
        self.n_read = self.n_told = 0
        self.reading = True

    def values(self) -> Iterator[Any]:
        while self.reading or self.n_told < self.n_read:
            # What is ready goes out before the next item is read: a slow source holds back no value.
            may_read = self._may_read()
            self._collect(blocking=self.n_told not in self.outcomes and not may_read)
            if self.n_told in self.outcomes:
                outcome = self.outcomes.pop(self.n_told)
                self.n_told += 1
                yield _checked(outcome)
            if may_read:
                self._read_one()

    def _may_read(self) -> bool:
        """Whether an item may be read now: there is a worker for it, and no value that would wait meanwhile."""
        waiting = self.n_read - self.n_told
        if not self.reading or waiting >= _AHEAD * len(self.pool):
            return False
        return not waiting or self.n_read < self.n_there or self.ready()

    def _read_one(self) -> None:
        for item in self.stream:
            index, self.n_read = self.n_read, self.n_read + 1
            if isinstance(item, _Failure):
                self._settle(index, item)
            else:
                min(self.pool, key=lambda worker: len(worker.given)).give(index, item)
            return
        self.reading = False

    def _collect(self, *, blocking: bool) -> None:
        """Takes what the workers have sent; blocking until one has. Of one that has died, why."""
        busy = {worker.connection: worker for worker in self.pool if worker.given}
        ready = wait(list(busy), None if blocking else 0)
        for connection in [one for one in busy if one in ready]:
            worker = busy[connection]
            try:
                data = connection.recv_bytes()
            except (EOFError, OSError):
                index, item = worker.given[0]
                worker.given.clear()  # what else it had comes later in the order than its death
                self._settle(index, _Failure(self._death(worker.process, item)))
            else:
                index, _ = worker.given.popleft()
                self._settle(index, ForkingPickler.loads(data))

    def _settle(self, index: int, outcome: Any) -> None:
        self.outcomes[index] = outcome
        if isinstance(outcome, _Failure):
            self.reading = False  # nobody will ask for what comes after it

    def _death(self, process: BaseProcess, item: Item) -> WorkerError:
        process.join()
        code = process.exitcode
        how = f"ended with exit code {code}"
        if code is not None and code < 0:
            how = f"was killed ({_signal_name(-code)})"
        return WorkerError(
            f"{self.where(item)}: the process that worked on it {how}; expected it to finish",
            hint="perhaps the memory was too small: --workers N with fewer needs less",
        )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _serve(work: Callable[[Item], Value], connection: Connection, inherited: list[Connection]) -> None:
    """The life of a worker: it answers items until it is killed or the parent has ended."""
    for number in _ENDING:  # Ctrl-C reaches every process; the parent decides
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    for end in inherited:
        end.close()
    arrived: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_receive, args=(connection, arrived), daemon=True).start()
    while True:
        outcome = _outcome(work, arrived.get())
        with suppress(OSError):  # the parent is gone: _receive knows
            connection.send_bytes(outcome)


def _receive(connection: Connection, arrived: SimpleQueue[bytes]) -> None:
    """Always ready to receive, so that the parent can always send; and ends this process when the parent is gone."""
    try:
        while True:
            arrived.put(connection.recv_bytes())
    except (EOFError, OSError):
        os._exit(1)


def _outcome(work: Callable[[Item], Value], data: bytes) -> bytes | memoryview:
    try:
        return ForkingPickler.dumps(work(ForkingPickler.loads(data)))
    except Exception as error:
        return ForkingPickler.dumps(_Failure(_portable(error)))


def _portable(error: Exception) -> Exception:
    """The error as it can be sent, with the traceback, which cannot, as a note."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        ForkingPickler.loads(ForkingPickler.dumps(error))
    except Exception:
        told = RuntimeError(f"{type(error).__name__}: {error}")
        told.__notes__ = error.__notes__
        return told
    return error
