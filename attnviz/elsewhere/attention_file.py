"""Attention that another program computed, or attnviz itself: files and streams to results."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, cast

from attnviz.elsewhere.documents import read_document
from attnviz.elsewhere.files.array_files import file_digest
from attnviz.elsewhere.files.documents import file_documents
from attnviz.elsewhere.files.file_array import floats
from attnviz.elsewhere.files.file_types import EXPECTED
from attnviz.elsewhere.files.streams import AttentionStream
from attnviz.elsewhere.read_options import ReadOptions
from attnviz.errors import InputError, one_line
from attnviz.files import is_special, open_file
from attnviz.trace.result import Result


def read_attention(
    source: str | Path | BinaryIO,
    *,
    name: str | None = None,
    note: Callable[[str], None] | None = None,
    mapped: bool = False,
    **options: Any,  # each of its own type: see ReadOptions
) -> Iterator[Result]:
    """The attention of a file or a stream, one result per text, each read when it is asked for.

    The content says which format it has. Arrays are one head (query, key), the heads of a layer, or layers of heads;
    axes of length 1 beside these are dropped. ``.npz``, ``.safetensors`` and JSON objects name them: ``attention``,
    ``attentions``, ``encoder_attentions``, ``decoder_attentions``, ``cross_attentions``, or one array per layer
    (``arr_0``, ``layer_0``). JSON may also be nested lists, ``edges``, the steps of a generation, what ``show --json``
    prints, or several of these: one per line, or a list of objects.

    ``attention`` is cross-attention where its queries have tokens of their own (``target_tokens``, or ``queries`` with
    ``keys``), or where matrices are not square. In arrays without a mask, zeros at all later tokens are read as a
    causal mask. Where a choice was made, a note says so.

    Args:
        source: a path, or a binary stream.
        name: what messages and titles call it; the file's name by default.
        note: is called with each remark on how the file was read.
        mapped: leave the numbers of a file in it until they are used, whatever their type.
        options: what the file does not say: ``token_labels``, ``query_labels``, ``key_labels``, ``axes``, ``kind``,
            ``scores``, ``partial``, ``padding``, ``special``, ``skip_errors``; see ``ReadOptions``.

    Raises:
        InputError: data that cannot be read, with the exact place of what is wrong.
    """
    path = Path(source) if isinstance(source, str | Path) else None
    called = name or (path.name if path else "standard input")
    where = one_line(path or called)
    reading = ReadOptions(**options)
    if note is not None:
        reading = replace(reading, note=_noted_once(note, where))
    results = _opened_results(source, path, where, called, reading)
    yield from results if mapped else map(_in_memory, results)


def _opened_results(
    source: str | Path | BinaryIO, path: Path | None, where: str, name: str, options: ReadOptions
) -> Iterator[Result]:
    if path is None:
        yield from _results(AttentionStream(cast("BinaryIO", source), where), None, name, options)
        return
    with open_file(path, EXPECTED) as stream:
        yield from _results(AttentionStream(stream, where, is_mapped=not is_special(path)), path, name, options)


def _in_memory(result: Result) -> Result:
    """The result without a number that is still in its file."""
    views = {kind: replace(view, matrices=floats(view.matrices)) for kind, view in result.views.items()}
    return replace(result, views=views)


def _results(source: AttentionStream, path: Path | None, name: str, options: ReadOptions) -> Iterator[Result]:
    digest = file_digest(path) if path is not None and source.is_mapped else None
    n_read, error = 0, None
    for document in file_documents(source, path):
        digest = digest or document.digest  # all texts of a file are of one model
        try:
            if isinstance(document.content, InputError):
                raise document.content
            for result in read_document(document._replace(digest=digest), name, options):
                n_read += 1
                yield result
        except InputError as skipped:
            options.note_skipped(skipped, source.where)
            error = skipped
    if error is not None and not n_read:
        raise InputError(f"{source.where}: none of its texts can be used; expected at least one") from error


def _noted_once(note: Callable[[str], None], where: str) -> Callable[[str], None]:
    """Prints each remark once, with the name of the file."""
    noted: set[str] = set()

    def note_once(text: str) -> None:
        if text not in noted:
            noted.add(text)
            note(f"{where}: {text}")

    return note_once
