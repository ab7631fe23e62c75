"""Tokens that are wholes wherever they are in a text, such as ``<mask>``."""

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def wholes_pattern(library: "Tokenizer", leave: Collection[str] = ()) -> re.Pattern[str] | None:
    """Finds the added tokens of a tokenizer, the longest first, a group each; None where it has none.

    Args:
        library: the tokenizer.
        leave: tokens that are not looked for.
    """
    added = library.get_added_tokens_decoder().values()
    wholes = sorted((token for token in added if token.content not in leave), key=lambda token: -len(token.content))
    spaces = {False: "", True: r"\s*"}
    parts = [f"{spaces[t.lstrip]}({re.escape(t.content)}){spaces[t.rstrip]}" for t in wholes if t.content]
    return re.compile("|".join(parts)) if parts else None


def parts_between(text: str, wholes: re.Pattern[str] | None) -> Iterator[tuple[int, int, str | None]]:
    """The parts of a text between such tokens, and those tokens: the first character, the one after it, the token."""
    at = 0
    for found in wholes.finditer(text) if wholes else ():
        if found.start() > at:
            yield at, found.start(), None
        yield found.start(), found.end(), found[found.lastindex or 0]
        at = found.end()
    if at < len(text):
        yield at, len(text), None
