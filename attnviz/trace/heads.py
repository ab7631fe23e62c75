"""Which heads the axes of an array count: a grid of layers and heads, or heads chosen one by one by their names."""

import numpy as np


class HeadAxes:
    """Something with arrays (n_layers, n_heads, ...) that knows which heads they are of.

    Attributes:
        layers: the number of each row's layer.
        heads: the number of each column's head; where heads were chosen by name, of each row's.
        by_name: whether each row is one head, chosen by its name: arrays are (n_rows, 1, ...).
    """

    layers: tuple[int, ...]
    heads: tuple[int, ...]
    by_name: bool

    @property
    def head_shape(self) -> tuple[int, int]:
        """The first two axes of its arrays."""
        return len(self.layers), 1 if self.by_name else len(self.heads)

    def head_at(self, i: int, j: int) -> tuple[int, int]:
        """The numbers of the layer and the head in row i and column j."""
        return self.layers[i], self.heads[i if self.by_name else j]

    @property
    def every_head(self) -> tuple[tuple[int, int], ...]:
        """The numbers of the layer and the head of each cell, row by row."""
        return tuple(self.head_at(i, j) for i, j in np.ndindex(*self.head_shape))


def head_name(layer: int, head: int) -> str:
    """``L2H8``."""
    return f"L{layer}H{head}"
