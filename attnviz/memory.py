"""Memory that a run needs: refused before it is asked for, where this process cannot have so much."""

import re
from collections.abc import Iterator
from errno import ENOMEM
from pathlib import Path

_SAYS_SO = "the memory"  # of a file that does not fit it
_ALLOCATION = re.compile(r"Unable to allocate (\S+ \S+) for")  # NumPy's
_LIMIT = re.compile(r"^Max address space +(\d+)", re.MULTILINE)  # nothing where it is unlimited
_USED = re.compile(r"^VmSize:\s*(\d+) kB", re.MULTILINE)
_WORDS = {  # others' words, at the start, as the rest may be a user's
    ImportError: re.compile(".*failed to map segment|.*cannot allocate", re.DOTALL),
    RuntimeError: re.compile("can't start new thread"),
    ValueError: re.compile("Not enough memory"),  # orjson's
}
_DEEPEST = 20  # errors, each made of the next; a chain may lead back to its start
_SMALL = 2**28  # bytes, for which every machine has room
_PRODUCTS, _NOT_TINY = 2**26, 256  # bytes of OpenBLAS, twice what it takes; rows of a matrix
_OF_THREAD = 2**27  # bytes: what OpenBLAS takes, the stack, and a heap of its own
_taken: list[int] = []  # bytes that OpenBLAS has from now on
_NO_LIMIT = 2**60  # a control group without a limit of its own has a number beyond this


def memory_fault(n_bytes: int) -> str | None:
    """Why so much memory cannot be had, as a clause: ``needs 94.3 GB of memory, and 5.1 GB are free``; None if it can.

    Args:
        n_bytes: how much is needed.
    """
    root = Path("/")
    left = [*_left_of_limit(root), *(_left_of_machine(root) if n_bytes >= _SMALL else ())]
    free = min(left, default=n_bytes)
    if n_bytes <= free:
        return None
    return f"needs {in_bytes(n_bytes)} of memory, and {in_bytes(free)} are free"


def products_fault() -> str | None:
    """Why matrix products cannot have their memory, as a clause; None where they can.

    OpenBLAS takes it at the first product that is not tiny, and ends the process where it cannot. Where this process
    has a limit it is taken here.
    """
    if _taken or not has_limit():
        return None
    if fault := memory_fault(_PRODUCTS):
        return fault
    import numpy as np  # noqa: PLC0415 (start-up time)

    matrix = np.ones((_NOT_TINY, _NOT_TINY), np.float32)
    matrix @ matrix
    _taken.append(_PRODUCTS)
    return None


def threads_with_room(count: int) -> int:
    """So many threads, or as many as a limit of this process leaves room for: OpenBLAS takes memory for each."""
    left = min(_left_of_limit(Path("/")), default=count * _OF_THREAD)
    return max(1, min(count, 1 + left // _OF_THREAD))


def has_limit() -> bool:
    """Whether this process may have so much memory and no more (``ulimit -v``)."""
    return next(_left_of_limit(Path("/")), None) is not None


def memory_lack(error: BaseException) -> str | None:
    """How an error, or one that it was made of, says that memory ran out, as a clause; None where it does not.

    Libraries find their own words for it. An error that speaks of memory itself needs no others.
    """
    if _SAYS_SO in str(error):
        return None
    cause: BaseException | None = error
    for _ in range(_DEEPEST):
        if cause is None:
            break
        size = _ALLOCATION.match(str(cause))
        if size:
            return f"{size[1]} more are needed, and there is not enough"
        if isinstance(cause, MemoryError) or getattr(cause, "errno", None) == ENOMEM or _is_in_words(cause):
            return "there is not enough"
        cause = cause.__cause__
    return None


def _is_in_words(cause: BaseException) -> bool:
    return any(isinstance(cause, kind) and words.match(str(cause)) for kind, words in _WORDS.items())


def in_bytes(n_bytes: int) -> str:
    """A size as a message shows it: ``67 MB``, ``5.1 GB``."""
    if n_bytes < 1e9:
        return f"{n_bytes / 1e6:.0f} MB"
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes < 1e15 else f"{n_bytes / 1e9:.0e} GB"


def _left_of_machine(root: Path) -> Iterator[int]:
    """What the machine, and a container, have in bytes, as far as they say so."""
    for line in _text(root / "proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            yield 1024 * int(line.split()[1])
    for limit in ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"):
        text = _text(root / limit).strip()
        if text.isdigit() and int(text) < _NO_LIMIT:
            yield int(text)


def _left_of_limit(root: Path) -> Iterator[int]:
    """What a limit of this process (``ulimit -v``) leaves, if it has one."""
    if limit := _LIMIT.search(_text(root / "proc/self/limits")):
        used = _USED.search(_text(root / "proc/self/status"))
        yield max(0, int(limit[1]) - (1024 * int(used[1]) if used else 0))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
