"""One set of matrices of the page: a chunk per head, thumbnails, and what JSON says of them."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from attnviz.analysis.matrices.levels import Level
from attnviz.analysis.matrices.words import word_starts
from attnviz.output.page.chunks import Chunks, chunk
from attnviz.output.page.codes import Codes
from attnviz.output.page.content import axis_names, head_titles, is_share
from attnviz.output.page.thumbnails import pooled_cells, thumbnail_bytes
from attnviz.output.scale import Scale, hidden_cells, scale_between
from attnviz.output.words import set_caption
from attnviz.trace.attention import Attention, of_all
from attnviz.trace.tokens import Tokens


@dataclass(frozen=True, eq=False)
class _Side:
    """The tokens of a side.

    Attributes:
        shown: (n_tokens,), True of ordinary tokens; of all where there are no ordinary ones.
        single: the words of one token.
        several: the words of several tokens.
    """

    shown: np.ndarray
    single: np.ndarray
    several: np.ndarray

    @classmethod
    def of(cls, tokens: Tokens) -> "_Side":
        shown = np.array([not (token.special or token.padding) for token in tokens])
        lengths = np.diff([*word_starts(tokens), len(tokens)])
        return cls(shown if shown.any() else ~shown, np.flatnonzero(lengths == 1), np.flatnonzero(lengths > 1))


class _Encoded(NamedTuple):
    """One head: its chunk, its two thumbnails, and its least and its largest number; the ends of no number are 0."""

    data: bytes
    every: np.ndarray
    hidden: np.ndarray
    ends: tuple[float, float]


class SetWriter:
    """Adds the matrices of a set to the chunks of a text, some heads at a time.

    Args:
        chunks: of the text.
        codes: how numbers are stored.
        total: how many matrices there will be.
        threads: encode heads at the same time; the bytes do not depend on it.
    """

    def __init__(self, chunks: Chunks, codes: Codes, total: int, threads: Executor):
        self._chunks, self._codes, self._total, self._threads = chunks, codes, total, threads
        self._numbers: list[int] = []
        self._size = 0
        self._cells: tuple[list[np.ndarray], list[np.ndarray]] = [], []
        self._titles: list[tuple[str, str]] = []
        self._ends: list[tuple[float, float]] = []
        self._parts: list[Attention] = []
        self._has_words = self._has_rest = False
        self._sides: tuple[_Side, _Side] | None = None

    def add(self, level: Level) -> None:
        """Some more matrices.

        Raises:
            UsageError: the page would be too large.
            InputError: numbers that cannot be stored.
        """
        tokens = level.tokens
        if self._sides is None:
            self._sides = _Side.of(tokens.queries), _Side.of(tokens.keys)
            self._has_words, self._has_rest = level.words is not None, tokens.rest is not None
        for encoded in self._threads.map(lambda place: self._encoded(level, place), _places(tokens)):
            self._numbers.append(self._chunks.add(encoded.data))
            self._size += len(encoded.data)
            self._cells[0].append(encoded.every)
            self._cells[1].append(encoded.hidden)
            self._ends.append(encoded.ends)
        self._titles += head_titles(tokens)
        self._parts.append(tokens.bare)
        self._chunks.expect(len(self._numbers), self._total, self._size)

    def _encoded(self, level: Level, place: tuple[int, int]) -> _Encoded:
        if self._sides is None:
            raise ValueError("the set has no sides yet")
        queries, keys = self._sides
        tokens, words, (i, j) = level.tokens, level.words, place
        numbers, masked = tokens.matrices[i, j], None if tokens.masked is None else tokens.masked[i]
        encode = self._codes.encode
        arrays = [encode(numbers, masked)]
        if words is not None:
            merged, cells = words.matrices[i, j], None if words.masked is None else words.masked[i]
            arrays.append(encode(merged[queries.several], None if cells is None else cells[queries.several]))
            columns = np.ix_(queries.single, keys.several)
            arrays.append(encode(merged[columns].T, None if cells is None else cells[columns].T))
        for one in (tokens, words):
            if one is not None and one.rest is not None:
                arrays.append(encode(one.rest[i, j]))
        absent = hidden_cells(numbers, masked)
        signed, shown = tokens.values == "changes", np.ix_(queries.shown, keys.shown)
        every, few = (
            pooled_cells(numbers, absent, signed=signed),
            pooled_cells(numbers[shown], absent[shown], signed=signed),
        )
        visible = [every, *([] if words is None else [words.matrices[i, j]])] if self._codes.steps is None else [every]
        data = chunk(arrays, max(numbers.shape))
        return _Encoded(data, every, few, _ends(numbers, absent, visible))

    @property
    def common(self) -> Attention:
        """What the matrices have in common."""
        return of_all(self._parts)

    def document(self, name: str, sides: tuple[int, int], facts: Mapping[str, object]) -> dict[str, object]:
        """What JSON says of the set, when all its matrices have been added; adds the thumbnails to the chunks.

        Args:
            name: in the menu of sets.
            sides: the indices of the queries' side and the keys'.
            facts: of ``head_facts``.
        """
        common = self.common
        scale, signed = self._scale(common), common.values == "changes"
        rows, columns = axis_names(common)
        width = len(columns)
        data = b"".join(
            thumbnail_bytes(cells, scale, signed=signed) for pair in zip(*self._cells, strict=True) for cells in pair
        )
        thumbnails = self._chunks.add(chunk([np.frombuffer(data, np.uint8)], 0))
        heads = [
            {"name": short, "title": title, "row": n // width, "column": n % width, "chunk": number}
            for n, ((short, title), number) in enumerate(zip(self._titles, self._numbers, strict=True))
        ]
        return {
            "kind": common.kind,
            "values": common.values,
            "reduce": common.reduce,
            "name": name,
            "caption": set_caption(common),
            "percent": is_share(common),
            "signed": signed,
            "scale": [scale.low, scale.high],
            "queries": sides[0],
            "keys": sides[1],
            "rows": rows,
            "columns": columns,
            "heads": heads,
            "codes": self._codes.fields,
            "words": self._has_words,
            "rest": self._has_rest,
            "thumbs": {
                "chunk": thumbnails,
                "all": list(self._cells[0][0].shape),
                "hidden": list(self._cells[1][0].shape),
            },
            **facts,
        }

    def _scale(self, common: Attention) -> Scale:
        """The scale of all; 1 stays the end of shares that rounding takes a little beyond."""
        ends = [ends for ends in self._ends if ends[0] <= ends[1]] or [(0.0, 0.0)]
        low, high = min(low for low, _ in ends), max(high for _, high in ends)
        if is_share(common) and high < 1.01:
            high = min(high, 1.0)
        return scale_between(common, low, high, len(self._numbers))


def _places(attention: Attention) -> Iterator[tuple[int, int]]:
    n_rows, n_columns = attention.matrices.shape[:2]
    return ((i, j) for i in range(n_rows) for j in range(n_columns))


def _ends(numbers: np.ndarray, absent: np.ndarray, others: list[np.ndarray]) -> tuple[float, float]:
    """The least and the largest visible number; +inf and -inf where there is none."""
    visible = numbers[~absent] if absent.any() else numbers
    low = float(visible.min(initial=np.inf))
    return low, max(float(np.nanmax(one, initial=-np.inf)) for one in (visible, *others))
