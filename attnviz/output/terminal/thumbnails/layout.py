"""How large thumbnails are, and how many are side by side."""

from typing import NamedTuple

GAP = 2  # columns between two thumbnails
_MOST_LINES = 96  # of all thumbnails, before cells become blocks of several tokens
_LEAST_SIDE = 7  # cells of a thumbnail that tokens are still put together for
_SMALL = 7  # tokens of a matrix that is drawn at twice its size


class ThumbnailLayout(NamedTuple):
    """The size of each thumbnail.

    Attributes:
        block: tokens of a side that one cell stands for.
        zoom: cells that one block takes on each side.
        columns: characters of a thumbnail.
        lines: lines of a thumbnail, without its name's.
        side_by_side: thumbnails in a row.
    """

    block: int
    zoom: int
    columns: int
    lines: int
    side_by_side: int


def thumbnail_layout(tokens: tuple[int, int], shape: tuple[int, int], width: int, name_width: int) -> ThumbnailLayout:
    """The largest thumbnails that fit the screen and are not too many lines in all.

    Args:
        tokens: queries and keys.
        shape: layers and heads.
        width: columns of the screen.
        name_width: columns of the longest name.
    """
    n_queries, n_keys = tokens
    block = 1
    while True:
        columns, rows = -(-n_keys // block), -(-n_queries // block)
        zoom = 2 if block == 1 and max(tokens) <= _SMALL and columns * 2 <= width else 1
        columns, lines = columns * zoom, -(-rows * zoom // 2)
        most = max(1, (width + GAP) // (max(columns, name_width) + GAP))
        n_rows = -(-shape[1] // most)
        is_short = shape[0] * n_rows * (lines + 1) <= _MOST_LINES
        is_smallest = max(-(-n // (block + 1)) for n in tokens) < _LEAST_SIDE
        if columns <= width and (is_short or is_smallest):
            return ThumbnailLayout(block, zoom, columns, lines, -(-shape[1] // n_rows))
        block += 1
