"""The query token that a number or a text names."""

import re

from attnviz.analysis.matrices.selection import select
from attnviz.analysis.matrices.words import merged, word_starts
from attnviz.errors import UsageError, some
from attnviz.trace.tokens import Tokens


def find_query(query: str | None, tokens: Tokens) -> int:
    """The query's index: a number, or a token's text (the first that fits); by default the last word.

    What is both is a number, as any token has one.

    Raises:
        UsageError: there is no such token; of a word of several, the message says which they are.
    """
    if query is None:
        words = [i for i, t in enumerate(tokens) if not t.special and any(c.isalnum() for c in t.text)]
        return words[-1] if words else len(tokens) - 1
    number = int(query) if re.fullmatch(r"-?\d{1,9}", query) else None
    if number is not None and -len(tokens) <= number < len(tokens):
        return number % len(tokens)
    for i, token in enumerate(tokens):
        if query and query in (token.text, token.piece, token.label):
            return i
    if number is not None:
        return select(number, len(tokens), "query")[0]
    starts = word_starts(tokens)
    for word, start, end in zip(merged(tokens), starts, [*starts[1:], len(tokens)], strict=True):
        if query in (word.text, word.label):
            pieces = [f"{i} {tokens[i].label}" for i in range(start, end)]
            raise UsageError(
                f"query: {query!r} is {len(pieces)} tokens ({some(pieces)}); expected one of them, such as {start}"
            )
    raise UsageError(f"query: no token is {query!r}; expected a token's text, or a number from 0 to {len(tokens) - 1}")
