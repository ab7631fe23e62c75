"""Tokenizers of the ``tokenizers`` library, from their JSON files: the vocabulary a checkpoint was trained with."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from attnviz.errors import AttnvizError, InputError, brief, one_line, some
from attnviz.files import read_file, utf8
from attnviz.records import dataclass
from attnviz.text.engine.faults import panics_as_errors
from attnviz.text.engine.opening import open_tokenizer
from attnviz.text.labels import printable
from attnviz.text.reading import check_id, check_text
from attnviz.text.spelling import Spelling, spelling_of
from attnviz.text.vocabularies import token_text
from attnviz.trace.tokens import Token, Tokens

if TYPE_CHECKING:
    from tokenizers import Encoding
    from tokenizers import Tokenizer as LibraryTokenizer


_EXPECTED = "expected a tokenizer JSON file"
_PADDING = ("[PAD]", "<pad>", "<|padding|>", "<|endoftext|>")


@dataclass(frozen=True, eq=False)
class PretrainedTokenizer:
    """A tokenizer of the library, with padding and truncation switched off.

    Attributes:
        name: what to call it in messages.
        json_text: the JSON it was made from.
        library: the library's own object.
        spelling: how its vocabulary spells pieces.
        n_vocab: the largest id plus one: ids may have gaps, so that it is not the number of pieces.
        padding: the piece that fills up the length, if it has one.
        more_notes: notes on the files it was made from, one line each.
        templates: what stands around one text, and around two, in place of the library's own: ``$A`` and ``$B`` for the
            texts, with the row of the segment table after each colon.
        language: the language token that the templates have; empty where there is none.
    """

    name: str
    json_text: str
    library: "LibraryTokenizer"
    spelling: Spelling
    n_vocab: int
    padding: str | None = None
    more_notes: tuple[str, ...] = ()
    templates: tuple[str, str] | None = None
    language: str = ""

    @property
    def unknown(self) -> str | None:
        """The piece that stands for whatever the vocabulary lacks, if it has one."""
        return getattr(self.library.model, "unk_token", None)

    def notes(self, n_vocab: int) -> tuple[str, ...]:
        """Notes on its files, and on tokens without a row in an embedding table of ``n_vocab`` rows, one line each."""
        ids = range(n_vocab, self.n_vocab)
        pieces = [piece for piece in map(self.library.id_to_token, ids) if piece is not None]
        if not pieces:
            return self.more_notes
        have, one = ("tokens have", "one") if len(pieces) > 1 else ("token has", "it")
        named = some([brief(piece) for piece in pieces])
        return (
            *self.more_notes,
            f"{len(pieces)} {have} no row in the embedding table of {n_vocab} rows ({named}); "
            f"a text that uses {one} is an error",
        )

    def padding_token(self, n_vocab: int) -> Token:
        """The token that fills up the length.

        Raises:
            InputError: the vocabulary has none, or its id is not less than ``n_vocab``.
        """
        number = None if self.padding is None else self.library.token_to_id(self.padding)
        if self.padding is None or number is None:
            raise InputError(f"{self.name}: it has no token for padding; expected one such as {_PADDING[0]}")
        check_id(self.name, self.padding, number, n_vocab)
        label = printable(self.padding)
        return Token(text="", label=label, id=number, piece=self.padding, special=True, padding=True)

    def special_token(self, number: int) -> Token:
        """A special token by its id; one without a piece is called by its number."""
        piece = self.library.id_to_token(number) or f"[{number}]"
        return Token(text="", label=printable(piece), id=number, piece=piece, special=True)

    @cached_property
    def _added(self) -> frozenset[int]:
        return frozenset(self.library.get_added_tokens_decoder())

    def encode(self, text: str, pair: str | None = None, *, n_vocab: int) -> Tokens:
        """The tokens of a text and of a second segment, with the special tokens that the tokenizer adds.

        A special token belongs to the segment of the token before it.

        Raises:
            InputError: a text without tokens or with lone surrogates; an id that is not less than ``n_vocab``.
        """
        texts = {"text": text} if pair is None else {"text": text, "pair": pair}
        for where, segment_text in texts.items():
            check_text(segment_text, where)
        try:
            with panics_as_errors():
                encoding = self.library.encode(text, pair, add_special_tokens=self.templates is None)
                tokens = self._tokens(encoding, tuple(texts.values()))
        except Exception as error:  # the library raises nothing more specific
            raise InputError(
                f"{self.name}: cannot encode the text ({brief(error)}); expected a text it knows"
            ) from error
        for segment, where in enumerate(texts):
            if not any(t.segment == segment and not t.special for t in tokens):
                raise InputError(f"{where}: {self.name} finds no token in it; expected at least one token")
        if self.templates is not None:
            segments = [[token for token in tokens if token.segment == segment] for segment in range(len(texts))]
            tokens = self._surrounded(self.templates, segments)
        largest = max(tokens, key=lambda token: token.id or 0)
        check_id(self.name, largest.piece, largest.id or 0, n_vocab)
        return tokens

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, without special tokens.

        Raises:
            InputError: the library fails.
        """
        try:
            with panics_as_errors():
                return self.library.decode(list(ids))
        except Exception as error:
            raise InputError(
                f"{self.name}: cannot decode tokens ({one_line(error)[:80]}); expected ids that it knows"
            ) from error

    def _surrounded(self, templates: tuple[str, str], segments: list[list[Token]]) -> Tokens:
        """The tokens of one or two texts, with those of a template around them."""
        tokens: list[Token] = []
        segment = 0
        for part in templates[len(segments) - 1].split():
            name, _, row = part.partition(":")
            type_id = int(row or 0)
            if name in ("$A", "$B"):
                segment = int(name == "$B")
                tokens += [replace(token, type_id=type_id) for token in segments[segment]]
            else:
                tokens.append(self._added_token(name, segment, type_id))
        return tuple(tokens)

    def _added_token(self, name: str, segment: int, type_id: int) -> Token:
        number = self.library.token_to_id(name)
        return Token(
            text="", label=printable(name), id=number, piece=name, special=True, segment=segment, type_id=type_id
        )

    def as_json(self) -> str:
        """The JSON that native files keep: with what the templates put around texts."""
        if self.templates is None:
            return self.json_text
        described = orjson.loads(self.json_text)
        described["post_processor"] = self._post_processor(*self.templates)
        return orjson.dumps(described).decode()

    def _post_processor(self, single: str, pair: str) -> dict[str, Any]:
        """The library's step that puts a template's tokens around texts."""

        def step(part: str) -> dict[str, Any]:
            name, _, row = part.partition(":")
            if name.startswith("$"):
                return {"Sequence": {"id": name[1:], "type_id": int(row or 0)}}
            return {"SpecialToken": {"id": name, "type_id": int(row or 0)}}

        names = {part.partition(":")[0] for part in f"{single} {pair}".split() if not part.startswith("$")}
        special = {name: {"id": name, "ids": [self.library.token_to_id(name)], "tokens": [name]} for name in names}
        single_steps, pair_steps = ([step(part) for part in text.split()] for text in (single, pair))
        return {"type": "TemplateProcessing", "single": single_steps, "pair": pair_steps, "special_tokens": special}

    def _tokens(self, encoding: "Encoding", texts: tuple[str, ...]) -> Tokens:
        words = _words(encoding, self.spelling)
        # Each attribute of the library is a new list of all tokens, so each is read once.
        is_special, sequences, offsets = encoding.special_tokens_mask, encoding.sequence_ids, encoding.offsets
        tokens, segment, type_ids = [], 0, encoding.type_ids
        for i, (spelled, number) in enumerate(zip(encoding.tokens, encoding.ids, strict=True)):
            # The library spells an added token as in the text, with the space before it; its number gives the piece.
            piece = (self.library.id_to_token(number) if number in self._added else None) or spelled
            special = bool(is_special[i])
            if not special:
                segment = sequences[i] or 0
            start, end = (0, 0) if special else offsets[i]
            token = Token(
                text=texts[segment][start:end],
                label=printable(piece) if special or number in self._added else self.spelling.label(piece),
                start=start,
                end=end,
                id=number,
                piece=piece,
                special=special,
                word=words[i],
                segment=segment,
                type_id=type_ids[i],
            )
            tokens.append(token)
        return tuple(tokens)


def pretrained_tokenizer(
    source: "Path | str | LibraryTokenizer", *, name: str = "tokenizer", settings: Mapping[str, Any] | None = None
) -> PretrainedTokenizer:
    """The tokenizer of a JSON file, of JSON text, or of the library itself.

    Args:
        source: a path, the text, or the library's object.
        name: what messages call a text; a file is called by its name.
        settings: of a ``tokenizer_config.json`` that go beyond the tokenizer's own.

    Raises:
        InputError: the file is missing, a folder, not UTF-8, or not a tokenizer.
    """
    name = one_line(source.name or source) if isinstance(source, Path) else one_line(name)
    where = one_line(source) if isinstance(source, Path) else name
    if isinstance(source, Path):
        source = utf8(read_file(source, _EXPECTED), where, _EXPECTED)
    try:
        made = open_tokenizer(source, settings or {})
        spelling = spelling_of(made.described)
    except AttnvizError:
        raise
    except Exception as error:  # the library raises nothing more specific
        raise InputError(
            f"{where}: it is not a tokenizer ({brief(_reason(error))}); expected JSON of the tokenizers library"
        ) from error
    named = token_text((settings or {}).get("pad_token"))
    pieces = (named, made.padding, *_PADDING)
    padding = next((p for p in pieces if p is not None and made.library.token_to_id(p) is not None), None)
    return PretrainedTokenizer(name, made.json_text, made.library, spelling, made.n_vocab, padding)


def _reason(error: Exception) -> str:
    return f"it has no {error}" if isinstance(error, KeyError) else str(error)


def _words(encoding: "Encoding", spelling: Spelling) -> list[int | None]:
    """Each token's word within its segment; None for special tokens.

    A vocabulary that spells spaces starts a word at each of them, also where the library, which did not split the
    text beforehand, takes the whole text for one word.
    """
    words: list[int | None] = []
    segment, library_word, word = None, None, -1
    parts = (encoding.tokens, encoding.special_tokens_mask, encoding.sequence_ids, encoding.word_ids)
    for piece, is_special, sequence, number in zip(*parts, strict=True):
        if is_special:
            words.append(None)
            continue
        if sequence != segment:
            segment, library_word, word = sequence, None, -1
        starts_word = spelling.space and piece.startswith(spelling.space)
        if number != library_word or starts_word or word < 0:
            word += 1
        library_word = number
        words.append(word)
    return words
