"""The labels of tokens in a picture: in characters that can be drawn, cut in the middle, told apart."""

from collections.abc import Iterable

from attnviz.output.labels import cut_middle_apart
from attnviz.output.pictures.fonts import Instead, drawable
from attnviz.output.pictures.scene import Measure
from attnviz.output.words import escaped
from attnviz.trace.tokens import Tokens, token_numbers


def fitted_labels(
    tokens: Tokens, shown: Iterable[int], room: float, size: float, instead: Instead, measure: Measure
) -> list[str]:
    """The labels of some tokens, each at most so wide; those that look the same end in ``#position``.

    Args:
        tokens: all tokens of the side.
        shown: the indices of those that have a label.
        room: the most points of one label.
        size: of the type, in points.
        instead: what is drawn for characters that no font has.
        measure: the width of a text.
    """
    numbers, indices = token_numbers(tokens), list(shown)
    texts = [drawable(escaped(tokens[i].label), instead, numbers[i]) for i in indices]
    return cut_middle_apart(texts, [numbers[i] for i in indices], room, lambda text: measure(text, size, False))
