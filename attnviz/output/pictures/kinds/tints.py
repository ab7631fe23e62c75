"""Colours of heads, words and changes on white paper."""

from collections.abc import Iterable

import numpy as np

from attnviz.output.colormaps import luminance, text_on
from attnviz.output.pictures.scene import INK

HEAD_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#aa3377", "#661100")
"""One per head: Okabe and Ito 2008 without yellow and black, two of Tol 2021; colour-blind people tell all apart."""
PALE = "#9a9a9a"
"""Links that are not of the chosen word, or that go to hidden tokens."""
FAINT_INK = "#6b6b6b"
"""Words that are masked, or not words of the text; read on white at 5.3 to 1."""
_MOST_SHADE, _LEAST_SHADE = 0.6, 0.03


def mixed(color: str, part: float) -> str:
    """A colour thinned with white: 1 is the colour, 0 is white."""
    return _hex(round(255 + (channel - 255) * part) for channel in _rgb(color))


def darkened(color: str, contrast: float = 4.5) -> str:
    """The colour, darkened until it can be read on white."""
    rgb = _rgb(color)
    while 1.05 / (luminance(rgb) + 0.05) < contrast:
        rgb = (int(rgb[0] * 0.95), int(rgb[1] * 0.95), int(rgb[2] * 0.95))
    return _hex(rgb)


def word_shade(color: str, part: float) -> str:
    """The ground of a word of which so much is coloured, from 0 to 1: light enough for ink."""
    return mixed(color, _MOST_SHADE * part)


def ink_on(color: str) -> str:
    """Ink where it can be read on a colour, else black or white: at least 4.5 to 1."""
    contrast = (luminance(_rgb(color)) + 0.05) / (luminance(_rgb(INK)) + 0.05)
    return INK if contrast >= 4.5 else _hex(text_on(_rgb(color)))


def palette_color(palette: np.ndarray, place: float) -> str:
    """The colour of a place from 0 to 1 in a (256, 4) uint8 palette."""
    return _hex(palette[min(255, max(0, int(place * 256))), :3].tolist())


def sign_color(palette: np.ndarray, value: float) -> str:
    """The colour of a change by its sign: near the end of a diverging palette."""
    return palette_color(palette, 0.88 if value > 0 else 0.12)


def ground_of(color: str, palette: np.ndarray, part: float, values: str) -> str | None:
    """The ground of a word, in the head's colour or by the sign of a change; None where it cannot be seen.

    Args:
        color: of the head.
        palette: (256, 4) uint8.
        part: how much is coloured, from -1 to 1.
        values: what the numbers are.
    """
    if abs(part) < _LEAST_SHADE:
        return None
    return word_shade(sign_color(palette, part) if values == "changes" else color, abs(part))


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _hex(channels: Iterable[int]) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in channels)
