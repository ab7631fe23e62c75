"""The labels of tokens in a picture: in characters that can be drawn, cut in the middle, told apart."""

from collections.abc import Iterable, Sequence

from attnviz.output.labels import cut_middle
from attnviz.output.pictures.fonts import Instead, drawable
from attnviz.output.pictures.scene import Measure
from attnviz.output.words import escaped
from attnviz.trace.tokens import Tokens, token_numbers

MOST_EMS = 12.0
"""The widest label, in sizes of its type."""


def fitted_labels(
    tokens: Tokens, shown: Iterable[int], room: float, size: float, instead: Instead, measure: Measure
) -> list[str]:
    """The labels of some tokens, each at most so wide; two that would look the same end in ``#position``.

    Args:
        tokens: all tokens of the side.
        shown: the indices of those that have a label.
        room: the most points of one label.
        size: of the type, in points.
        instead: what is drawn for characters that no font has.
        measure: the width of a text.
    """
    numbers, indices = token_numbers(tokens), list(shown)
    whole = [escaped(tokens[i].label) for i in indices]
    texts = [drawable(text, instead, numbers[i]) for text, i in zip(whole, indices, strict=True)]
    return told_apart(whole, texts, [numbers[i] for i in indices], room, size, measure)


def told_apart(
    whole: Sequence[str], texts: Sequence[str], numbers: Sequence[int], room: float, size: float, measure: Measure
) -> list[str]:
    """Texts cut to a width; those of different labels that look the same then end in their numbers.

    Args:
        whole: the labels themselves.
        texts: as they are drawn, before they are cut.
        numbers: of their tokens.
        room: the most points of one text.
        size: of the type, in points.
        measure: the width of a text.
    """

    def cut(text: str, width: float) -> str:
        return cut_middle(text, width, lambda part: measure(part, size, False))

    short = [cut(text, room) for text in texts]
    meant: dict[str, set[str]] = {}
    for drawn, label in zip(short, whole, strict=True):
        meant.setdefault(drawn, set()).add(label)
    return [
        cut(text, room - measure(f"#{number}", size, False)) + f"#{number}" if len(meant[drawn]) > 1 else drawn
        for drawn, text, number in zip(short, texts, numbers, strict=True)
    ]
