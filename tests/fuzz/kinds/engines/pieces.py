"""A SentencePiece model with pieces, scores, kinds and switches that no training gives."""

import random
import struct

from tests.fuzz.case import Case
from tests.fuzz.material import mutated, text
from tests.fuzz.models import relative_of_bert

_SCORES = (0.0, 0.0, -1.0, -1.0, -2.0, 1e30, -1e38, float("inf"), -float("inf"), float("nan"))
_KINDS = (0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 99)
_GOOD = (
    ("<unk>", 0.0, 2),
    ("<s>", 0.0, 3),
    ("</s>", 0.0, 3),
    ("▁the", -1.0, 1),
    ("▁c", -2.0, 1),
    ("a", -3.0, 1),
    ("t", -3.0, 1),
    ("▁", -4.0, 1),
)
_FAMILIES = (
    ("xlm-roberta", "XLMRobertaTokenizer", "sentencepiece.bpe.model"),
    ("camembert", "CamembertTokenizer", "sentencepiece.bpe.model"),
    ("bert-generation", "BertGenerationTokenizer", "spiece.model"),
)


def _varint(number: int) -> bytes:
    number &= 2**64 - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _message(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _piece(content: str, score: float, kind: int) -> bytes:
    content_bytes = content.encode("utf-8", "surrogatepass")
    return _message(1, _message(1, content_bytes) + b"\x15" + struct.pack("<f", score) + b"\x18" + _varint(kind))


def _switches(rng: random.Random, numbers: tuple[int, ...], values: tuple[int, ...]) -> bytes:
    chosen = [number for number in numbers if rng.random() < 0.2]
    return b"".join(_varint(number << 3) + _varint(rng.choice(values)) for number in chosen)


def draw(rng: random.Random) -> Case:
    """A folder with a model of some pieces, whose classes read it as ids of their own."""
    pieces = list(_GOOD)
    for _ in range(rng.choice((0, 1, 3))):
        pieces.insert(rng.randrange(len(pieces) + 1), (text(rng), rng.choice(_SCORES), rng.choice(_KINDS)))
    if rng.random() < 0.3:
        del pieces[rng.randrange(len(pieces))]
    if rng.random() < 0.2:
        pieces += [(f"<0x{i:02X}>", 0.0, 6) for i in range(rng.choice((3, 256)))]
    trainer = (
        _varint(3 << 3) + _varint(rng.choice((1, 1, 1, 1, 2, 2, 2, 3))) + _switches(rng, (35, 40, 41), (0, 0, 1, 99))
    )
    normalizer = _switches(rng, (3, 4, 5), (0, 1))
    if rng.random() < 0.1:
        normalizer += _message(2, rng.randbytes(40))
    data = b"".join(_piece(*piece) for piece in pieces) + _message(2, trainer) + _message(3, normalizer)
    if rng.random() < 0.2:
        data = mutated(rng, data)
    model_type, name, file = rng.choice(_FAMILIES)
    files = relative_of_bert(model_type, name) | {f"bert/{file}": data}
    return Case(("show", rng.choice(("the cat", "e\u0301 日本", "▁ ▁", "a" * 99)), "--model", "bert"), files)
