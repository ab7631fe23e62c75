"""What a terminal draws pictures with, and how large they may be."""

from attnviz.records import dataclass

PROTOCOLS = {"kitty": "kitty graphics", "iterm2": "iTerm2 images", "sixel": "Sixel"}
USUAL_CELL = (8, 16)  # pixels, where the terminal does not say: small, so that a picture fits


@dataclass(frozen=True)
class ImageScreen:
    """A terminal that draws pictures.

    Attributes:
        protocol: of ``PROTOCOLS``.
        columns: of the terminal, in characters.
        rows: of the terminal, in characters.
        cell: (width, height) of a character in pixels.
        n_colors: of a Sixel picture, how many colours it may have.
        most: of a Sixel picture, its largest (width, height) in pixels; None where the terminal does not say.
    """

    protocol: str
    columns: int
    rows: int
    cell: tuple[float, float] = USUAL_CELL
    n_colors: int = 256
    most: tuple[int, int] | None = None

    def room(self, columns: int, spare_rows: int) -> tuple[int, int]:
        """The largest (width, height) of a picture in pixels, some columns wide.

        Args:
            columns: at most so many, and those of the terminal.
            spare_rows: how many rows are left free, where the terminal has twice as many.
        """
        width = int(min(columns, self.columns) * self.cell[0])
        height = int(max(1, self.rows - spare_rows, self.rows // 2) * self.cell[1])
        if self.protocol == "sixel" and self.most is not None:
            width, height = min(width, self.most[0]), min(height, self.most[1])
        return width, height
