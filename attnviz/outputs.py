"""Files and folders that are written: each file whole or not at all, and whatever can go wrong is one line.

A file is written under a temporary name in the same folder, then renamed. It is locked until then, so that what killed
runs left is known.
"""

import errno
import os
import re
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from attnviz.errors import OutputError, brief, one_line
from attnviz.files import is_special

_REASONS: dict[int | None, str] = {
    errno.ENOENT: "its folder does not exist; expected an existing folder",
    errno.ENOTDIR: "its folder is a file; expected an existing folder",
    errno.EISDIR: "is a folder; expected the name of a file",
    errno.EACCES: "no permission to write; expected a writable place",
    errno.EPERM: "no permission to write; expected a writable place",
    errno.EROFS: "is on a read-only disk; expected a writable place",
    errno.ENOSPC: "the disk is full; expected free space",
    errno.EDQUOT: "the disk quota is used up; expected free space",
    errno.EFBIG: "the file would be larger than allowed; expected a smaller file or a higher limit",
    errno.ENAMETOOLONG: "the name is too long; expected a shorter one",
    errno.ELOOP: "is a link that leads back to itself; expected another name",
    errno.ENXIO: "is a pipe that nobody reads, or a socket; expected a reader, or the name of a file",
    errno.ENOTBLK: "is a disk; expected the name of a file",
    errno.EEXIST: "exists already; expected a new file, or --force",
}
_TEMPORARY = re.compile(r"\.attnviz-[0-9a-f]{16}\.tmp")
_FRESH = 60  # seconds in which a file may have been made and not locked yet
_looked_through: set[Path] = set()  # folders
_NO_FOLDER = "is a file, or is inside one; expected a folder"


def write_atomically(path: str | Path, data: bytes | Callable[[BinaryIO], None], *, overwrite: bool) -> None:
    """Writes a whole file or none.

    Links are followed, an overwritten file keeps its permissions, and devices and pipes (``/dev/stdout``) are written
    to directly, as they have no old content to protect; a pipe without a reader is not waited for.

    Args:
        path: where to; its folder must exist.
        data: the content, or a function that writes it.
        overwrite: whether an existing file may be replaced.

    Raises:
        OutputError: the file exists already, or it cannot be written; what was there is untouched then.
        BrokenPipeError: the reader of a pipe is gone.
    """
    target = _named(path)
    write = data if callable(data) else lambda file: file.write(data)
    try:
        # /dev/stdout may lead to a file, which is written to and not replaced.
        if target.parent in (Path("/dev"), Path("/dev/fd")) or is_special(target):
            with _opened_special(target) as file:
                write(file)
        else:
            _replace(target, write, overwrite)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{one_line(path)}: {_reason(error)}") from error


def own_folder(path: str | Path) -> Path:
    """The folder, made with its parents if it is not there.

    Raises:
        OutputError: it cannot be made or written to.
    """
    folder = _named(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise OutputError(f"{one_line(path)}: {_NO_FOLDER}") from error
    except OSError as error:
        raise OutputError(f"{one_line(path)}: {_reason(error)}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{one_line(path)}: {_REASONS[errno.EACCES]}")
    return folder


def check_folder(path: str | Path) -> None:
    """Before anything is computed: refuses what cannot be a folder.

    Raises:
        OutputError: it is a file, or is inside one.
    """
    folder = _named(path)
    existing = next((place for place in (folder, *folder.parents) if os.path.lexists(place)), folder)
    if os.path.exists(existing) and not os.path.isdir(existing):
        raise OutputError(f"{one_line(path)}: {_NO_FOLDER}")


def check_file(path: Path, *, is_replaceable: Callable[[Path], bool]) -> None:
    """Before anything is computed: refuses a file that cannot be written.

    Args:
        path: the file.
        is_replaceable: whether a file that exists may be replaced.

    Raises:
        OutputError: its folder is missing or cannot be written to, or the file is a folder or must not be replaced.
    """
    target = _named(path)
    try:
        mode = _mode(target)
        if mode is not None and stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "is a folder")
        if mode is not None and stat.S_ISREG(mode) and not is_replaceable(target):
            raise FileExistsError(errno.EEXIST, "exists already")
        folder = Path(os.path.realpath(target)).parent
        if not stat.S_ISDIR(folder.stat().st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "is a file")
        if (mode is None or stat.S_ISREG(mode)) and not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "no permission")
    except OSError as error:
        raise OutputError(f"{one_line(path)}: {_reason(error)}") from error


def _opened_special(path: Path) -> BinaryIO:
    """A device or a pipe, open for writing; a pipe without a reader is an error, not waited for."""
    if path.exists() and stat.S_ISBLK(path.stat().st_mode):
        raise OSError(errno.ENOTBLK, "is a disk")
    if not hasattr(os, "O_NONBLOCK"):
        return path.open("wb")
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NONBLOCK), "wb")
    os.set_blocking(file.fileno(), True)
    return file


def _replace(path: Path, write: Callable[[BinaryIO], object], overwrite: bool) -> None:
    target, mode = Path(os.path.realpath(path)), _mode(path)
    if mode is not None and stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    if mode is not None and not overwrite:
        raise FileExistsError(errno.EEXIST, "exists already")
    from secrets import token_hex  # noqa: PLC0415 (start-up time: readers need none)

    _remove_leftovers(target.parent)
    temporary, lock = target.with_name(f".attnviz-{token_hex(8)}.tmp"), None
    try:
        # Not tempfile.mkstemp, which makes private files whatever the umask says.
        with open(temporary, "xb") as file:
            lock = _locked(os.dup(file.fileno()))
            write(file)
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        if overwrite:
            os.replace(temporary, target)
        else:
            _put(temporary, target)
    except BaseException:  # also Ctrl-C: nothing half-written stays
        with suppress(OSError):
            temporary.unlink()
        raise
    finally:
        if lock is not None:
            os.close(lock)


def _remove_leftovers(folder: Path) -> None:
    """Removes the temporary files of runs that were killed: those that no process has open, and only once a run."""
    if folder in _looked_through or not hasattr(os, "geteuid"):
        return
    _looked_through.add(folder)
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in [entry for entry in entries if _TEMPORARY.fullmatch(entry.name)]:
            with suppress(OSError):
                _remove_leftover(entry)


def _remove_leftover(entry: "os.DirEntry[str]") -> None:
    about = entry.stat(follow_symlinks=False)
    is_ours = stat.S_ISREG(about.st_mode) and about.st_uid == os.geteuid()
    if not is_ours or time.time() - about.st_mtime < _FRESH:
        return
    lock = _locked(os.open(entry, os.O_RDONLY | os.O_NOFOLLOW))
    if lock is not None:
        os.unlink(entry)
        os.close(lock)


def _locked(descriptor: int) -> int | None:
    """The descriptor of a file that nobody else has a lock on from now on; None, and closed, where somebody has."""
    try:
        import fcntl  # noqa: PLC0415 (not on Windows)

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):  # a disk without locks
        os.close(descriptor)
        return None
    return descriptor


def _mode(path: Path) -> int | None:
    """The type and the permissions of a file, also behind a link; None where there is none."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _put(temporary: Path, target: Path) -> None:
    """Gives a file its name, unless another one has got it meanwhile."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a disk without links
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "exists already") from None
        os.replace(temporary, target)
    else:
        temporary.unlink()


def _named(path: str | Path) -> Path:
    """The path, unless no file can have the name."""
    if "\0" in str(path):
        raise OutputError(f"{one_line(path)}: has a NUL character; expected a name without one")
    try:
        os.lstat(path)
    except UnicodeEncodeError as error:
        raise OutputError(f"{one_line(path)}: has characters that no name can have; expected other ones") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise OutputError(f"{one_line(path)}: {_reason(error)}") from error
    return Path(path)


def _reason(error: OSError) -> str:
    known = _REASONS.get(error.errno)
    return known or f"{brief(error.strerror or error)}; expected a place that can be written to"
