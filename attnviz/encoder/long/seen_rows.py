"""A run whose attention is shown some rows at a time, and never kept."""

from collections.abc import Callable, Collection
from functools import partial

import numpy as np

from attnviz.encoder.config.block import Block
from attnviz.encoder.embedding import Sequence
from attnviz.encoder.long.head_rows import Asked, HeadRows
from attnviz.encoder.parameters.params import Params
from attnviz.encoder.stack import Address, encode, not_finite


def see_rows(
    params: Params,
    config: Block,
    layers: Collection[int],
    heads: tuple[int, ...],
    source: Sequence,
    begin: Callable[[int], Callable[[HeadRows], None]],
) -> None:
    """Runs the encoder and shows the attention of some layers and heads, some rows at a time: none is kept.

    Args:
        params: the whole model's.
        config: the block's fields; without disentangled attention.
        layers: of which the attention is shown.
        heads: of which, in rising order.
        source: the encoder's input, one text.
        begin: called with a layer's number before its attention is computed; what it returns is called with rows, of
            several heads at the same time from several threads.

    Raises:
        InputError: weights that are not finite.
        ValueError: disentangled attention.
    """
    if config.disentangled.parts:
        raise ValueError("rows of disentangled attention are not computed some at a time")
    last = max(layers)

    def checked(layer: int, see: Callable[[HeadRows], None], rows: HeadRows) -> None:
        if not np.isfinite(rows.totals).all():
            raise not_finite(Address("encoder", layer, "weights"))
        see(rows)

    def asked(layer: int) -> Asked:
        names = frozenset({"z"} if layer < last else ())
        return Asked(names, heads, partial(checked, layer, begin(layer)) if layer in layers else None)

    with np.errstate(over="ignore", invalid="ignore"):
        for address, _ in encode(params, config, source, asked=asked):
            if address == Address("encoder", last, "z"):
                return
