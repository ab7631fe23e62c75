"""How one value of a matrix looks: its place on the scale, its colour, its digits, its glyph."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.style import Style

from attnviz.names import PATHS, SHARES
from attnviz.output.colormaps import ENTRIES, palette_rgb, ramp_256, table, text_on
from attnviz.output.terminal.screen import Screen
from attnviz.trace.attention import Matrix

_SHADES, _ASCII_SHADES = " ░▒▓█", " .:-=+*#%@"
_HUE = 5  # magenta: the one that is legible on black and on white
PLAIN, BOLD, DIM = Style(), Style(bold=True), Style(dim=True)


@dataclass(frozen=True)
class Scale:
    """The values that the two ends of the colours stand for."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Where a value lies, from 0 to 1."""
        span = self.high - self.low
        return min(1.0, max(0.0, (value - self.low) / span)) if span > 0 else 0.0


def scale_of(matrix: Matrix) -> Scale:
    """Shares have one scale, 0 to 1, for all matrices; others go to their largest.

    Norms, rollout and flow go from 0, scores from their least.
    """
    visible = matrix.values[np.isfinite(matrix.values)]
    if matrix.name in PATHS and visible.size:
        return Scale(0.0, float(visible.max()))
    if matrix.what in SHARES or not visible.size:
        return Scale(0.0, 1.0)
    return Scale(0.0 if matrix.what == "norms" else float(visible.min()), float(visible.max()))


def hidden(matrix: Matrix) -> np.ndarray:
    """Which cells are masked, (n_queries, n_keys)."""
    masked = np.isneginf(matrix.values)
    return masked if matrix.masked is None else masked | matrix.masked


def strongest(matrix: Matrix) -> list[int | None]:
    """The strongest key of each row, the first of equals; None where every key is masked, or gets nothing."""
    values = np.where(hidden(matrix), -np.inf, matrix.values)
    least = 0.0 if matrix.what in SHARES else -np.inf
    return [int(row.argmax()) if row.max() > least else None for row in values]


def largest(values: np.ndarray, n: int) -> list[int]:
    """The places of the n largest of many values, of equal ones the first, without sorting all of them."""
    n = min(n, values.size)
    least = np.partition(values, values.size - n)[values.size - n]
    above, equal = np.flatnonzero(values > least), np.flatnonzero(values == least)[:n]
    return sorted([*above.tolist(), *equal.tolist()], key=lambda place: (-values[place], place))[:n]


def masked_sign(screen: Screen) -> str:
    """What stands in a masked cell."""
    return "x" if screen.ascii else "·"


@cache
def cell_style(place: float, cmap: str, system: str | None, *, bold: bool = False) -> Style:
    """Background of the map, black or white on it; only bold where there are too few colours."""
    color = background(place, cmap, system)
    if color is None:  # 16 colours: the glyph or the number, and one hue where there is something to see
        hue = Color.from_ansi(_HUE) if system == "standard" and place >= 0.05 else None
        return Style(color=hue, bold=bold) if hue else BOLD if bold else PLAIN
    number, rgb = color
    ink = text_on(rgb)
    if system == "256":
        return Style(bgcolor=Color.from_ansi(number), color=Color.from_ansi(231 if ink[0] else 16), bold=bold)
    return Style(
        bgcolor=Color.from_triplet(ColorTriplet(*rgb)), color=Color.from_triplet(ColorTriplet(*ink)), bold=bold
    )


def background(place: float, cmap: str, system: str | None) -> tuple[int, tuple[int, int, int]] | None:
    """The map's colour at a place from 0 to 1: its number in the 256-colour palette, and its red, green and blue."""
    if system == "truecolor":
        return 0, table(cmap)[min(ENTRIES - 1, int(place * ENTRIES))]
    if system == "256":
        ramp = ramp_256(cmap)
        number = ramp[min(len(ramp) - 1, int(place * len(ramp)))]
        return number, palette_rgb(number)
    return None


@cache
def half_block_style(upper: float | None, lower: float | None, cmap: str, system: str) -> tuple[str, Style]:
    """Two cells in one character: the upper one its ink, the lower one its ground; masked ones stay empty."""

    def color(place: float) -> Color:
        number, rgb = background(place, cmap, system)
        return Color.from_ansi(number) if system == "256" else Color.from_triplet(ColorTriplet(*rgb))

    if upper is None and lower is None:
        return "·", DIM
    if upper is None:
        return "▄", Style(color=color(lower))
    if lower is None:
        return "▀", Style(color=color(upper))
    return "▀", Style(color=color(upper), bgcolor=color(lower))


def shade(place: float, screen: Screen) -> str:
    """A glyph as dark as the value is large; blank below a twentieth."""
    shades = _ASCII_SHADES if screen.ascii else _SHADES
    steps = len(shades) - 1
    return shades[0] if place < 0.05 else shades[1 + min(steps - 1, int(place * steps))]


def percent(value: float) -> str:
    """A weight as a percentage in two characters: ``1.`` is 1.00, blank is less than half a percent but not 0."""
    rounded = round(100 * value)
    if rounded >= 100:
        return "1."
    if rounded == 0:
        return " 0" if value == 0 else "  "
    return f"{rounded:>2}"


def decimal(value: float, precision: int, *, short: bool = False) -> str:
    """A number with so many decimals; exactly 0 is ``0``, and one too long for a table has an exponent.

    Args:
        value: a finite number.
        precision: decimals.
        short: without the leading 0, ``.43``; and 1 loses a decimal instead, ``1.0``.
    """
    if value == 0:
        return "0"
    text = f"{value:.{precision}f}"
    if len(text) > precision + 6:
        return f"{value:.{max(0, precision - 1)}e}"
    if short and (text.startswith("0.") or text == f"{1:.{precision}f}"):  # a sum's rounding may exceed 1
        return text[1:] if text.startswith("0.") else text[: precision + 1].removesuffix(".")
    return text
