"""The ids that a model wrote, as text and as tokens: the same as those of the whole text, where it is cut alike."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from attnviz.errors import InputError
from attnviz.text.labels import printable
from attnviz.text.tokenizer import BuiltinTokenizer, Tokenizer
from attnviz.trace.tokens import Token, Tokens

if TYPE_CHECKING:
    from attnviz.text.pretrained import PretrainedTokenizer

_MOST_BYTES = 4  # of a character
_PART = "\ufffd"  # how the library spells bytes that are only part of a character


def written_text(tokenizer: Tokenizer, before: Sequence[int], ids: Sequence[int]) -> str:
    """The text of new ids after others; bytes at its end that are only part of a character are left out."""
    decode = getattr(tokenizer, "decode", None)
    if decode is None:
        return "".join(f" {_piece(tokenizer, number)}" for number in ids)
    start, text = decode(before), ""
    for n in range(len(ids), max(len(ids) - _MOST_BYTES, -1), -1):
        whole = decode([*before, *ids[:n]])
        text = whole[len(start) :] if whole.startswith(start) else decode(ids[:n])
        if not text.endswith(_PART):
            break
    return text.rstrip(_PART)


def with_written(
    tokenizer: Tokenizer, text: str, tokens: Tokens, ids: Sequence[int], n_vocab: int
) -> tuple[str, Tokens]:
    """A text and its tokens with what a model wrote after them, whose tokens are marked as generated.

    Args:
        tokenizer: of the text.
        text: what was given; empty where only special tokens were.
        tokens: of the text.
        ids: what the model wrote.
        n_vocab: rows of the table of tokens.
    """
    before = [token.id or 0 for token in tokens]
    written = written_text(tokenizer, before, ids)
    if getattr(tokenizer, "library", None) is None:
        return text + written[not text :], (*tokens, *_plain(tokenizer, text, tokens, ids))
    whole = text + written
    alike = _encoded_alike(tokenizer, whole, [*before, *ids], n_vocab)
    if alike is None:
        return whole, _spelled(tokenizer, text, whole, tokens, ids)  # type: ignore[arg-type]  # it has a library
    return whole, tuple(replace(token, generated=i >= len(tokens)) for i, token in enumerate(alike))


def _encoded_alike(tokenizer: Tokenizer, whole: str, ids: list[int], n_vocab: int) -> Tokens | None:
    """The tokens of the whole text, where they have the same ids; else None."""
    try:
        tokens = tokenizer.encode(whole, n_vocab=n_vocab)
    except InputError:  # a text without tokens
        return None
    return tokens if [token.id for token in tokens] == ids else None


def _plain(tokenizer: Tokenizer, text: str, tokens: Tokens, ids: Sequence[int]) -> list[Token]:
    """Tokens of a tokenizer that cannot decode: each a word, after a space."""
    made: list[Token] = []
    at, last = len(text) or -1, max((token.word for token in tokens if token.word is not None), default=-1)
    for i, number in enumerate(ids):
        piece = _piece(tokenizer, number)
        token = Token(piece, printable(piece), at + 1, at + 1 + len(piece), number, piece, word=last + 1 + i)
        made.append(replace(token, generated=True))
        at += 1 + len(piece)
    return made


def _piece(tokenizer: Tokenizer, number: int) -> str:
    """The piece of an id; a hash says nothing of its word, so that the id itself stands for it."""
    return f"#{number}" if isinstance(tokenizer, BuiltinTokenizer) else tokenizer.special_token(number).piece


def _spelled(tokenizer: "PretrainedTokenizer", text: str, whole: str, tokens: Tokens, ids: Sequence[int]) -> Tokens:
    """The tokens with those of new ids, which the tokenizer would not choose for this text."""
    library, before = tokenizer.library, [token.id or 0 for token in tokens]
    added = library.get_added_tokens_decoder()
    made, start = list(tokens), len(text)
    for i, number in enumerate(ids):
        end = len(text) + len(written_text(tokenizer, before, ids[: i + 1]))
        end = max(start, min(end, len(whole)))
        piece = library.id_to_token(number) or f"[{number}]"
        special = number in added and added[number].special
        label = printable(piece) if number in added else tokenizer.spelling.label(piece)
        place = (0, 0) if special else (start, end)
        made.append(Token(whole[slice(*place)], label, *place, number, piece, special=special, generated=True))
        start = end
    return _with_words(tokenizer, whole, _with_whole_characters(whole, made))


def _with_whole_characters(whole: str, tokens: list[Token]) -> list[Token]:
    """The tokens, where those that are part of a character have the place of all of it."""
    made: list[Token] = []
    after: Token | None = None
    for token in reversed(tokens):
        at = token.start
        is_part = token.generated and not token.special and at == token.end
        if is_part and after is not None and after.start == at < after.end:
            made.append(replace(token, text=whole[at], end=at + 1))
        else:
            made.append(token)
        after = None if token.special else made[-1]
    return made[::-1]


def _with_words(tokenizer: "PretrainedTokenizer", whole: str, tokens: list[Token]) -> Tokens:
    """The tokens with the words that the whole text has at their places.

    Tokens after its end, which have no text, are a word of their own: they are not part of what was given.
    """
    words: list[int | None] = [None] * (len(whole) + 1)
    try:
        encoded = tokenizer.encode(whole, n_vocab=tokenizer.n_vocab) if whole else ()
    except InputError:
        encoded = ()
    for token in encoded:
        words[token.start : token.end] = [token.word] * (token.end - token.start)
    made: list[Token] = []
    last = -1
    for token in tokens:
        if token.special:
            made.append(token)
            continue
        if token.generated and token.start == token.end == len(whole):
            made.append(replace(token, word=last + 1))
            continue
        visible = next((i for i in range(token.start, token.end) if not whole[i].isspace()), token.start)
        word = words[min(visible, len(whole))]
        last = max(last, word) if word is not None else max(last, 0)
        made.append(replace(token, word=last))
    return tuple(made)
