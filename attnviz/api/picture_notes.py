"""Notes on the pictures of one or several texts, once all are written."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from attnviz.api.heatmaps import HeatmapReport
from attnviz.errors import some
from attnviz.names import CAPTION_ENDING
from attnviz.trace.result import line_of

_PICTURE = re.compile(r"((decoder|cross)-)?(L\d\d+(H\d\d+|mean|zeroing)|overview|similarity)")


class PictureNotes:
    """The notes on pictures, once all are written.

    Args:
        place: the folder of all pictures, or the file of one; None for standard output.
        of_heads: whether there is a picture of each head.
    """

    def __init__(self, place: Path | None, *, of_heads: bool = False):
        self._place, self._of_heads = place, of_heads
        self._notes: Sequence[str] = ()  # those of the first text that has any: others' are alike
        self._shifted: list[str] = []  # the first folder whose number is not that of its line
        self._n_texts = 0
        self._others: list[str] = []  # pictures of an earlier run in the same folders

    def add(self, where: str, report: HeatmapReport) -> None:
        """The pictures of one text, and its place in its file."""
        self._n_texts += 1
        line = line_of(where)
        if line not in (None, self._n_texts) and not self._shifted:
            self._shifted = [f"{report.folder.name} is of line {line}, as lines without a usable text have no folder"]
        self._notes = self._notes or report.notes
        if self._of_heads and report.paths and self._place not in report.paths:
            self._others += _others(report.folder, report.paths)

    def texts(self, paths: Sequence[Path]) -> Iterator[str]:
        """All notes, on the files that were written."""
        yield from (*self._notes, *self._shifted)
        if self._place in paths:
            yield f"{', '.join(map(str, paths))}: written"
        elif self._place is not None:
            n = sum(path.suffix != CAPTION_ENDING for path in paths)
            written = f"{n} picture{'s' * (n != 1)} written"
            if self._others:
                written += f", beside {len(self._others)} of an earlier run ({some(self._others, 1)})"
            yield f"{self._place}: {written}"


def _others(folder: Path, written: Sequence[Path]) -> list[str]:
    """Pictures of the same formats in a folder that were not written now, and so are perhaps of another text."""
    endings = {path.suffix for path in written} - {CAPTION_ENDING}
    pictures = {path for path in folder.iterdir() if path.suffix in endings and _PICTURE.fullmatch(path.stem)}
    return sorted(path.name for path in pictures - set(written))
