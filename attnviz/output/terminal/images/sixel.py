"""Pictures in Sixel (DEC, VT330/VT340 Programmer Reference Manual, volume 2, chapter 14)."""

from collections.abc import Iterator

import numpy as np

from attnviz.output.terminal.images.few_colors import few_colors

_BAND = 6  # rows of pixels that are drawn at once
_EMPTY = ord("?")  # the character of six pixels without a colour
_LEAST_RUN = 4  # equal characters that are shorter as a count


def sixel_image(pixels: np.ndarray, most_colors: int = 256) -> str:
    """What makes a terminal draw the pixels at the cursor.

    Args:
        pixels: (height, width, 3 or more) uint8: red, green, blue; more is not looked at.
        most_colors: how many colours the terminal can hold.
    """
    height, width = pixels.shape[:2]
    colors, indices = few_colors(pixels[..., :3], most_colors)
    percents = (colors.astype(np.float64) / 255 * 100).round().astype(int)
    palette = "".join(f"#{number};2;{red};{green};{blue}" for number, (red, green, blue) in enumerate(percents))
    padded = np.full((-(-height // _BAND) * _BAND, width), -1)
    padded[:height] = indices
    bands = "-".join("$".join(_band(band)) for band in padded.reshape(-1, _BAND, width))
    # 1: a pixel is as high as it is wide; the sizes are those of the picture.
    return f'\x1bP0;1;0q"1;1;{width};{height}{palette}{bands}\x1b\\'


def _band(band: np.ndarray) -> Iterator[str]:
    """Six rows of pixels: for each colour its number, then a character for each column of six."""
    present = np.unique(band[band >= 0])
    bits = 1 << np.arange(_BAND)[:, None]
    codes = ((band == present[:, None, None]) * bits).sum(axis=1) + _EMPTY  # (n_colors, width)
    starts = np.ones(codes.shape, bool)
    starts[:, 1:] = codes[:, 1:] != codes[:, :-1]
    for number, row, begins in zip(present, codes, starts, strict=True):
        places = np.flatnonzero(begins)
        lengths = np.diff(places, append=len(row))
        runs = list(zip(row[places].tolist(), lengths.tolist(), strict=True))
        if runs[-1][0] == _EMPTY:
            runs.pop()
        yield f"#{number}" + "".join(map(_run, *zip(*runs, strict=True)))


def _run(code: int, length: int) -> str:
    return f"!{length}{chr(code)}" if length >= _LEAST_RUN else chr(code) * length
