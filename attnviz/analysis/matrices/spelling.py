"""How the tokens of matrices are labelled, and which of them a word or a number names."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from itertools import pairwise

from attnviz.analysis.matrices.words import merged, word_starts
from attnviz.errors import TokenChoiceError, UsageError, brief, some
from attnviz.text.tokenizer import raw_labels
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import Token, Tokens, token_numbers

_GROUPS = ("special", "pair", "text")
_NUMBER = re.compile(r"-?\d{1,9}")
_RANGE = re.compile(r"(-?\d{1,9})-(-?\d{1,9})")
_OCCURRENCE = re.compile(r"(.+):([1-9]\d{0,8})", re.DOTALL)


def labelled(attention: Attention, *, raw: bool) -> Attention:
    """The attention, with ``raw`` labelled in the tokenizer's own spelling."""
    if not raw:
        return attention
    return replace(
        attention, queries=raw_spelled(attention.queries, raw=raw), keys=raw_spelled(attention.keys, raw=raw)
    )


def raw_spelled(tokens: Tokens, *, raw: bool) -> Tokens:
    """The tokens, with ``raw`` labelled in the tokenizer's own spelling."""
    return raw_labels(tokens) if raw else tokens


def find_word(word: str, tokens: Tokens, option: str) -> int:
    """The index of the token that a word or a number names.

    A number is a position in the model's input; a negative one counts from its end. A word is one of the text, whole
    or a piece of one, as it is written or else ignoring case; ``word:2`` is its second occurrence. A word of several
    tokens is its first. What is both a number and a word is a number; ``7:1`` is the word.

    Args:
        word: what the user typed.
        tokens: the tokens, or the words that they were merged into; some may be left out.
        option: the option's name, for the message.

    Returns:
        An index into ``tokens``.

    Raises:
        UsageError: there is no such token.
    """
    index = _numbered(word, tokens) if _NUMBER.fullmatch(word) else None
    if index is not None:
        return index
    if places := _places(word, tokens):
        return places[0]
    match = _OCCURRENCE.fullmatch(word)
    if match is None or not (places := _places(match[1], tokens)):
        raise UsageError(_not_there(word, tokens, option))
    name, wanted = match[1], int(match[2])
    places = _places(name, tokens, wanted) or places
    if wanted > len(places):
        numbers = some([str(token_numbers(tokens)[i]) for i in places], 20)
        several = len(places) > 1
        raise UsageError(
            f"{option}: {brief(name)!r} occurs {len(places)} time{'s' * several}, not {wanted}; "
            f"expected {name}:1{f' to {name}:{len(places)}' * several}, or a number ({numbers})"
        )
    return places[wanted - 1]


def token_places(selection: str, tokens: Tokens, option: str) -> tuple[int, ...]:
    """The indices of all tokens that a selection names, in the order of the text.

    A selection has parts between commas: numbers and ranges (positions in the model's input, as in ``find_word``),
    words (every occurrence, and all pieces of each, unless it says ``word:2``), and ``special``, ``pair`` and ``text``,
    the tokens that a tokenizer added, those of the second segment, and those of the first one.

    Args:
        selection: what the user typed.
        tokens: the tokens, or the words that they were merged into.
        option: the option's name, for the message.

    Raises:
        TokenChoiceError: a part that names none of these tokens.
    """
    if selection.strip() and _places(selection.strip(), tokens):
        return _all_pieces(_places(selection.strip(), tokens), selection.strip(), tokens)
    places: set[int] = set()
    for part in selection.split(","):
        places |= set(_places_of_part(part.strip(), tokens, option))
    return tuple(sorted(places))


def _places_of_part(part: str, tokens: Tokens, option: str) -> tuple[int, ...]:
    """The indices of the tokens that one part of a selection names."""
    if part in _GROUPS:
        places = tuple(i for i, token in enumerate(tokens) if _group(token) == part)
        if not places:
            expected = "a second segment (--pair TEXT)" if part == "pair" else "a word, a number or a range"
            raise TokenChoiceError(f"{option}: no token is of {brief(part)!r}; expected {expected}")
        return places
    if match := _RANGE.fullmatch(part):
        return _in_range(match, tokens, option)
    if not _NUMBER.fullmatch(part) and (found := _places(part, tokens)):
        return _all_pieces(found, part, tokens)
    try:
        place = find_word(part, tokens, option)
    except UsageError as error:
        hint = f"{', '.join(_GROUPS)} name groups of tokens, 1-3 is a range, and commas separate several"
        raise TokenChoiceError(str(error), hint) from error
    return (place,) if _NUMBER.fullmatch(part) else _all_pieces([place], part.rpartition(":")[0], tokens)


def _group(token: Token) -> str:
    """Which of ``_GROUPS`` a token is of; padding is of none."""
    if token.padding:
        return ""
    return "special" if token.special else _GROUPS[1] if token.segment else _GROUPS[2]


def _in_range(match: re.Match[str], tokens: Tokens, option: str) -> tuple[int, ...]:
    """The indices of the tokens from one position to another."""
    ends = [_numbered(number, tokens) for number in match.groups()]
    first, last = ends
    if first is None or last is None or first > last:
        numbers = token_numbers(tokens)
        raise TokenChoiceError(
            f"{option}: {match[0]} is not a range of tokens; expected numbers from {numbers[0]} to {numbers[-1]}, the "
            "smaller one first"
        )
    return tuple(range(first, last + 1))


def _all_pieces(places: list[int], word: str, tokens: Tokens) -> tuple[int, ...]:
    """The places of a word's pieces too, where it is the whole word that is named and not its first piece."""
    starts = [*word_starts(tokens), len(tokens)]
    found: list[int] = []
    for place in places:
        end = next(end for start, end in pairwise(starts) if start <= place < end)
        is_piece = _folded(word) in map(_folded, _names(tokens[place]))
        found += [place] if is_piece else range(place, end)
    return tuple(found)


def last_word(tokens: Tokens) -> int:
    """The index of the last token with a letter or a digit; where none has one, of the last that is not special."""
    plain = [i for i, token in enumerate(tokens) if not token.special]
    words = [i for i in plain if any(c.isalnum() for c in tokens[i].text)]
    return (words or plain or [len(tokens) - 1])[-1]


def _numbered(word: str, tokens: Tokens) -> int | None:
    """The index of the token at a position in the model's input; of a merged word, at that of any of its pieces."""
    numbers = token_numbers(tokens)
    ends = [number + max(1, len(token.pieces)) for number, token in zip(numbers, tokens, strict=True)]
    number = int(word) + (max(ends) if word.startswith("-") else 0)
    return next((i for i, (start, end) in enumerate(zip(numbers, ends, strict=True)) if start <= number < end), None)


def _places(word: str, tokens: Tokens, least: int = 1) -> list[int]:
    """The indices of the tokens that a word names: of whole words, else of pieces; as written, else ignoring case.

    Args:
        word: what the user typed, without an occurrence.
        tokens: the tokens.
        least: how many there must be to go no further.
    """
    wholes, pieces = list(_whole_words(tokens)), list(enumerate(tokens))
    for alike in (str, _folded):
        for level in (wholes, pieces):
            places = [i for i, token in level if alike(word) in map(alike, _names(token))]
            if word and len(places) >= least:
                return places
    return []


def _whole_words(tokens: Tokens) -> Iterator[tuple[int, Token]]:
    """Each word of one or several tokens, with the index of its first."""
    starts = [*word_starts(tokens), len(tokens)]
    for (start, end), word in zip(pairwise(starts), merged(tokens), strict=True):
        yield start, word if end > start + 1 else tokens[start]


def _names(token: Token) -> set[str]:
    """What the token may be called: its characters, its label, its spelling in the vocabulary."""
    alone = token.pieces if len(token.pieces) == 1 else ()
    return {token.text, token.text.strip(), token.label, token.piece, *alone} - {""}


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _not_there(word: str, tokens: Tokens, option: str) -> str:
    """The message about a word or a number that no token has."""
    numbers = token_numbers(tokens)
    names = {_folded(name): token.label for _, token in _whole_words(tokens) for name in _names(token)}
    near = get_close_matches(_folded(word), names, n=1, cutoff=0.5)
    hint = f" (did you mean {brief(names[near[0]])!r}?)" if near else ""
    several = numbers[0] != numbers[-1]
    allowed = f"a number from {numbers[0]} to {numbers[-1]}" if several else f"the number {numbers[0]}"
    words = "a word of the text (word:2 is its second occurrence)"
    return f"{option}: no word is {brief(word)!r}{hint}; expected {words}, or {allowed}"
