"""Protocol-buffer messages as numbered fields: what SentencePiece's files and answers are written in."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class WireField(NamedTuple):
    """A field of a message.

    Attributes:
        number: of the field.
        value: a whole number, or the bytes of a text, of a number or of another message.
        start: the byte of the message where the value begins.
    """

    number: int
    value: int | bytes
    start: int


def fields(data: bytes) -> Iterator[WireField]:
    """The fields of a message, in their order.

    Raises:
        ValueError: it is not one.
    """
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            start = at
            whole, at = _varint(data, at)
            yield WireField(number, whole, start)
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"a field of kind {kind}")
        if at + size > len(data):
            raise ValueError("a field that ends too late")
        yield WireField(number, data[at : at + size], at)
        at += size


def float_of(value: int | bytes) -> float:
    """The number in four bytes.

    Raises:
        ValueError: it is not one.
    """
    if not isinstance(value, bytes) or len(value) != 4:
        raise ValueError("a number of other size")
    number: float = struct.unpack("<f", value)[0]
    return number


def bytes_of(value: int | bytes) -> bytes:
    """The bytes of a field that is not a whole number.

    Raises:
        ValueError: it is one.
    """
    if isinstance(value, int):
        raise ValueError("a number in place of bytes")
    return value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte, at = data[at], at + 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number that does not end")
