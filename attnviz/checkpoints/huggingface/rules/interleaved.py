"""Rotary positions that turn neighbouring numbers of a head, as the block's, which turn numbers half a width apart.

The block's pairs are (0, r/2), (1, r/2 + 1), ...; GPT-J's (Wang and Komatsuzaki 2021) are (0, 1), (2, 3), ... A
change of places of the outputs that make q and k brings one to the other, and leaves every score as it is.
"""

from collections.abc import Callable, Mapping

from attnviz.encoder.config.block import Block


def deinterleaved(width: int, turned: int) -> tuple[int, ...]:
    """The stored outputs of a head in the block's order: the first of each pair, the second of each pair, the rest.

    Args:
        width: of a head.
        turned: how many of its numbers are turned; the first ones.
    """
    return (*range(0, turned, 2), *range(1, turned, 2), *range(turned, width))


def turned_pairs(*modules: str) -> Mapping[str, Callable[[Block], tuple[int, ...]]]:
    """The orders of modules whose outputs are turned in neighbouring pairs (``Family.orders``)."""
    return dict.fromkeys(modules, _head_order)


def _head_order(config: Block) -> tuple[int, ...]:
    return deinterleaved(config.d_head, config.position.rotary_dims)
