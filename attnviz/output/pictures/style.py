"""How pictures look, and in which formats they are written: checked once, before anything is drawn."""

from dataclasses import dataclass

import numpy as np

from attnviz.errors import UsageError, one_line
from attnviz.names import PICTURE_FORMATS, PICTURE_SCALES
from attnviz.output.colormaps import DIVERGING, PAPER, colormap_name, table

LEAST_DPI, MOST_DPI = 30, 1200


@dataclass(frozen=True)
class PictureStyle:
    """What the user may choose.

    Attributes:
        formats: of ``PICTURE_FORMATS``.
        cmap: a name of ``PICTURE_COLORMAPS``, in capitals or small letters.
        dpi: pixels an inch.
        scale: of ``PICTURE_SCALES``.

    Raises:
        UsageError: an unknown format, colour map or scale, or a dpi out of range.
    """

    formats: tuple[str, ...]
    cmap: str
    dpi: int
    scale: str

    def __post_init__(self) -> None:
        named: list[tuple[str, str, tuple[str, ...]]] = [("format", name, PICTURE_FORMATS) for name in self.formats]
        named += [("scale", self.scale, PICTURE_SCALES)]
        for name, value, known in named:
            if value not in known:
                raise UsageError(f"{name}: {one_line(repr(value))} is not known; expected one of {', '.join(known)}")
        colormap_name(self.cmap)
        if not self.formats:
            raise UsageError(f"format: none is given; expected one of {', '.join(PICTURE_FORMATS)}")
        if not LEAST_DPI <= self.dpi <= MOST_DPI:
            raise UsageError(f"dpi: {self.dpi} is out of range; expected {LEAST_DPI} to {MOST_DPI}")

    def palette(self, values: str = "weights") -> np.ndarray:
        """The colours of such values, (256, 4) uint8; changes have a diverging map of their own."""
        return palette_of(DIVERGING if values == "changes" else colormap_name(self.cmap))


def palette_of(name: str) -> np.ndarray:
    """The colours of a map by its name, (256, 4) uint8; ``_r`` at its end reverses it."""
    if name in (PAPER, DIVERGING):
        return np.insert(np.array(table(name), np.uint8), 3, 255, axis=1)
    if name == f"{PAPER}_r":
        return palette_of(PAPER)[::-1]
    from attnviz.output.pictures.drawing import matplotlib_palette  # noqa: PLC0415 (only drawing loads Matplotlib)

    return matplotlib_palette(name)
