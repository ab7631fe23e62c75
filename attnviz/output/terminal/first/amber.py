"""The colour of one weight: amber that gets brighter, on the terminal's own background.

A weight below one twentieth has no colour, so that a zero is never painted. The darkest amber is bright enough to be
seen on black and dark enough to be seen on white; ink is black or white by WCAG's luminance.
"""

from functools import cache

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.style import Style

from attnviz.output.colormaps import RGB, palette_rgb, text_on
from attnviz.output.terminal.screen import BOLD, PLAIN

LEAST_PAINTED = 0.05
_DARK, _BRIGHT = (97, 66, 16), (255, 184, 28)
_RAMP_256 = (58, 94, 130, 136, 172, 178, 214)  # the palette's ambers, the darkest first


def amber(weight: float) -> RGB:
    """Red, green and blue of a weight from 0 to 1; the root of the weight, so that small ones differ."""
    place = min(1.0, max(0.0, weight)) ** 0.5
    red, green, blue = (round(low + (high - low) * place) for low, high in zip(_DARK, _BRIGHT, strict=True))
    return red, green, blue


@cache
def weight_style(percent: int, system: str | None, *, bold: bool = False) -> Style:
    """The style of a weight of so many percent.

    Args:
        percent: 0 to 100.
        system: ``truecolor``, ``256``, ``standard`` (16 colours) or None for no colour.
        bold: whether it is the strongest of its row.
    """
    if percent < 100 * LEAST_PAINTED or system is None:
        return BOLD if bold else PLAIN
    if system == "standard":
        return Style(reverse=percent >= 50, bold=bold or percent >= 20)
    if system == "256":
        number = _RAMP_256[min(len(_RAMP_256) - 1, int((percent / 100) ** 0.5 * len(_RAMP_256)))]
        ink = 231 if text_on(palette_rgb(number))[0] else 16
        return Style(bgcolor=Color.from_ansi(number), color=Color.from_ansi(ink), bold=bold)
    rgb = amber(percent / 100)
    ground, colour = (Color.from_triplet(ColorTriplet(*c)) for c in (rgb, text_on(rgb)))
    return Style(bgcolor=ground, color=colour, bold=bold)
