"""Attention as coloured cells: scales, blocks of maxima, the image of one matrix and the mosaic of all.

One pixel of these arrays is one pixel of the picture, so that no cell is lost or blurred by resampling.
"""

import math
from dataclasses import dataclass

import numpy as np

from attnviz.names import PATHS, SHARES
from attnviz.trace.attention import Attention, Matrix


@dataclass(frozen=True)
class Scale:
    """The values at the two ends of the colour bar, and how the picture says so."""

    low: float
    high: float
    words: str

    @property
    def labels(self) -> list[str]:
        """The values at five equal distances on the colour bar, from its lower to its upper end, all equally exact."""
        decimals = 2 - math.floor(math.log10(self.high - self.low))
        return [number(round(value, decimals)) for value in np.linspace(self.low, self.high, 5).tolist()]


@dataclass(frozen=True)
class Grid:
    """How the tokens of one side become cells: how many each cell holds, how many cells, how many pixels a cell.

    Of a matrix of which a row or column stands for several tokens already, ``given`` says for how many.
    """

    tokens: int
    block: int
    pixels: int
    given: int = 1

    @property
    def cells(self) -> int:
        """How many cells."""
        return -(-self.tokens // self.block)

    @property
    def length(self) -> int:
        """How many pixels in all."""
        return self.cells * self.pixels


def shared_scale(attention: Attention) -> Scale:
    """The scale of all matrices: 0 to 1 for shares (wider if a value lies outside), or extremes.

    From 0 for norms, and for rollout and flow, which are one matrix.
    """
    extremes = [e for matrix in attention if (e := _extremes(matrix)) is not None] or [(0.0, 0.0)]
    low, high = min(e[0] for e in extremes), max(e[1] for e in extremes)
    sharing = f"shared by all {'heads' if 'head' in attention.axes else 'layers'}" if len(attention) > 1 else ""
    if attention.what == "changes":
        return _about_zero(max(-low, high), "scale", f"{sharing}; " if sharing else "")
    is_path = attention.reduce in PATHS
    if attention.what in SHARES and not is_path:  # a path's shares are small: what comes from one token of many
        high = max(high, 1.0)
    if attention.what != "scores":
        low = min(low, 0.0)
    low, high = _apart(low, high)
    more = "the largest" if is_path else sharing
    return Scale(low, high, f"scale {_interval(low, high)}" + (f", {more}" if more else ""))


def own_scale(matrix: Matrix) -> Scale:
    """The scale of one matrix: 0 to its largest value, or the extremes of its scores."""
    low, high = _extremes(matrix) or (0.0, 0.0)
    if matrix.what == "changes":
        return _about_zero(max(-low, high), "scale of this head:", "")
    if matrix.what != "scores":
        low = min(low, 0.0)
    low, high = _apart(low, high)
    if matrix.name in PATHS:
        return Scale(low, high, f"scale {_interval(low, high)}, the largest")
    whose = "layer" if matrix.what == "zeroing" else "head"
    return Scale(low, high, f"scale of this {whose}: {_interval(low, high)}")


def paint_matrix(matrix: Matrix, grids: tuple[Grid, Grid], scale: Scale, palette: np.ndarray) -> np.ndarray:
    """One matrix as an image, (rows' pixels, columns' pixels, 4) uint8."""
    block_values = block_extremes if matrix.what == "changes" else block_maxima
    blocks = (grids[0].block // grids[0].given, grids[1].block // grids[1].given)
    values, hidden = block_values(matrix.values, hidden_cells(matrix.values, matrix.masked), blocks)
    image = enlarge(paint(values, hidden, scale, palette), hidden, (grids[0].pixels, grids[1].pixels))
    if matrix.rest is not None:  # its column is no key: a white line sets it apart
        pixels = grids[1].pixels
        image[:, -pixels : -pixels + max(1, pixels // 8)] = 255
    return image


def paint_mosaic(
    attention: Attention, grids: tuple[Grid, Grid], gap: int, scale: Scale, palette: np.ndarray
) -> np.ndarray:
    """All matrices as one image: a row of tiles per layer, a column per head, a dark line in each white gap."""
    height, width = grids[0].length + gap, grids[1].length + gap
    n_layers, n_heads = attention.matrices.shape[:2]
    image = np.full((n_layers * height + gap, n_heads * width + gap, 4), 255, np.uint8)
    image[height + gap // 2 : -gap : height] = (34, 34, 34, 255)
    image[:, width + gap // 2 : -gap : width] = (34, 34, 34, 255)
    for index, matrix in enumerate(attention):
        top, left = (gap + n * size for n, size in zip(divmod(index, n_heads), (height, width), strict=True))
        image[top : top + height - gap, left : left + width - gap] = paint_matrix(matrix, grids, scale, palette)
    return image


def block_maxima(values: np.ndarray, hidden: np.ndarray, blocks: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The largest visible value of each block, and which blocks have none; the last blocks may be smaller.

    Args:
        values: (n_queries, n_keys).
        hidden: (n_queries, n_keys), True where there is nothing to show.
        blocks: how many rows and columns make one cell.
    """
    shown = np.where(hidden, -np.inf, values) if hidden.any() else values
    if blocks != (1, 1):
        starts = [np.arange(0, n, block) for n, block in zip(shown.shape, blocks, strict=True)]
        shown = np.maximum.reduceat(np.maximum.reduceat(shown, starts[0], axis=0), starts[1], axis=1)
    return shown, np.isneginf(shown)


def block_extremes(values: np.ndarray, hidden: np.ndarray, blocks: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """As ``block_maxima``, of values of both signs: the one farthest from 0."""
    highest, empty = block_maxima(values, hidden, blocks)
    lowest = -block_maxima(-values, hidden, blocks)[0]
    return np.where(empty | (highest >= -lowest), highest, lowest), empty


def paint(values: np.ndarray, hidden: np.ndarray, scale: Scale, palette: np.ndarray) -> np.ndarray:
    """The colours of the cells, (n_queries, n_keys, 4) uint8; what is hidden gets the first colour.

    Args:
        values: (n_queries, n_keys).
        hidden: (n_queries, n_keys), True where there is nothing to show.
        scale: the values of the palette's ends; values beyond them get the end's colour.
        palette: (256, 4) uint8.
    """
    part = (np.where(hidden, scale.low, values) - scale.low) / (scale.high - scale.low)
    return palette[np.clip(part * 256, 0, 255).astype(np.uint8)]


def hatch(height: int, width: int) -> np.ndarray:
    """The pattern of masked cells, (height, width, 4) uint8: grey diagonals, unlike any value of any palette."""
    stripe = (np.add.outer(np.arange(height), np.arange(width)) // 2) % 4 == 0
    return np.array([[240, 240, 240, 255], [170, 170, 170, 255]], np.uint8)[stripe.astype(int)]


def enlarge(cells: np.ndarray, hidden: np.ndarray, pixels: tuple[int, int]) -> np.ndarray:
    """Cells as rectangles of pixels, the hidden ones hatched."""
    image = cells.repeat(pixels[0], axis=0).repeat(pixels[1], axis=1)
    if hidden.any():
        covered = hidden.repeat(pixels[0], axis=0).repeat(pixels[1], axis=1)
        image[covered] = hatch(*image.shape[:2])[covered]
    return image


def hidden_cells(values: np.ndarray, masked: np.ndarray | None) -> np.ndarray:
    """Where there is nothing to show: masked keys, and scores of -inf."""
    absent = ~np.isfinite(values)
    return absent if masked is None else absent | masked


def number(value: float) -> str:
    """A value in three digits."""
    return f"{value:.3g}".replace("-", "−")


def _extremes(matrix: Matrix) -> tuple[float, float] | None:
    shown = matrix.values[~hidden_cells(matrix.values, matrix.masked)]
    return (float(shown.min()), float(shown.max())) if shown.size else None


def _apart(low: float, high: float) -> tuple[float, float]:
    """Ends that differ, for values that do not."""
    return (low, high) if high > low else (low, low + 1.0)


def _about_zero(bound: float, name: str, sharing: str) -> Scale:
    """From -bound to bound, so that no change has the colour between."""
    bound = bound if bound > 0 else 1.0
    interval = _interval(-bound, bound)
    return Scale(-bound, bound, f"{name} {interval}, {sharing}red: more in B, blue: more in A")


def _interval(low: float, high: float) -> str:
    return f"{number(low)}–{number(high)}" if low >= 0 else f"{number(low)} to {number(high)}"
