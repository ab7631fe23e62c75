"""Reports as picture files in a folder."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic

from attnviz.output.rendering import ReportT


class PicturesRendering(Generic[ReportT]):
    """Draws each report: one in the folder itself, several in folders in it, ``text-001``, ``text-002``, ...

    Args:
        folder: the folder of all files.
        draw: draws a report in a folder and returns the files that it wrote.
        several: whether each report has a numbered folder.
        finish: called at the end with all files, in the order in which they were written.

    Attributes:
        folder: the folder of all files.
    """

    def __init__(
        self,
        folder: Path,
        draw: Callable[[ReportT, Path], Sequence[Path]],
        *,
        several: bool = False,
        finish: Callable[[Sequence[Path]], object],
    ):
        self.folder, self._draw, self._several, self._finish = folder, draw, several, finish
        self._written: list[Path] = []
        self._reports = 0

    def add(self, report: ReportT) -> None:
        """Draws one report."""
        self._reports += 1
        folder = self.folder / f"text-{self._reports:03d}" if self._several else self.folder
        self._written += self._draw(report, folder)

    def end(self) -> None:
        """Hands the files to ``finish``."""
        self._finish(self._written)
