"""Where pictures go: one figure in a file, a folder of them, or standard output."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.cli.options import CommonOptions
from attnviz.cli.pictures.options import FigureOptions
from attnviz.cli.streams import note, write_bytes
from attnviz.errors import UsageError, one_line
from attnviz.names import PICTURE_FORMATS
from attnviz.outputs import check_folder
from attnviz.records import dataclass

if TYPE_CHECKING:
    from attnviz.api.heatmaps import HeatmapReport

_ENDINGS = ".png, .svg or .pdf"
_EXPECTED = "expected FIGURE.pdf, .svg or .png, or a folder"


@dataclass(frozen=True)
class PicturePlace:
    """Where the pictures of a run go.

    Attributes:
        path: a file or a folder; None for standard output.
        formats: of ``PICTURE_FORMATS``, those of the files.
        is_figure: whether it is one figure: a file, or standard output.
    """

    path: Path | None
    formats: tuple[str, ...]
    is_figure: bool

    @classmethod
    def of(
        cls, name: str, formats: Sequence[str] | None, *, force: bool = False, caption: bool = False
    ) -> "PicturePlace":
        """The place that ``-o`` names; what cannot be written is refused before anything is computed.

        A name that ends in a format is one figure, unless it is a folder's; a name without an ending is a folder's.

        Args:
            name: what the user typed.
            formats: those of ``--format``; None where it is not given.
            force: replace files that attnviz did not write.
            caption: whether a text file is written beside a figure.

        Raises:
            UsageError: a name that is neither a picture's nor a folder's, or formats that contradict it.
            OutputError: a file that attnviz did not write, or one in a folder that is missing.
        """
        if not name.strip():
            raise UsageError(f"out: the name is empty; {_EXPECTED}")
        if name == "-":
            return cls._of_output(formats, caption=caption)
        path = Path(name)
        if name.endswith(("/", os.sep)) or os.path.isdir(path) or not path.suffix:
            check_folder(path)
            return cls(path, tuple(formats or ("png",)), is_figure=False)
        ending = path.suffix.removeprefix(".").lower()
        if ending not in PICTURE_FORMATS:
            raise UsageError(
                f"out: {one_line(name)}: pictures are not written as {one_line(path.suffix)}; expected {_ENDINGS}, or "
                f"{one_line(name)}/ for a folder"
            )
        if formats is not None and tuple(formats) != (ending,):
            raise UsageError(
                f"out, format: {one_line(name)} is not of format {','.join(formats)}; expected --format {ending}, or a "
                "folder"
            )
        from attnviz.api.heatmaps import check_figure

        check_figure(path, force=force, caption=caption)
        return cls(path, (ending,), is_figure=True)

    @classmethod
    def beside_text(cls, name: str | None, figure: FigureOptions, *, force: bool) -> Path | None:
        """The file or the folder that ``-o`` names, of a command that prints text; None where nothing is drawn.

        Args:
            name: what the user typed; None where ``-o`` is not given.
            figure: how pictures look.
            force: replace files that attnviz did not write.

        Raises:
            UsageError: looks without pictures; or as ``of``.
            OutputError: as ``of``.
        """
        if name is None:
            if names := figure.changed():
                raise UsageError(f"{names[0].replace('_', '-')}: it is about pictures; expected -o too")
            return None
        if name == "-":
            raise UsageError(f"out: standard output has the text; {_EXPECTED}")
        from attnviz.output.pictures.style import PictureStyle

        place = cls.of(name, None, force=force, caption=figure.caption)
        PictureStyle(formats=place.formats, **figure.looks)
        return place.path

    def drawn(self, draw: "Callable[[Path], HeatmapReport]") -> "HeatmapReport":
        """Draws one figure; for standard output in a file that does not stay.

        Args:
            draw: writes the figure that a path names.
        """
        if self.path is not None:
            return draw(self.path)
        from tempfile import TemporaryDirectory

        with TemporaryDirectory() as folder:
            report = draw(Path(folder) / f"figure.{self.formats[0]}")
            write_bytes(report.paths[0].read_bytes())
        return replace(report, paths=())

    @classmethod
    def _of_output(cls, formats: Sequence[str] | None, *, caption: bool) -> "PicturePlace":
        """Standard output, which takes one figure in one format.

        Raises:
            UsageError: it is a terminal, or more than that is to be written.
        """
        if caption:
            raise UsageError("caption, out: a caption is a file beside the figure; expected FIGURE.pdf, .svg or .png")
        if formats is not None and len(formats) > 1:
            raise UsageError("out, format: standard output takes one figure; expected one format")
        if sys.stdout.isatty():
            raise UsageError(f"out: standard output is a terminal; {_EXPECTED}, or a pipe")
        return cls(None, tuple(formats or ("png",)), is_figure=True)


def note_pictures(common: CommonOptions, place: Path, report: "HeatmapReport") -> None:
    """The notes on the pictures of a command that prints text, and what was written."""
    from attnviz.api.picture_notes import PictureNotes

    notes = PictureNotes(place)
    notes.add("", report)
    for text in notes.texts(report.paths):
        note(common, text)
