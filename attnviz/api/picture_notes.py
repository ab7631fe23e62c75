"""Notes on the pictures of one or several texts, once all are written."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from attnviz.api.heatmaps import HeatmapReport
from attnviz.errors import some
from attnviz.trace.result import line_of

_PICTURE = re.compile(r"((decoder|cross)-)?(L\d\d+(H\d\d+|mean|zeroing)|overview|similarity)")


class PictureNotes:
    """The notes on pictures, once all are written.

    Args:
        folder: the folder of all pictures.
        of_heads: whether there is a picture of each head.
        shared: whether all pictures of weights have one scale.
    """

    def __init__(self, folder: Path, *, of_heads: bool, shared: bool):
        self._folder, self._of_heads, self._shared = folder, of_heads, shared
        self._fonts: list[str] = []  # notes, the first of which is enough
        self._shifted: list[str] = []  # the first folder whose number is not that of its line
        self._n_texts, self._largest = 0, 0.0  # their number; the largest weight
        self._others: list[str] = []  # pictures of an earlier run in the same folders

    def add(self, where: str, report: HeatmapReport) -> None:
        """The pictures of one text, and its place in its file."""
        self._n_texts += 1
        line = line_of(where)
        if line not in (None, self._n_texts) and not self._shifted:
            self._shifted = [f"{report.folder.name} is of line {line}, as lines without a usable text have no folder"]
        self._fonts += report.notes
        self._largest = max(self._largest, report.largest)
        self._others += _others(report.folder, report.paths)

    def texts(self, n_pictures: int) -> Iterator[str]:
        """All notes, on so many pictures."""
        yield from (*self._fonts[:1], *self._shifted)
        written = f"{n_pictures} picture{'s' * (n_pictures != 1)} written"
        if self._of_heads and self._others:
            written += f", beside {len(self._others)} of an earlier run ({some(self._others, 1)})"
        yield f"{self._folder}: {written}"


def _others(folder: Path, written: Sequence[Path]) -> list[str]:
    """Pictures of the same formats in a folder that were not written now, and so are perhaps of another text."""
    endings = {path.suffix for path in written}
    pictures = {path for path in folder.iterdir() if path.suffix in endings and _PICTURE.fullmatch(path.stem)}
    return sorted(path.name for path in pictures - set(written))
