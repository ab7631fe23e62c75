"""What the machine gives this process: how many CPUs, and how many threads a matrix product may use."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

# Under which names the builds of NumPy set and tell it: its own wheels, a distribution's OpenBLAS, MKL.
_BLAS_CALLS = (
    ("scipy_openblas_set_num_threads64_", "scipy_openblas_get_num_threads64_"),
    ("scipy_openblas_set_num_threads", "scipy_openblas_get_num_threads"),
    ("openblas_set_num_threads64_", "openblas_get_num_threads64_"),
    ("openblas_set_num_threads", "openblas_get_num_threads"),
    ("MKL_Set_Num_Threads", "MKL_Get_Max_Threads"),
)
_VARIABLES = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")  # what OpenBLAS listens to, in its order
_is_ours = False  # whether attnviz set it
_LONG = 256  # tokens, from which on a second thread pays


def usable_cpus(root: Path = Path("/")) -> int:
    """How many CPUs this process may really use, at least 1: those it is bound to, and a container's quota.

    Args:
        root: where ``proc`` and ``sys`` are.
    """
    return max(1, int(min([_bound_cpus(), *_quotas(root)])))


def _bound_cpus() -> int:
    if hasattr(os, "process_cpu_count"):  # from Python 3.13 on
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(root: Path) -> Iterator[float]:
    """The CPUs that each control group of this process allows, of version 2 and of version 1, where it says so."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, group = [*line.split(":", 2), "", ""][:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        # A line of version 2 names no controllers; on a system with both, version 2 is mounted one level down.
        for mount in ("cpu", controllers) if controllers else ("", "unified"):
            for folder in _upwards(root / "sys/fs/cgroup" / mount, group):
                yield from _quota(_text(folder / "cpu.max"))
                yield from _quota(f"{_text(folder / 'cpu.cfs_quota_us')} {_text(folder / 'cpu.cfs_period_us')}")


def _upwards(mount: Path, group: str) -> Iterator[Path]:
    """The group's folder and those it is in; inside a container it is often the host's, and only the last there."""
    names = [name for name in group.split("/") if name not in ("", "..")]
    for depth in range(len(names), -1, -1):
        yield mount.joinpath(*names[:depth])


def _quota(text: str) -> Iterator[float]:
    """The CPUs of a quota and its period: 1.5 for ``150000 100000``; none for ``max 100000``, -1 or anything odd."""
    try:
        quota, period = map(int, text.split())
    except ValueError:
        return
    if quota > 0 and period > 0:
        yield quota / period


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def start_with_one_thread() -> None:
    """Before NumPy is imported: most work is small, more threads would only spin, and NumPy starts sooner.

    Not where the user said how many; then that holds.
    """
    global _is_ours  # which the environment cannot say
    if not any(name in os.environ for name in _VARIABLES):
        os.environ[_VARIABLES[0]], _is_ours = "1", True


class Threads:
    """How many threads a text is computed in: those of the products of short texts, and our own of long ones.

    Args:
        fixed: what was asked for; None to choose by the work, where the environment does not say.
        most: for long texts.
        workers: processes that share these; this one has them to itself as long as it does the work.
    """

    def __init__(self, fixed: int | None, most: int, workers: int = 1):
        self._fixed, self._most, self._workers = fixed, most, workers
        self._process = os.getpid()
        self._of_products: int | None = None  # not known
        self._before: int | None = None  # of products, before the first change

    def __enter__(self) -> "Threads":
        return self

    def __exit__(self, *_: object) -> None:
        """Sets what was set before: a program that uses the library has other products too."""
        if self._before is not None:
            set_blas_threads(self._before)
        if "attnviz.encoder.long.parallel" in sys.modules:
            from attnviz.encoder.long.parallel import set_threads

            set_threads(1)

    def fit(self, n_tokens: int) -> None:
        """Sets them for texts of up to so many tokens."""
        if not (self._fixed or _is_ours):
            return
        from attnviz.encoder.long.parallel import set_threads  # NumPy is not imported yet when this module is

        is_long = n_tokens >= _LONG
        most = self._most if os.getpid() == self._process else max(1, self._most // self._workers)
        count = self._fixed or (most if is_long else 1)
        of_products = 1 if is_long else count
        is_as_started = self._of_products is None and not self._fixed and not is_long  # with one: see above
        if of_products != self._of_products and not is_as_started:
            self._before = blas_threads() if self._before is None else self._before
            set_blas_threads(of_products)
            self._of_products = of_products
        set_threads(count if is_long else 1)


def set_blas_threads(count: int) -> int | None:
    """How many threads a matrix product uses from now on: ``count``, or the most that this library was built for.

    Returns:
        The number in force; None where the library cannot be told (Apple's Accelerate), and nothing has changed.
    """
    calls = _blas_calls()
    if calls is None:
        return None
    setter, teller = calls
    setter(count)
    return teller()


def blas_threads() -> int | None:
    """How many threads a matrix product uses; None where the library does not say."""
    calls = _blas_calls()
    return None if calls is None else calls[1]()


def _blas_calls() -> tuple[Callable[[int], object], Callable[[], int]] | None:
    """The functions that set and tell it, of the library that NumPy uses."""
    import ctypes

    import numpy as np  # noqa: F401 (which loads the module below)

    # What NumPy's own module links to is found through it, wherever that file is (but not on Windows).
    names = ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath")
    try:
        library = ctypes.CDLL(next(sys.modules[name].__file__ for name in names if name in sys.modules))
    except (StopIteration, OSError):
        return None
    for setter, teller in _BLAS_CALLS:
        if hasattr(library, setter) and hasattr(library, teller):
            return getattr(library, setter), getattr(library, teller)
    return None
