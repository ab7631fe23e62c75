"""Files that are mapped into memory, whose pages are given back when they have been copied."""

import mmap
from typing import Any

import numpy as np


def give_pages_back(mapped: np.ndarray, start: int, n_bytes: int) -> None:
    """Gives the memory of a file's pages back; the system may keep them in its cache.

    Args:
        mapped: all bytes of the file, a ``np.memmap``.
        start: the first byte that is not needed any more.
        n_bytes: how many are not.
    """
    if hasattr(mmap, "MADV_DONTNEED"):
        first = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
        pages = (start + n_bytes - first) // mmap.PAGESIZE
        if pages > 0:
            file: Any = mapped.base
            file.madvise(mmap.MADV_DONTNEED, first, pages * mmap.PAGESIZE)


def give_rows_back(mapped: np.ndarray, start: int, stored: np.ndarray, ids: np.ndarray) -> None:
    """Gives the memory of a tensor's rows back, from the first of some to the last.

    Args:
        mapped: all bytes of the file, a ``np.memmap``.
        start: the tensor's first byte.
        stored: the tensor, as the file has it.
        ids: rows that have been copied.
    """
    if ids.size:
        n_bytes = stored.strides[0]
        give_pages_back(mapped, start + int(ids.min()) * n_bytes, (int(np.ptp(ids)) + 1) * n_bytes)
