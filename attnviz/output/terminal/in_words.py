"""What a head looks at most, as a sentence."""

from attnviz.analysis.choices.segments import are_segments
from attnviz.analysis.telling import strongest_telling
from attnviz.output.decimals import whole_percent
from attnviz.output.labels import cut, isolated
from attnviz.output.terminal.lines import plain_labels
from attnviz.output.terminal.screen import Screen
from attnviz.trace.attention import Matrix
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Tokens, token_numbers

_MOST_NAME = 14  # columns for a token's name


def in_words(matrix: Matrix, screen: Screen) -> str:
    """``"it" looks most at "tired" (72%)``: the link that says most of those that are the strongest of their row."""
    if are_segments(matrix.queries):
        return _segments_in_words(matrix)
    link = strongest_telling(matrix)
    if link is None and matrix.keys_chosen:
        return "No row gives anything to these columns."
    if link is None:
        return "No word looks at another more than at special tokens or at itself."
    query, key, weight = link
    names = quoted(matrix.queries, query, screen), quoted(matrix.keys, key, screen)
    after = next_words(matrix.queries, query, matrix.model, screen) if matrix.kind == "cross" else ""
    return f"{names[0]} looks most at {names[1]} ({whole_percent(weight)}%){after}"


def next_words(queries: Tokens, query: int, model: ModelInfo, screen: Screen) -> str:
    """``; next comes "sees"``: the word of a target that its decoder writes when it has read a query.

    Nothing where the decoder is not trained to, where the target ends, or where the next word is left out.
    """
    numbers, n_pieces = token_numbers(queries), max(1, len(queries[query].pieces))
    if not model.writes_target or query + 1 == len(queries) or numbers[query + 1] != numbers[query] + n_pieces:
        return ""
    return f"; next comes {quoted(queries, query + 1, screen)}"


def _segments_in_words(matrix: Matrix) -> str:
    """``text gives 9% to pair, pair gives 1% to text``; of a text alone what it gives to special tokens."""
    links = [
        (query.label, key.label, float(matrix.numbers[i, j]))
        for i, query in enumerate(matrix.queries)
        for j, key in enumerate(matrix.keys)
        if query.label != key.label and not query.special
    ]
    ordinary = [link for link in links if not any(key.special and key.label == link[1] for key in matrix.keys)]
    said = [f"{query} gives {weight:.0%} to {key}" for query, key, weight in ordinary or links]
    return ", ".join(said) or "There is one segment."


def quoted(tokens: Tokens, index: int, screen: Screen) -> str:
    """A token's name in quotes; of several with one name also its number."""
    names = plain_labels(tokens, screen)
    name = isolated(cut(names[index], _MOST_NAME, ascii=screen.ascii))
    return f'"{name}"' + f" ({token_numbers(tokens)[index]})" * (names.count(names[index]) > 1)
