"""Attention that another program computed, or attnviz itself: files and streams to results."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from attnviz.checkpoints.formats.numpy_files import NPY_MAGIC, ZIP_MAGICS, numbers_of
from attnviz.elsewhere.documents import read_document
from attnviz.elsewhere.lists import parse_json
from attnviz.elsewhere.read_options import ReadOptions
from attnviz.errors import InputError, one_line
from attnviz.files import open_file, unreadable
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.result import Result

_EXPECTED = "expected attention as .npy, .npz or JSON"
_BOM = b"\xef\xbb\xbf"
_STARTS = b"{[ \t\r\n\x93P\xef"  # JSON, white space, .npy, .npz, the byte order mark of UTF-8


def read_attention(
    source: str | Path | BinaryIO,
    *,
    name: str | None = None,
    token_labels: Sequence[str] | None = None,
    scores: bool = False,
    partial: bool = False,
    padding: str | tuple[int, int] | None = None,
    special: Sequence[str] | None = None,
    note: Callable[[str], None] | None = None,
) -> Iterator[Result]:
    """The attention of a file or a stream, one result per text, each read when it is asked for.

    The content says which format it has. Arrays (``.npy``; ``.npz`` with one array, or one called ``attention``) have 2
    to 4 axes: one head, the heads of a layer, layers of heads. JSON is such an array as nested lists, an object with
    ``attention`` and whatever else ``show --json`` prints, or several of either, one per line.

    ``attention`` is cross-attention, its rows another text's tokens, where matrices are not square or where ``queries``
    are named with ``keys``. In arrays without a mask, zeros at all later tokens are read as a causal mask.

    Args:
        source: a path, or a binary stream.
        name: what messages and titles call it; the file's name by default.
        token_labels: labels for the tokens, instead of the file's; where queries and keys differ in number, for the
            axis that has as many tokens.
        scores: whether numbers are scores (before softmax), unless the file says what they are.
        partial: whether rows may sum to less than 1; what they miss is their ``rest``.
        padding: which tokens only fill the length: ``auto`` (also those at the ends whose labels say so), ``none``, or
            how many at the start and at the end; by default what the file says.
        special: the labels of special tokens; by default what the file, or else their spelling, says.
        note: is called with each remark on how the file was read.

    Raises:
        InputError: data that cannot be read, with the exact place of what is wrong.
    """
    path = Path(source) if isinstance(source, str | Path) else None
    called = name or (path.name if path else "standard input")
    where = one_line(path or called)
    options = ReadOptions(token_labels=token_labels, scores=scores, partial=partial, padding=padding, special=special)
    if note is not None:
        options = replace(options, note=_noted_once(note, where))
    if isinstance(source, str | Path):
        with open_file(Path(source), _EXPECTED) as stream:
            yield from _results(stream, where, called, options)
    else:
        yield from _results(source, where, called, options)


def _results(source: BinaryIO, where: str, name: str, options: ReadOptions) -> Iterator[Result]:
    for at, data, document in _documents(_lines(source, where), where):
        origin = ModelInfo(one_line(name), f"sha256:{hashlib.sha256(data).hexdigest()}")
        yield read_document(document, origin, at, options)


def _noted_once(note: Callable[[str], None], where: str) -> Callable[[str], None]:
    """Prints each remark once, with the name of the file."""
    noted: set[str] = set()

    def note_once(text: str) -> None:
        if text not in noted:
            noted.add(text)
            note(f"{where}: {text}")

    return note_once


def _documents(lines: Iterator[bytes], where: str) -> Iterator[tuple[str, bytes, object]]:
    """Each document with its place and its bytes: one per line, or a single one over several lines."""
    numbered = enumerate(lines, start=1)
    blank = b""
    for _, first in numbered:
        if first.strip():
            break
        blank += first
    else:
        raise InputError(f"{where}: it is empty; {_EXPECTED}")
    if first.startswith((NPY_MAGIC, *ZIP_MAGICS)):
        data = first + b"".join(lines)
        yield where, data, {"attention": numbers_of(data, where, "attention", _EXPECTED)}
        return
    try:
        document = parse_json(first, where, _EXPECTED)
    except InputError:  # its lists go on in the next line, or it is not JSON at all
        data = blank + first + b"".join(lines)
        yield where, data, parse_json(data, where, _EXPECTED)
        return
    yield where, blank + first, document
    for number, line in numbered:
        if line.strip():
            at = f"{where}, line {number}"
            yield at, line, parse_json(line, at, _EXPECTED)


def _lines(stream: BinaryIO, where: str) -> Iterator[bytes]:
    """The lines, as they arrive; what cannot be an array or JSON is refused at its first byte."""
    try:
        start = stream.read(1)
        if start == b"\x80":
            raise InputError(f"{where}: it is a pickle, which could run any program and is never read; {_EXPECTED}")
        if start.strip(_STARTS):
            raise InputError(f"{where}: it is not an .npy, .npz or JSON file; {_EXPECTED}")
        if start:
            yield (start if start == b"\n" else start + stream.readline()).removeprefix(_BOM)
        yield from stream
    except OSError as error:  # a folder as standard input, a disk that fails
        raise InputError(f"{where}: {unreadable(error)}; {_EXPECTED}") from error
