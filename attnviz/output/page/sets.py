"""One set of matrices of the page: a chunk per head, thumbnails, and what JSON says of them."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from functools import partial
from typing import NamedTuple

import numpy as np

from attnviz.analysis.matrices.levels import Level
from attnviz.output.page.chunks import Chunks, chunk
from attnviz.output.page.codes import Codes
from attnviz.output.page.content import axis_names, head_titles, is_share
from attnviz.output.page.sections import TokenSide, head_sections, matrix_at
from attnviz.output.page.thumbnails import MOST_PLAIN, pooled_cells, thumbnail_bytes
from attnviz.output.scale import Scale, hidden_cells, scale_between
from attnviz.output.words import set_caption
from attnviz.trace.attention import Attention, of_all


class _Encoded(NamedTuple):
    """One head: its chunk, its thumbnails with special tokens and without, its least and its largest number."""

    data: bytes
    cells: tuple[np.ndarray, np.ndarray] | None
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
        self._cells: list[tuple[np.ndarray, np.ndarray]] = []
        self._titles: list[tuple[str, str]] = []
        self._ends: list[tuple[float, float]] = []
        self._parts: list[Attention] = []
        self._has_words = self._has_rest = False
        self._sides: tuple[TokenSide, TokenSide] | None = None

    def add(self, level: Level) -> None:
        """Some more matrices.

        Raises:
            UsageError: the page would be too large.
            InputError: numbers that cannot be stored.
        """
        tokens = level.tokens
        if self._sides is None:
            self._sides = TokenSide.of(tokens.queries), TokenSide.of(tokens.keys)
            self._has_words, self._has_rest = level.words is not None, tokens.rest is not None
        for encoded in self._threads.map(lambda place: self._encoded(level, place), _places(tokens)):
            self._numbers.append(self._chunks.add(encoded.data))
            self._size += len(encoded.data)
            self._cells += [encoded.cells] if encoded.cells is not None else []
            self._ends.append(encoded.ends)
        self._titles += head_titles(tokens)
        self._parts.append(tokens.bare)
        self._chunks.expect(len(self._numbers), self._total, self._size)

    def _encoded(self, level: Level, place: tuple[int, int]) -> _Encoded:
        if self._sides is None:
            raise ValueError("the set has no sides yet")
        numbers, masked = matrix_at(level.tokens, place)
        ends = [_ends(*matrix_at(one, place)) for one in level if one is not None]
        cells = None
        if max(numbers.shape) > MOST_PLAIN:
            absent, shown = hidden_cells(numbers, masked), np.ix_(*(~side.special for side in self._sides))
            pooled = partial(pooled_cells, signed=level.tokens.values == "changes")
            cells = pooled(numbers, absent), pooled(numbers[shown], absent[shown])
        largest = min(low for low, _ in ends), max(high for _, high in ends)
        arrays = head_sections(level, place, self._codes, self._sides)
        return _Encoded(chunk(arrays, max(numbers.shape)), cells, largest)

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
        heads = [
            {"name": name, "title": title, "chunk": chunk_number} if title else {"name": name, "chunk": chunk_number}
            for (name, title), chunk_number in zip(self._titles, self._numbers, strict=True)
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
            "thumbs": self._thumbnails(scale, signed=signed),
            **facts,
        }

    def _thumbnails(self, scale: Scale, *, signed: bool) -> dict[str, object] | None:
        """Adds the thumbnails to the chunks; None of matrices so small that they are their own thumbnails."""
        if not self._cells:
            return None
        data = b"".join(thumbnail_bytes(cells, scale, signed=signed) for pair in self._cells for cells in pair)
        number = self._chunks.add(chunk([np.frombuffer(data, np.uint8)], 0))
        every, hidden = self._cells[0]
        return {"chunk": number, "all": list(every.shape), "hidden": list(hidden.shape)}

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


def _ends(numbers: np.ndarray, masked: np.ndarray | None) -> tuple[float, float]:
    """The least and the largest visible number; +inf and -inf where there is none."""
    visible = numbers[~hidden_cells(numbers, masked)]
    return float(visible.min(initial=np.inf)), float(visible.max(initial=-np.inf))
