"""Memory that a run needs: refused before it is asked for, where this process cannot have so much."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_SMALL = 2**28  # bytes that are not worth a look at the machine
_NO_LIMIT = 2**60  # a control group without a limit of its own has a number beyond this


def memory_fault(n_bytes: int) -> str | None:
    """Why so much memory cannot be had, as a clause: ``needs 94.3 GB of memory, and 5.1 GB are free``; None if it can.

    Args:
        n_bytes: how much is needed.
    """
    if n_bytes < _SMALL:
        return None
    free = min(_free(Path("/")), default=None)
    if free is None or n_bytes <= free:
        return None
    return f"needs {in_gigabytes(n_bytes)} of memory, and {in_gigabytes(free)} are free"


def in_gigabytes(n_bytes: int) -> str:
    """A size as a message shows it: ``5.1 GB``."""
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes < 1e15 else f"{n_bytes / 1e9:.0e} GB"


def _free(root: Path) -> Iterator[int]:
    """What the machine, a container and a limit of this process (``ulimit -v``) leave, in bytes, as far as known."""
    for line in _text(root / "proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            yield 1024 * int(line.split()[1])
    for limit in ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"):
        text = _text(root / limit).strip()
        if text.isdigit() and int(text) < _NO_LIMIT:
            yield int(text)
    with suppress(ImportError, OSError, ValueError, IndexError):
        import resource  # noqa: PLC0415 (not on Windows)

        allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
        if allowed != resource.RLIM_INFINITY:
            yield max(0, allowed - int(_text(root / "proc/self/statm").split()[0]) * resource.getpagesize())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
