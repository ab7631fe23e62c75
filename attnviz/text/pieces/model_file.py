"""What a SentencePiece ``.model`` file says: its pieces, their scores, and how texts are normalised."""

import struct
from pathlib import Path
from typing import NamedTuple

from attnviz.errors import InputError, brief, one_line
from attnviz.files import read_file
from attnviz.records import dataclass
from attnviz.text.pieces.wire import bytes_of, fields, float_of

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
_UNIGRAM, _BPE = 1, 2
_EXPECTED = "expected a SentencePiece model of Unigram or BPE"
_LOWERED = 100.0
_FLOAT = struct.Struct("<f")


class Piece(NamedTuple):
    """A piece of the vocabulary.

    Attributes:
        text: with ``▁`` for a space.
        score: its log probability, or its rank among merges.
        kind: such as ``NORMAL`` or ``CONTROL``.
        score_at: the byte of the file where its score is; -1 where it has none.
    """

    text: str
    score: float
    kind: int
    score_at: int


@dataclass(frozen=True)
class SentencePieceModel:
    """A model file.

    Attributes:
        data: its bytes.
        pieces: the vocabulary; a piece's number is its id.
        is_bpe: merges of pairs (Sennrich et al. 2016), not the likeliest split (Kudo 2018).
        unk: the id for what it does not know.
        byte_fallback: whether a character that it does not know is spelled in bytes.
        charsmap: the table that normalises characters; empty for none.
        dummy_prefix: whether a space goes before a text.
        squeezes: whether spaces at the ends are left out, and others joined.
    """

    data: bytes
    pieces: tuple[Piece, ...]
    is_bpe: bool = False
    unk: int = 0
    byte_fallback: bool = False
    charsmap: bytes = b""
    dummy_prefix: bool = True
    squeezes: bool = True

    def with_lowered_scores(self, ids: list[int]) -> "SentencePieceModel":
        """The model with some pieces so unlikely that only what has no other split uses them."""
        data = bytearray(self.data)
        pieces = list(self.pieces)
        for i in ids:
            piece = pieces[i]
            if piece.score_at >= 0:
                pieces[i] = piece._replace(score=piece.score - _LOWERED)
                struct.pack_into("<f", data, piece.score_at, pieces[i].score)
        return SentencePieceModel(**{**vars(self), "data": bytes(data), "pieces": tuple(pieces)})


def read_sentencepiece(path: Path) -> SentencePieceModel:
    """The model of a file.

    Raises:
        InputError: it cannot be read, is damaged, or is of words, of characters, or of pieces that end in a space.
    """
    data = read_file(path, _EXPECTED)
    try:
        return _model(data)
    except ValueError as error:
        raise InputError(f"{one_line(path)}: it is not read ({brief(error)}); {_EXPECTED}") from error


def _model(data: bytes) -> SentencePieceModel:
    pieces, at = _first_pieces(data)
    trainer: dict[int, int | bytes] = {}
    normalizer: dict[int, int | bytes] = {}
    for number, value, start in fields(data[at:]):
        if number == 1:
            pieces.append(_piece(bytes_of(value), start + at))
        elif number in (2, 3):
            (trainer if number == 2 else normalizer).update((f.number, f.value) for f in fields(bytes_of(value)))
    kind, unk = trainer.get(3, _UNIGRAM), trainer.get(40, 0)
    if kind not in (_UNIGRAM, _BPE):
        raise ValueError("a model of words or characters")
    if trainer.get(24, 0):
        raise ValueError("a model whose pieces end in a space")
    if not isinstance(unk, int) or unk >= len(pieces) or pieces[unk].kind != UNKNOWN:
        raise ValueError("no piece for what is unknown")
    charsmap = bytes_of(normalizer.get(2, b""))
    if charsmap:
        from attnviz.text.pieces.charsmap import is_sound_charsmap  # noqa: PLC0415 (start-up time: it needs NumPy)

        if not is_sound_charsmap(charsmap):
            raise ValueError("a damaged table of characters")
    return SentencePieceModel(
        data=data,
        pieces=tuple(pieces),
        is_bpe=kind == _BPE,
        unk=unk,
        byte_fallback=bool(trainer.get(35, 0)),
        charsmap=charsmap,
        dummy_prefix=bool(normalizer.get(3, 1)),
        squeezes=bool(normalizer.get(4, 1)),
    )


def _first_pieces(data: bytes) -> tuple[list[Piece], int]:
    """The pieces at the start that are written as SentencePiece itself writes them, and the byte after them.

    There may be 256,000 of them, so that this is one loop: a text, a score, and a kind where it is not the usual one.
    """
    pieces: list[Piece] = []
    at, end = 0, len(data) - 4
    while at < end and data[at] == 0x0A and data[at + 1] < 128 and data[at + 2] == 0x0A:
        start, n = at + 4, data[at + 3]
        score_at, next_at = start + n + 1, at + 2 + data[at + 1]
        left = next_at - score_at - 4  # of the message, after the score: nothing, or a kind
        if n > 127 or left not in (0, 2) or next_at > len(data) or data[score_at - 1] != 0x15:
            break
        kind = NORMAL
        if left:
            kind = data[next_at - 1]
            if data[next_at - 2] != 0x18 or kind > 127:
                break
        score: float = _FLOAT.unpack_from(data, score_at)[0]
        pieces.append(Piece(data[start : start + n].decode(), score, kind, score_at))
        at = next_at
    return pieces, at


def _piece(data: bytes, start: int) -> Piece:
    """A piece from its message, which begins at a byte of the file; its fields may have any order."""
    text, score, kind, score_at = "", 0.0, NORMAL, -1
    for number, value, at in fields(data):
        if number == 1:
            text = bytes_of(value).decode()
        elif number == 2:
            score, score_at = float_of(value), start + at
        elif number == 3 and isinstance(value, int):
            kind = value
    return Piece(text, score, kind, score_at)
