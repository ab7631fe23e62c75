"""How one value of a matrix looks: its place on the scale, its colour, its digits, its glyph."""

from functools import cache

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.style import Style

from attnviz.output.colormaps import ENTRIES, GROUNDLESS, LEAST_PAINTED, palette_rgb, ramp_256, table, text_on
from attnviz.output.decimals import whole_percent
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, Screen

_SHADES, _ASCII_SHADES = " ░▒▓█", " .:-=+*#%@"
_LEAST_HUE = 0.05  # of 16 colours
_LEAST_HALF = 0.01  # of half a character, which has no number
_HUE = 5  # magenta: the one that is legible on black and on white


def masked_sign(screen: Screen) -> str:
    """The sign of a masked cell."""
    return "x" if screen.ascii else "·"


@cache
def cell_style(
    place: float, cmap: str, system: str | None, *, bold: bool = False, least: float = LEAST_PAINTED
) -> Style:
    """Background of the map, black or white on it; of 16 colours one hue; amber and azure reverse large values.

    Args:
        place: from 0 to 1.
        cmap: one of ``TERMINAL_COLORMAPS``, or azure.
        system: of a ``Screen``.
        bold: whether the characters are bold.
        least: the place at which amber and azure begin.
    """
    color = background(place, cmap, system, least)
    if color is None:
        if system != "standard" or place < _LEAST_HUE:
            return BOLD if bold else PLAIN
        if cmap in GROUNDLESS:
            return Style(reverse=place >= 0.5, bold=bold or place >= 0.2)
        return Style(color=Color.from_ansi(_HUE), bold=bold)
    number, rgb = color
    ink = text_on(rgb)
    if system == "256":
        return Style(bgcolor=Color.from_ansi(number), color=Color.from_ansi(231 if ink[0] else 16), bold=bold)
    return Style(
        bgcolor=Color.from_triplet(ColorTriplet(*rgb)), color=Color.from_triplet(ColorTriplet(*ink)), bold=bold
    )


def background(
    place: float, cmap: str, system: str | None, least: float = LEAST_PAINTED
) -> tuple[int, tuple[int, int, int]] | None:
    """The map's colour at a place from 0 to 1: its number in the 256-colour palette, and its red, green and blue.

    None where there are too few colours, and where a map leaves the terminal's own ground.
    """
    if cmap in GROUNDLESS and place < least:
        return None
    if system == "truecolor":
        return 0, table(cmap)[min(ENTRIES - 1, int(place * ENTRIES))]
    if system == "256":
        ramp = ramp_256(cmap)
        number = ramp[min(len(ramp) - 1, int(place * len(ramp)))]
        return number, palette_rgb(number)
    return None


@cache
def ink_style(place: float, cmap: str, system: str | None) -> Style:
    """The map's colour at a place from 0 to 1 for characters; plain where there are too few colours."""
    color = None if system is None else _ground(place, cmap, system)
    return PLAIN if color is None else Style(color=color)


@cache
def half_block_style(
    upper: float | None, lower: float | None, cmap: str, system: str, least: float = _LEAST_HALF
) -> tuple[str, Style]:
    """Two cells in one character: the upper one its ink, the lower one its ground; masked ones stay empty.

    Args:
        upper: the upper cell's place from 0 to 1; None where it is masked.
        lower: the lower cell's place.
        cmap: one of ``TERMINAL_COLORMAPS``.
        system: ``truecolor`` or ``256``.
        least: the place at which amber begins.
    """
    above, below = (None if place is None else _ground(place, cmap, system, least) for place in (upper, lower))
    if above is None and below is None:
        return ("·", DIM) if upper is None and lower is None else (" ", PLAIN)
    if above is None:
        return "▄", Style(color=below)
    return "▀", Style(color=above, bgcolor=below)


def _ground(place: float, cmap: str, system: str, least: float = _LEAST_HALF) -> Color | None:
    color = background(place, cmap, system, least)
    if color is None:
        return None
    number, rgb = color
    return Color.from_ansi(number) if system == "256" else Color.from_triplet(ColorTriplet(*rgb))


def shade(place: float, screen: Screen) -> str:
    """A glyph as dark as the value is large; blank below a twentieth."""
    shades = _ASCII_SHADES if screen.ascii else _SHADES
    steps = len(shades) - 1
    return shades[0] if place < 0.05 else shades[1 + min(steps - 1, int(place * steps))]


def percent(value: float) -> str:
    """A weight as a percentage in two characters: ``1.`` is 1.00, blank is less than half a percent but not 0."""
    rounded = whole_percent(value)
    if rounded >= 100:
        return "1."
    if rounded == 0:
        return " 0" if value == 0 else "  "
    return f"{rounded:>2}"
