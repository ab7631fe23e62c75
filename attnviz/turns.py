"""One run at a time in a folder: what two runs wrote into one would be a mixture of both."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from attnviz.errors import OutputError, one_line
from attnviz.outputs import own_folder

try:
    import fcntl
except ImportError:  # a system without such locks
    fcntl = None  # type: ignore[assignment]


@contextmanager
def turn_in(path: str | Path) -> Iterator[Path]:
    """The folder, which no other run writes to meanwhile; for a ``with`` block.

    It is made if it is not there, and removed again if nothing was written to it. The lock leaves no file behind, and
    ends with the process. Where the system has none, runs are not kept apart.

    Args:
        path: the folder.

    Raises:
        OutputError: another run has it, or it cannot be made or written to.
    """
    is_new = not os.path.lexists(path)
    folder = own_folder(path)
    descriptor = _locked(folder)
    try:
        yield folder
    finally:
        if descriptor is not None:
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_UN)  # also for processes that were forked meanwhile
            os.close(descriptor)
        if is_new:
            with suppress(OSError):
                folder.rmdir()


def _locked(folder: Path) -> int | None:
    """A descriptor that holds the folder's lock; None where there are no locks."""
    if fcntl is None:
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # a folder that can be written to, and not be listed
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise OutputError(
            f"{one_line(folder)}: another run of attnviz writes to it; expected it to end first, or another folder"
        ) from error
    except OSError:  # a disk without locks
        os.close(descriptor)
        return None
    return descriptor
