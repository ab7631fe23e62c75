"""A picture in few colours, by median cut (Heckbert 1982, Color image quantization for frame buffer display)."""

import numpy as np


def few_colors(pixels: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """At most so many colours, and for each pixel which of them it is; exact where the picture has no more.

    Args:
        pixels: (height, width, 3) uint8: red, green, blue.
        most: how many colours at most, 1 or more.

    Returns:
        (n, 3) uint8, and (height, width) indices into it.
    """
    keys = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    unique, indices, counts = np.unique(keys, return_inverse=True, return_counts=True)
    colors = np.stack([unique >> 16, unique >> 8 & 255, unique & 255], axis=1)
    indices = indices.reshape(keys.shape)
    if len(colors) <= most:
        return colors.astype(np.uint8), indices
    boxes = _boxes(colors.astype(np.int64), counts, most)
    palette = np.array([np.average(colors[box], axis=0, weights=counts[box]).round() for box in boxes], np.uint8)
    box_of = np.empty(len(colors), np.int64)
    for number, box in enumerate(boxes):
        box_of[box] = number
    return palette, box_of[indices]


def _boxes(colors: np.ndarray, counts: np.ndarray, most: int) -> list[np.ndarray]:
    """The colours in so many groups, each of them near each other: indices."""
    boxes = [np.arange(len(colors))]
    # What splitting a group would gain: its colours' squared distances from their mean, pixel by pixel.
    spreads = [_spread(colors, counts)]
    while len(boxes) < most:
        widest = int(np.argmax(spreads))
        halves = _halves(boxes.pop(widest), colors, counts)
        spreads.pop(widest)
        boxes += halves
        spreads += [_spread(colors[half], counts[half]) for half in halves]
    return boxes


def _spread(colors: np.ndarray, counts: np.ndarray) -> float:
    mean = np.average(colors, axis=0, weights=counts)
    return float((counts[:, None] * (colors - mean) ** 2).sum())


def _halves(box: np.ndarray, colors: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
    """Two groups, cut across the longest side where half of the pixels are on either hand."""
    side = int(np.ptp(colors[box], axis=0).argmax())
    ordered = box[np.argsort(colors[box, side], kind="stable")]
    passed = np.cumsum(counts[ordered])
    cut = int(np.searchsorted(passed, passed[-1] / 2)) + 1
    cut = min(max(cut, 1), len(ordered) - 1)
    return [ordered[:cut], ordered[cut:]]
