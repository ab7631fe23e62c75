"""Windows of texts on a Dask cluster, their outcomes in the order of the windows.

Dask keeps the workers, moves what is sent, and runs the window of a lost worker again on another one. Each worker loads
the model once, when its first window arrives. This is the only module that imports Dask.
"""

import asyncio
import logging
import pickle
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from attnviz import __version__
from attnviz.errors import AttnvizError, InputError, UsageError, WorkerError, brief, one_line
from attnviz.model import BUNDLED, bundled_folder
from attnviz.sweeps.texts import Window
from attnviz.sweeps.work import TextOutcome, Work

try:
    import dask
    from distributed import Client, Future, KilledWorker, LocalCluster, WorkerPlugin, get_worker
    from distributed import wait as wait_for
    from distributed.comm.core import CommClosedError, connect
    from distributed.security import Security
except ImportError as cause:
    raise UsageError("cluster: it needs Dask; expected it installed", "pip install 'attnviz[dask]'") from cause

_AHEAD = 2  # windows a thread of the workers: one it works on, one that waits
_LOCAL = "local:"
_CONNECTING = 10  # seconds that a scheduler has to answer
_PATIENCE = 60  # seconds that are waited for a first worker, or for one after all are lost
_POLL = 0.1  # seconds between looks at a source that may have more, and at the workers
_RECOUNT = 5  # seconds between counts of the workers


@contextmanager
def cluster_map(
    work: Work, windows: Iterable[Window], *, address: str, ready: Callable[[], bool] = lambda: True
) -> Iterator[Iterator[TextOutcome]]:
    """The outcome of each text, in order, from the workers of a cluster; for a ``with`` block.

    Windows are read here, at most two a thread of the workers ahead of the outcomes that are asked for. What is still
    to run when the block ends is cancelled. An exception of ``windows`` is raised at its place in the order.

    Args:
        work: is pickled, without its model where it says how to load it.
        windows: read lazily.
        address: of a scheduler (``tcp://HOST:8786``), or ``local:N`` for N processes of this machine.
        ready: whether the next window can be read without waiting for it.

    Raises:
        UsageError: an address that cannot be one.
        InputError: no scheduler answers; or a worker cannot load the model.
        WorkerError: there is no worker, several died at the same window, or the scheduler is gone.
    """
    for logger in [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]:
        logging.getLogger(logger).setLevel(logging.CRITICAL)  # what matters is an error here
    with _connected(address) as client:
        name = f"attnviz-{uuid4().hex}"
        plugin = _WorkPlugin(pickle.dumps(_from_anywhere(work)))
        _register(client, plugin, name, address)
        sweep = _Sweep(client, name, windows, address, ready)
        try:
            yield sweep.outcomes()
        finally:
            sweep.end()


def _register(client: Client, plugin: WorkerPlugin, name: str, address: str) -> None:
    """Gives the work to all workers."""
    try:
        client.register_plugin(plugin, name=name)
    except CommClosedError as error:
        raise _ended_early(address, error) from error
    except Exception as error:
        raise WorkerError(
            f"cluster, {brief(address)}: a worker cannot run attnviz ({_named(error)}); "
            f"expected attnviz {__version__} on each"
        ) from error


def _ended_early(address: str, error: Exception) -> WorkerError:
    return WorkerError(
        f"cluster, {brief(address)}: a worker ended while it was started ({_named(error)}); expected it to stay",
        hint="perhaps its memory was too small",
    )


def _from_anywhere(work: Work) -> Work:
    """The work, whose model is found also where the current folder is another one."""
    if work.loading is None:
        raise UsageError("cluster: workers load the model themselves; expected one from attnviz.load")
    loading = {name: _absolute(value) for name, value in work.loading.items()}
    return replace(work, loading=loading)


def _absolute(value: Any) -> Any:
    if value == bundled_folder():
        return BUNDLED  # each worker has its own
    is_place = isinstance(value, str | Path) and Path(value).exists()
    return Path(value).absolute() if is_place else value


class _WorkPlugin(WorkerPlugin):
    """Holds the work on a worker, those that join later too; its model loads with the first window."""

    def __init__(self, pickled: bytes):
        self._pickled, self._version = pickled, __version__
        self._work: Work | None = None

    def setup(self, worker: Any) -> None:  # noqa: ARG002 (the signature is Dask's)
        self._lock = threading.Lock()  # which cannot be sent

    def outcomes(self, window: Window) -> list[TextOutcome]:
        """The outcome of each text of a window. Threads of one worker take turns: they would share one model."""
        if self._version != __version__:
            raise WorkerError(f"attnviz {__version__} is on a worker; expected {self._version}, as here")
        with self._lock:
            if self._work is None:
                self._work = pickle.loads(self._pickled)  # noqa: S301 (from the process whose tasks these are)
            return list(self._work(window))


def _run_window(name: str, window: Window) -> list[TextOutcome]:
    """A task: the outcomes of a window, from the work that the worker holds under a name."""
    plugin: Any = get_worker().plugins[name]
    outcomes: list[TextOutcome] = plugin.outcomes(window)
    return outcomes


class _Sweep:
    """One pass over the windows: those that were sent, in order, and whether more may be read."""

    def __init__(
        self, client: Client, name: str, windows: Iterable[Window], address: str, ready: Callable[[], bool]
    ) -> None:
        self._client, self._name, self._address, self._ready = client, name, one_line(address), ready
        self._windows = iter(windows)
        self._sent: deque[tuple[str, Future[list[TextOutcome]]]] = deque()
        self._failure: Exception | None = None  # of the source
        self._reading = True
        self._n_threads, self._counted = 0, 0.0
        self._seen = time.monotonic()  # when there was a worker

    def outcomes(self) -> Iterator[TextOutcome]:
        while self._reading or self._sent:
            while self._may_read():
                self._send_one()
            if self._sent and self._is_done(self._sent[0][1]):
                yield from self._taken(*self._sent.popleft())
        if self._failure is not None:
            raise self._failure

    def end(self) -> None:
        with suppress(Exception):  # the scheduler may be gone: then nothing is left to run
            self._client.cancel([future for _, future in self._sent], force=True)
            self._client.unregister_worker_plugin(self._name)

    def _may_read(self) -> bool:
        if not self._reading or len(self._sent) >= _AHEAD * max(1, self._threads()):
            return False
        return not self._sent or self._ready()

    def _threads(self) -> int:
        """The threads of all workers, counted now and then: workers come and go."""
        now = time.monotonic()
        if not self._n_threads or now - self._counted > _RECOUNT:
            self._n_threads, self._counted = sum(self._client.nthreads().values()), now
            self._seen = now if self._n_threads else self._seen
        return self._n_threads

    def _send_one(self) -> None:
        try:
            window = next(self._windows, None)
        except Exception as error:
            self._failure, window = error, None
        if window is None:
            self._reading = False
            return
        future = self._client.submit(_run_window, self._name, window, key=f"attnviz-{uuid4().hex}", pure=False)
        self._sent.append((window.where, future))

    def _is_done(self, future: "Future[list[TextOutcome]]") -> bool:
        """Waits a moment for a window's outcomes."""
        with suppress(TimeoutError):
            wait_for([future], timeout=_POLL)
        if not future.done() and not self._threads() and time.monotonic() - self._seen > _PATIENCE:
            raise WorkerError(
                f"cluster, {self._address}: it has had no worker for {_PATIENCE} seconds; expected one or more"
            )
        return bool(future.done())

    def _taken(self, where: str, future: "Future[list[TextOutcome]]") -> list[TextOutcome]:
        try:
            outcomes: list[TextOutcome] = future.result()
        except AttnvizError as error:
            raise error.at(f"cluster, {self._address}") from error
        except KilledWorker as error:
            raise WorkerError(
                f"{where}: the workers of {self._address} that worked on it died; expected one to finish",
                hint="perhaps their memory was too small",
            ) from error
        except Exception as error:
            raise WorkerError(
                f"{where}: {self._address} gave no outcome ({_named(error)}); expected its scheduler and workers to "
                "stay, with attnviz and its libraries as here"
            ) from error
        return outcomes


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on versions of libraries: what cannot be sent is an error
        if address.startswith(_LOCAL):
            folder = stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True))
            stack.enter_context(dask.config.set({"temporary-directory": folder}))
            place: Any = stack.enter_context(_local_cluster(address))
        else:
            place = address
        try:
            if place is address:
                _check_scheduler(address)
            client = Client(place, timeout=_CONNECTING)
        except (OSError, TimeoutError, ValueError) as error:
            raise InputError(
                f"cluster, {brief(address)}: no scheduler answers ({_named(error)}); expected the address of a Dask "
                "scheduler, such as tcp://HOST:8786, or local:N"
            ) from error
        yield stack.enter_context(client)


def _local_cluster(address: str) -> LocalCluster:
    """The processes of ``local:N``.

    Raises:
        WorkerError: one of them ends at once.
    """
    count = _count(address)
    try:
        return LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            worker_dashboard_address=None,
            silence_logs=logging.CRITICAL,
        )
    except (OSError, RuntimeError, TimeoutError) as error:
        raise _ended_early(address, error) from error


def _check_scheduler(address: str) -> None:
    """Waits for the greeting of an address: ``Client`` would wait for ever where another program listens."""
    greeting = asyncio.wait_for(_greeted(address), _CONNECTING)
    with ThreadPoolExecutor(1) as thread:  # a notebook's own loop runs in this one
        thread.submit(asyncio.run, greeting).result()


async def _greeted(address: str) -> None:
    connection = await connect(address, timeout=_CONNECTING, **Security().get_connection_args("client"))
    connection.abort()


def _count(address: str) -> int:
    number = address.removeprefix(_LOCAL)
    if not (number.isascii() and number.isdigit()) or not 0 < int(number) <= 1024:
        raise UsageError(f"cluster: {brief(address)}; expected local:N with N from 1 to 1024, or an address")
    return int(number)


def _named(error: Exception) -> str:
    text = one_line(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
