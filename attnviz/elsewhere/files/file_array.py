"""An array whose numbers stay in a file until they are used."""

import mmap
from pathlib import Path

import numpy as np

from attnviz.checkpoints.formats.numpy_files import wide_type


class FileArray(np.ndarray):
    """An array of the mapped bytes of a file, of any of NumPy's types of real numbers.

    Attributes:
        pages: the mapped file; views of the array share it.
    """

    pages: mmap.mmap | None

    def __array_finalize__(self, source: object) -> None:
        self.pages = getattr(source, "pages", None)


def mapped_array(path: Path, shape: tuple[int, ...], dtype: np.dtype, offset: int, *, fortran: bool) -> FileArray:
    """The array that starts at a byte of a file."""
    with path.open("rb") as file:
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    array = FileArray(shape, dtype, pages, offset, order="F" if fortran else "C")
    array.pages = pages
    return array


def floats(array: np.ndarray) -> np.ndarray:
    """The numbers in memory: float64 where they are so already, else float32."""
    stored = np.asarray(array)
    with np.errstate(over="ignore"):
        return stored.astype(wide_type(stored.dtype), copy=isinstance(array, FileArray))


def forget_pages(array: np.ndarray) -> None:
    """Lets the memory of a mapped file go; it is read again when it is used."""
    pages = getattr(array, "pages", None)
    if pages is not None and hasattr(pages, "madvise"):
        pages.madvise(mmap.MADV_DONTNEED)
