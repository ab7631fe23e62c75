"""The documents of a file: one of arrays, or of JSON one per line, one over several lines, or a list of objects."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from attnviz.elsewhere.files.array_files import array_file
from attnviz.elsewhere.files.file_types import EXPECTED
from attnviz.elsewhere.files.streams import AttentionStream
from attnviz.elsewhere.lists import parse_json
from attnviz.errors import InputError


class FileDocument(NamedTuple):
    """What a file holds about one text, or about the texts of a batch.

    Attributes:
        where: its place in messages: the file, and the line or the number of the text where there are several.
        digest: of the bytes that it was read from.
        content: nested lists; or an object, or the arrays of a file by name; or the error of a line that is not JSON.
    """

    where: str
    digest: str
    content: object


def file_documents(source: AttentionStream, path: Path | None) -> Iterator[FileDocument]:
    """Each document, read when it is asked for.

    Args:
        source: the stream.
        path: the file that the stream reads, if it is one.

    Raises:
        InputError: what is neither arrays nor JSON.
    """
    if source.is_arrays or source.is_safetensors:
        arrays = array_file(source, path)
        yield FileDocument(source.where, arrays.digest, arrays)
        return
    for where, data, value in _json_values(source):
        digest = hashlib.sha256(data).hexdigest()
        are_objects = [isinstance(item, dict) for item in value] if isinstance(value, list) else []
        if any(are_objects) and not all(are_objects):
            raise InputError(
                f"{where}: item {are_objects.index(False)} of its list is not an object, and others are; expected an "
                "object for each text, or lists of numbers"
            )
        if isinstance(value, list) and any(are_objects):
            for number, item in enumerate(value, start=1):
                yield FileDocument(f"{where}, text {number}" if len(value) > 1 else where, digest, item)
        else:
            yield FileDocument(where, digest, value)


def _json_values(source: AttentionStream) -> Iterator[tuple[str, bytes, object]]:
    """Each value with its place and its bytes."""
    where, lines = source.where, source.lines()
    numbered = enumerate(lines, start=1)
    blank = b""
    for _, first in numbered:
        if first.strip():
            break
        blank += first
    else:
        raise InputError(f"{where}: it is empty; {EXPECTED}")
    try:
        value = parse_json(first, where, EXPECTED, numbers_of_python=True)
    except InputError:  # its lists go on in the next line, or it is not JSON at all
        data = blank + first + b"".join(lines)
        yield where, data, parse_json(data, where, EXPECTED, numbers_of_python=True)
        return
    yield where, blank + first, value
    for number, line in numbered:
        if line.strip():
            at = f"{where}, line {number}"
            yield at, line, _parsed(line, at)


def _parsed(line: bytes, at: str) -> object:
    """The value of a line; its error, where it is not JSON, so that the next lines can be read."""
    try:
        return parse_json(line, at, EXPECTED, numbers_of_python=True)
    except InputError as error:
        return error
