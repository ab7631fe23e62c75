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
