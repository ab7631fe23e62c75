"""Files of word alignments to results: hard cross-attention from the target's words to the source's."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from attnviz.elsewhere.documents import read_document
from attnviz.elsewhere.files.documents import FileDocument
from attnviz.elsewhere.read_options import ReadOptions
from attnviz.elsewhere.shapes.alignment import AlignedPair, alignment_matrix, parse_alignment
from attnviz.errors import InputError
from attnviz.files import open_file
from attnviz.text.reading import read_lines
from attnviz.trace.result import Result

_EXPECTED = "expected word alignments, a line per pair of sentences, such as 0-0 1-2"

Pairs = Iterable[tuple[str, str]]


def read_alignments(
    source: Path | BinaryIO, name: str, options: ReadOptions, pairs: Pairs | None = None
) -> Iterator[Result]:
    """The alignment of each pair of sentences of a file, as cross-attention of one layer and head.

    A target word shares its row equally among its links. Words are separated by white space.

    Args:
        source: a file, or a stream.
        name: what messages and titles call it.
        options: labels for the queries (target words) and the keys (source words).
        pairs: the source and the target of each line, where they are known.

    Raises:
        InputError: what is not an alignment, with its line.
    """
    if isinstance(source, Path):
        with open_file(source, _EXPECTED) as stream:
            yield from _results(stream, name, options, pairs)
    else:
        yield from _results(source, name, options, pairs)


def _results(stream: BinaryIO, name: str, options: ReadOptions, pairs: Pairs | None) -> Iterator[Result]:
    texts = None if pairs is None else iter(pairs)
    number = n_read = 0
    for number, line in read_lines(stream, name, keeps_blank=True):
        where = f"{name}, line {number}"
        text = None if texts is None else next(texts, None)
        if texts is not None and text is None:
            raise InputError(f"{where}: there are {number - 1} pairs of texts; expected one for each line")
        try:
            pair = parse_alignment(line, where)
            if text is not None:
                pair = AlignedPair(pair.links, *(tuple(side.split()) for side in text))
            content = _content(pair, options, where)
            if content is None:
                options.note(f"line {number} has no links, and its words are not known; skipped")
                continue
            document = FileDocument(where, hashlib.sha256(line.encode()).hexdigest(), content)
            for result in read_document(document, name, options):
                n_read += 1
                yield result
        except InputError as error:
            options.note_skipped(error, name)
    if texts is not None and next(texts, None) is not None:
        raise InputError(f"{name}: it has {number} lines, and there are more pairs of texts; expected a line for each")
    if number and not n_read:
        raise InputError(f"{name}: none of its {number} lines has links that can be used; {_EXPECTED}")


def _content(pair: AlignedPair, options: ReadOptions, where: str) -> dict[str, object] | None:
    """The alignment as a document; None where there is nothing to say how many words there are."""
    sizes = []
    for side, words, labels in ((0, pair.source, options.key_labels), (1, pair.target, options.query_labels)):
        last = max((link[side] for link in pair.links), default=-1)
        known = labels if words is None else words
        sizes.append(last + 1 if known is None else len(known))
    if 0 in sizes:
        return None
    matrix = alignment_matrix(pair.links, sizes[0], sizes[1], where)
    content: dict[str, object] = {"cross_attention": matrix, "layers": [0], "heads": [0]}
    for key, text_key, words in (("tokens", "text", pair.source), ("target_tokens", "target", pair.target)):
        if words is not None:
            content |= {key: list(words), text_key: " ".join(words)}
    return content
