"""The tokenizer of a SentencePiece model: its own library encodes, so that ids are that library's."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from attnviz.errors import InputError, one_line
from attnviz.records import dataclass
from attnviz.text.engine.faults import library_errors
from attnviz.text.engine.ids import n_extra_ids
from attnviz.text.pieces.conversion import SPACE, converted
from attnviz.text.pieces.layout import PieceLayout
from attnviz.text.pieces.model_file import BYTE, CONTROL, USER_DEFINED, SentencePieceModel, read_sentencepiece
from attnviz.text.pieces.textwise import TextwiseTokenizer
from attnviz.text.pieces.wholes import parts_between, wholes_pattern
from attnviz.text.pieces.wire import bytes_of, fields
from attnviz.text.pretrained import PretrainedTokenizer, pretrained_tokenizer
from attnviz.text.vocabularies import add_specials, piece_numbers, token_text
from attnviz.trace.tokens import Token

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor
    from tokenizers import Tokenizer as LibraryTokenizer

EXTRA = "pip install 'attnviz[sentencepiece]'"
_UNLIKELY = -100.0  # the score of a token that is not a piece of texts
_QUOTES = re.compile("``|''")


class _Span(NamedTuple):
    """A piece of a text: its id in the model, and its first and last character."""

    piece: int
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class SentencePieceTokenizer(TextwiseTokenizer):
    """A tokenizer whose ids are those of SentencePiece's own library.

    The object of the ``tokenizers`` library is what native files keep; on rare texts, whose characters its table joins
    otherwise, it gives other ids.

    Attributes:
        processor: of SentencePiece's library.
        ids: the family's id of each of the model's.
        bytes_of_text: the model's ids that stand for a byte.
        symbols: the pieces that are wholes in the model itself.
        layout: of the family.
    """

    processor: "SentencePieceProcessor | None" = None
    ids: tuple[int, ...] = ()
    bytes_of_text: frozenset[int] = frozenset()
    symbols: frozenset[str] = frozenset()
    layout: PieceLayout = field(default_factory=PieceLayout)

    @property
    def usual_templates(self) -> tuple[str, str]:
        """What the family puts around texts."""
        return self.layout.single, self.layout.pair

    def split(self, text: str, segment: int) -> list[Token]:
        """The tokens of a text alone."""
        tokens: list[Token] = []
        for start, end, added in self._parts(text):
            last = tokens[-1].word if tokens else None
            word = -1 if last is None else last
            if added is not None:
                token = self._added_token(added, segment, 0)
                if token.id is None:  # a language that the vocabulary lacks
                    token = replace(token, id=self.ids[self.processor.unk_id()] if self.processor else 0)
                tokens.append(replace(token, text=text[start:end], start=start, end=end, special=False, word=word + 1))
                continue
            for number, span in enumerate(self._spans(text[start:end])):
                token = self._token(text, span.piece, start + span.start, start + span.end)
                word += number == 0 or token.piece.startswith(SPACE)
                tokens.append(replace(token, word=word, segment=segment))
        return tokens

    def _token(self, text: str, piece: int, start: int, end: int) -> Token:
        number = self.ids[piece]
        spelled, covered = self.library.id_to_token(number) or "", text[start:end]
        begin = end - len(covered.lstrip()) if covered.strip() else start  # without the space before it
        return Token(
            text=text[begin:end], label=self.spelling.label(spelled), start=begin, end=end, id=number, piece=spelled
        )

    @cached_property
    def _wholes(self) -> re.Pattern[str] | None:
        return wholes_pattern(self.library, self.symbols)

    def _parts(self, text: str) -> Iterator[tuple[int, int, str | None]]:
        """The parts of a text between tokens that are wholes, and those; also what the family's code matches."""
        code = re.compile(self.layout.code, re.DOTALL) if self.layout.code else None
        for start, end, added in parts_between(text, self._wholes):
            found = code.match(text, start, end) if code is not None and added is None else None
            if found is None:
                yield start, end, added
                continue
            yield start, found.end(), found[0]
            if found.end() < end:
                yield found.end(), end, None

    def _spans(self, text: str) -> list[_Span]:
        """The pieces of a text by the model's ids, each with its place in it."""
        folded, places = (text, list(range(len(text)))) if self.layout.lower is None else self._folded(text)
        assigned = self.processor.encode(folded, out_type="serialized_proto") if self.processor else b""
        starts = _character_of_byte(folded)
        ends = [*places, len(text)]
        spans: list[_Span] = []
        for message in fields(assigned):
            if message.number == 2:
                piece = {f.number: f.value for f in fields(bytes_of(message.value))}
                start, end = starts[_whole(piece.get(4, 0))], starts[_whole(piece.get(5, 0))]
                spans.append(
                    _Span(_whole(piece.get(2, 0)), ends[start], ends[end - 1] + 1 if end > start else ends[start])
                )
        for i in range(len(spans) - 2, -1, -1):  # the library gives only a character's last byte its place
            if spans[i].piece in self.bytes_of_text and spans[i].start == spans[i].end:
                spans[i] = spans[i]._replace(start=spans[i + 1].start, end=spans[i + 1].end)
        return spans

    def _folded(self, text: str) -> tuple[str, list[int]]:
        """A text as ALBERT's tokenizer changes it first, and the place of each of its characters in the text."""
        characters: list[str] = []
        places: list[int] = []
        at = 0
        while at < len(text):
            quotes = _QUOTES.match(text, at) if self.layout.quotes else None
            new = '"' if quotes else text[at]
            if not self.layout.keep_accents:
                new = "".join(c for c in unicodedata.normalize("NFKD", new) if not unicodedata.combining(c))
            new = new.lower() if self.layout.lower else new
            characters.append(new)
            places += [at] * len(new)
            at += 2 if quotes else 1
        return "".join(characters), places


def _whole(value: int | bytes) -> int:
    return value if isinstance(value, int) else 0


def _character_of_byte(text: str) -> list[int]:
    """For each byte of a text in UTF-8, and for its end, the character that it belongs to."""
    return [i for i, character in enumerate(text) for _ in character.encode()] + [len(text)]


def sentencepiece_tokenizer(
    path: Path, layout: PieceLayout, *, name: str, settings: Mapping[str, Any]
) -> SentencePieceTokenizer:
    """The tokenizer of a SentencePiece model, with a family's ids and special tokens.

    Args:
        path: the model.
        layout: of the family.
        name: what messages call it.
        settings: of the folder's ``tokenizer_config.json``.

    Raises:
        InputError: the file is damaged; the extra that reads it is not installed.
    """
    processor_class = _library(path)
    layout = _with_settings(layout, settings)
    model = read_sentencepiece(path)
    if layout.split_digits:
        model = model.with_lowered_scores([i for i, piece in enumerate(model.pieces) if _ends_in_comma(piece.text)])
    processor = processor_class()
    with library_errors(f"{one_line(path)}: it is damaged", "expected a SentencePiece model"):
        processor.load_from_serialized_proto(model.data)
    made, ids = _converted(model, layout, path)
    bare = pretrained_tokenizer(made, name=name, settings=settings)
    return SentencePieceTokenizer(
        **{name: getattr(bare, name) for name in PretrainedTokenizer.__dataclass_fields__},
        processor=processor,
        ids=ids,
        bytes_of_text=frozenset(i for i, piece in enumerate(model.pieces) if piece.kind == BYTE),
        symbols=frozenset(piece.text for piece in model.pieces if piece.kind == USER_DEFINED),
        layout=layout,
    )


def _with_settings(layout: PieceLayout, settings: Mapping[str, Any]) -> PieceLayout:
    """The layout as a folder's settings change it."""
    lower, accents = settings.get("do_lower_case"), settings.get("keep_accents")
    if layout.lower is not None:
        layout = replace(layout, lower=lower if isinstance(lower, bool) else layout.lower)
        layout = replace(layout, keep_accents=accents if isinstance(accents, bool) else layout.keep_accents)
    if layout.extra:
        numbers = reversed(range(n_extra_ids(settings, layout.n_extra)))
        layout = replace(layout, last=(*layout.last, *map(layout.extra.format, numbers)), extra="")
        layout = replace(layout, specials=(*layout.specials, *layout.last))
    if layout.around_is_set:
        bos, eos = (token_text(settings.get(f"{role}_token")) for role in ("bos", "eos"))
        begin = f"{bos or layout.around_is_set[0]} " if settings.get("add_bos_token") is not False else ""
        end = f" {eos or layout.around_is_set[1]}" if settings.get("add_eos_token") is True else ""
        row = [f"{part.strip()}:1" if part else "" for part in (begin, end)]
        layout = replace(layout, single=f"{begin}$A{end}", pair=f"{begin}$A{end} {row[0]} $B:1 {row[1]}".strip())
    return layout


def _library(path: Path) -> "type[SentencePieceProcessor]":
    try:
        from sentencepiece import SentencePieceProcessor  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise InputError(
            f"{one_line(path)}: reading it needs the sentencepiece package, which is not installed; "
            "expected that extra, or tokenizer.json",
            hint=EXTRA,
        ) from error
    return SentencePieceProcessor


def _numbered(
    model: SentencePieceModel, layout: PieceLayout, path: Path
) -> tuple[list[tuple[str, float]], tuple[int, ...]]:
    """The family's pieces in the order of their ids, with their scores, and the family's id of each of the model's."""
    pieces = model.pieces
    if layout.vocabulary:
        numbers = piece_numbers(path.parent / layout.vocabulary, pieces[model.unk].text)
        scores = {piece.text: piece.score for piece in pieces}
        listed = [(piece, scores.get(piece, _UNLIKELY)) for piece in numbers]
        unk = numbers[pieces[model.unk].text]
        ids = tuple(numbers.get(piece.text, unk) for piece in pieces)
        return [*listed, *((token, _UNLIKELY) for token in layout.last)], ids
    kept = [(piece.text, piece.score) for piece in pieces[layout.skipped :]]
    unlikely = {"<unk>NOTUSED": _UNLIKELY}
    before, after = ([(token, unlikely.get(token, 0.0)) for token in part] for part in (layout.first, layout.last))
    ids = tuple(
        i - layout.skipped + len(layout.first)
        if i >= layout.skipped
        else layout.first.index(piece.text)
        if piece.text in layout.first
        else 0
        for i, piece in enumerate(pieces)
    )
    return [*before, *kept, *after], ids


def _converted(
    model: SentencePieceModel, layout: PieceLayout, path: Path
) -> "tuple[LibraryTokenizer, tuple[int, ...]]":
    """The library's tokenizer in the family's order of ids, and the family's id of each of the model's."""
    pieces = model.pieces
    vocabulary, ids = _numbered(model, layout, path)
    with library_errors(f"{one_line(path)}: it is damaged", "expected a SentencePiece model"):
        made = converted(model, vocabulary, ids[model.unk], layout=layout)
    around = [part.partition(":")[0] for part in f"{layout.single} {layout.pair}".split() if part[0] != "$"]
    control = [piece.text for piece in pieces if piece.kind == CONTROL]
    special = {token: token for token in (*control, pieces[model.unk].text, *layout.specials, *around)}
    switches = {layout.mask: {"lstrip": True}} if layout.mask else {}
    add_specials(made, path, special, (layout.single, layout.pair), switches=switches, trim_offsets=False)
    return made, ids


def _ends_in_comma(text: str) -> bool:
    return len(text) > 1 and text[-1] == "," and text[-2].isdigit()
