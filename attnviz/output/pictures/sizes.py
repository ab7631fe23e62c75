"""The size of a figure as people write it: ``3.3in``, ``8.4cm x 60mm``, ``800x450px``."""

import re

from attnviz.errors import UsageError, brief
from attnviz.records import dataclass

POINTS = {"in": 72.0, "cm": 72 / 2.54, "mm": 72 / 25.4, "pt": 1.0}  # and px, by the resolution
LEAST, MOST = 18.0, 72.0 * 200
_LENGTH = r"(\d+\.?\d*|\.\d+)\s*(in|cm|mm|pt|px)?"
_SIZE = re.compile(rf"\s*{_LENGTH}(?:\s*[x×]\s*{_LENGTH})?\s*", re.IGNORECASE)
_EXPECTED = "expected a width, or WIDTHxHEIGHT, in in, cm, mm, pt or px, such as 3.3in or 6.9inx3in"


@dataclass(frozen=True)
class FigureSize:
    """A figure's width and height in points; without a height it is as high as what it shows."""

    width: float
    height: float | None = None


def figure_size(text: str, dpi: int) -> FigureSize:
    """The size that a text means; the unit of a width without one is that of the height.

    Args:
        text: such as ``3.3in`` or ``16x9cm``.
        dpi: pixels an inch, which ``px`` are.

    Raises:
        UsageError: it is not a size, has no unit, or is out of range.
    """
    match = _SIZE.fullmatch(text)
    if match is None or not (match[2] or match[4]):
        raise UsageError(f"size: {brief(repr(text))} is not a size; {_EXPECTED}")
    points = POINTS | {"px": 72 / dpi}
    width_unit, height_unit = (match[2] or match[4]).lower(), (match[4] or match[2]).lower()
    lengths = [float(match[1]) * points[width_unit]]
    if match[3]:
        lengths.append(float(match[3]) * points[height_unit])
    if not all(LEAST <= length <= MOST for length in lengths):
        raise UsageError(f"size: {brief(text)} is out of range; expected sides of 0.25in to 200in")
    return FigureSize(*lengths)
