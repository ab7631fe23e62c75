"""What a head looks at most, as a sentence."""

from attnviz.analysis.telling import strongest_telling
from attnviz.output.decimals import whole_percent
from attnviz.output.labels import cut, isolated
from attnviz.output.terminal.lines import plain_labels
from attnviz.output.terminal.screen import Screen
from attnviz.trace.attention import Matrix
from attnviz.trace.tokens import Tokens, token_numbers

_MOST_NAME = 14  # columns for a token's name


def in_words(matrix: Matrix, screen: Screen) -> str:
    """``"it" looks most at "tired" (72%)``: the link that says most of those that are the strongest of their row."""
    link = strongest_telling(matrix)
    if link is None:
        return "No word looks at another more than at special tokens or at itself."
    query, key, weight = link
    names = quoted(matrix.queries, query, screen), quoted(matrix.keys, key, screen)
    return f"{names[0]} looks most at {names[1]} ({whole_percent(weight)}%)"


def quoted(tokens: Tokens, index: int, screen: Screen) -> str:
    """A token's name in quotes; of several with one name also its number."""
    names = plain_labels(tokens, screen)
    name = isolated(cut(names[index], _MOST_NAME, ascii=screen.ascii))
    return f'"{name}"' + f" ({token_numbers(tokens)[index]})" * (names.count(names[index]) > 1)
