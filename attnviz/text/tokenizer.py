"""Text to tokens with every field filled: the part of tokenizers that the rest of the program knows."""

import difflib
import os
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from attnviz.errors import UsageError, brief
from attnviz.records import dataclass
from attnviz.text.labels import printable
from attnviz.text.reading import check_text
from attnviz.text.words import BUILTIN, split, token_id
from attnviz.trace.tokens import Token, Tokens

__all__ = [
    "BUILTIN",
    "REGEX",
    "BuiltinTokenizer",
    "Tokenizer",
    "builtin_tokenizer",
    "load_tokenizer",
    "pad",
    "raw_labels",
]


REGEX = "regex:"  # before a regular expression


class Tokenizer(Protocol):
    """Text to tokens."""

    @property
    def name(self) -> str:
        """The tokenizer's name in messages."""

    @property
    def n_vocab(self) -> int | None:
        """The least ``n_vocab`` that holds all its ids; None where any does."""

    def encode(self, text: str, pair: str | None = None, *, n_vocab: int) -> Tokens:
        """The tokens of a text, and of a second segment.

        Raises:
            InputError: a text without tokens or with lone surrogates; an id that is not less than ``n_vocab``.
        """

    def padding_token(self, n_vocab: int) -> Token:
        """The token that fills up the length.

        Raises:
            InputError: the vocabulary has none.
        """

    def special_token(self, number: int) -> Token:
        """A special token by its id."""


@dataclass(frozen=True)
class BuiltinTokenizer:
    """A tokenizer without a vocabulary: ids are hashes of the tokens' texts, and each token is a word."""

    name: str
    n_vocab: None = None

    def encode(self, text: str, pair: str | None = None, *, n_vocab: int) -> Tokens:
        """The tokens of a text; with ``pair`` then one special ``[SEP]`` and the tokens of the second segment."""
        check_text(text)
        tokens = self._segment(text, 0, n_vocab)
        if pair is None:
            return tokens
        check_text(pair, "pair")
        return (*tokens, _special("[SEP]", n_vocab, segment=0), *self._segment(pair, 1, n_vocab))

    def padding_token(self, n_vocab: int) -> Token:
        """``[PAD]``, whose id is a hash like any other's."""
        return replace(_special("[PAD]", n_vocab, segment=0), padding=True)

    def special_token(self, number: int) -> Token:
        """``[START]``: a hash says nothing of the token that it is of."""
        return Token(text="", label="[START]", id=number, piece="[START]", special=True)

    def _segment(self, text: str, segment: int, n_vocab: int) -> Tokens:
        tokens = []
        for word, (start, end) in enumerate(split(text, self.name)):
            piece = text[start:end]
            token = Token(
                text=piece,
                label=printable(piece),
                start=start,
                end=end,
                id=token_id(piece, n_vocab),
                piece=piece,
                word=word,
                segment=segment,
                type_id=segment,
            )
            tokens.append(token)
        return tuple(tokens)


def builtin_tokenizer(name: str) -> BuiltinTokenizer:
    """The tokenizer of that name.

    Raises:
        UsageError: the name is none of ``BUILTIN``.
    """
    if name not in BUILTIN:
        near = difflib.get_close_matches(name, BUILTIN, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise UsageError(
            f"tokenizer: '{brief(name)}' is not known{hint}; expected {', '.join(BUILTIN)} or a tokenizer JSON file"
        )
    return BuiltinTokenizer(name)


def load_tokenizer(spec: str) -> Tokenizer:
    """A built-in tokenizer by name, or the one of a JSON file by path.

    Raises:
        UsageError: neither a name, nor a file, nor spelled like a path (with a separator or ending in ``.json``).
        InputError: a file that is missing or no tokenizer.
    """
    if spec.startswith(REGEX):
        raise UsageError(f"tokenizer: {REGEX} needs the vocab.txt of a model folder; expected --model too")
    if spec in BUILTIN:
        return builtin_tokenizer(spec)
    separators = (os.sep, os.altsep or os.sep)
    if any(s in spec for s in separators) or spec.lower().endswith(".json") or os.path.lexists(spec):
        from attnviz.text.pretrained import pretrained_tokenizer  # noqa: PLC0415 (start-up time)

        return pretrained_tokenizer(Path(spec))
    return builtin_tokenizer(spec)


def raw_labels(tokens: Tokens) -> Tokens:
    """The tokens, labelled with the vocabulary's own spelling (``##ing``, ``Ġthe``, ``▁the``)."""
    return tuple(replace(token, label=printable(token.piece)) for token in tokens)


def pad(tokens: Tokens, length: int, padding: Token) -> Tokens:
    """The tokens and as many of ``padding`` as make them ``length``; none where they are as many already."""
    return tokens + (replace(padding, segment=tokens[-1].segment),) * (length - len(tokens))


def _special(name: str, n_vocab: int, segment: int) -> Token:
    return Token(text="", label=name, id=token_id(name, n_vocab), piece=name, special=True, segment=segment)
