"""The metrics of every head, of all its attention and of what does not rest, of matrices that come a part at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import TypeAlias

import numpy as np

from attnviz.analysis.heads.labels import EVEN, PATTERN_METRICS
from attnviz.analysis.heads.metrics import HeadMetrics, WholeMetrics, check_shares
from attnviz.analysis.heads.sums.blocks import BlockPlaces, RowBlock, entropy_ratio, reachable_keys, row_blocks
from attnviz.analysis.heads.sums.cells import Cells
from attnviz.analysis.heads.sums.distances import DISTANCES
from attnviz.analysis.heads.sums.means import Means, row_counts, row_sums
from attnviz.analysis.heads.sums.seen import SeenSums
from attnviz.analysis.heads.sums.sides import Sides, missing_of_sides
from attnviz.analysis.resting import Remainder, looks_back_only, place_of_hidden, resting_places
from attnviz.encoder.long.head_rows import HeadRows
from attnviz.records import dataclass
from attnviz.trace.attention import Attention, of_all

# A block, its sums as ``WholeMetrics.add`` takes them, and those of the cells that are left, where they are known.
SummedBlock: TypeAlias = tuple[BlockPlaces, RowBlock, Mapping[str, np.ndarray], np.ndarray | None]

LEAST_LEFT = 0.1  # of a row: what is left of less says nothing
_MOST_EQUAL = 0.25  # of the tokens: of a text of one word, or of unknown ones, any head seems to look at equal ones
_SINK = 0.5  # where nothing says which tokens are special, a first token that gets so much is one to rest on
_SHARE, _LEFT = "share", "share left"  # of all attention: what goes to tokens; what goes to those where no head rests


def metrics_of_parts(parts: Iterator[Attention]) -> tuple[Attention, HeadMetrics]:
    """``head_metrics`` of matrices that come a part at a time, and what the parts have in common, without matrices.

    Raises:
        UsageError: as ``head_metrics``.
    """
    found: list[HeadMetrics] = []
    looked_at: list[Attention] = []
    text: _Text | None = None
    for part in parts:
        check_shares(part)
        text = text or _Text(part)
        found.append(text.metrics(part))
        looked_at.append(part.bare)
    common = of_all(looked_at)
    return common, found[0] if len(found) == 1 else _joined(found, common)


def metrics_of_rows(
    run: Callable[[Callable[[Attention], Callable[[HeadRows], None]]], None],
) -> tuple[Attention, HeadMetrics]:
    """The metrics of a run whose rows are seen as they are computed, and what its parts have in common.

    Args:
        run: calls its argument with each layer's attention, without matrices, and the result with that layer's rows.
    """
    found: list[HeadMetrics] = []
    looked_at: list[Attention] = []
    seen: list[_SeenPart] = []  # the layer that is computed
    text: _Text | None = None

    def end() -> None:
        found.extend(one.metrics() for one in seen)
        seen.clear()

    def begin(part: Attention) -> Callable[[HeadRows], None]:
        nonlocal text
        end()
        text = text or _Text(part)
        looked_at.append(part.bare)
        seen.append(_SeenPart(text, part))
        return seen[0].sums.add

    run(begin)
    end()
    common = of_all(looked_at)
    return common, found[0] if len(found) == 1 else _joined(found, common)


def _joined(found: Sequence[HeadMetrics], common: Attention) -> HeadMetrics:
    """The metrics of all parts as those of one."""

    def together(arrays: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        flat = {name: np.concatenate([one[name].ravel() for one in arrays]) for name in arrays[0]}
        return {name: values.reshape(common.head_shape) for name, values in flat.items()}

    remainders = [one.remainder for one in found if one.remainder is not None]
    remainder = Remainder(
        values=together([one.values for one in remainders]),
        counts=together([one.counts for one in remainders]),
        missing=remainders[0].missing,
        share=together([{"share": one.share} for one in remainders])["share"],
        places=together([one.places for one in remainders]),
    )
    values, counts = together([one.values for one in found]), together([one.counts for one in found])
    axes = common.layers, common.heads
    return HeadMetrics(values, counts, found[0].missing, *axes, by_name=common.by_name, remainder=remainder)


class _Text:
    """What the parts of the same matrices have in common."""

    def __init__(self, part: Attention) -> None:
        self.sides = Sides.of(part)
        self.whole = WholeMetrics(part, self.sides)
        self._lefts: dict[bool, _Left] = {}  # by whether no token can look at a later one
        self._of_mask: _OfMask | None = None

    def metrics(self, part: Attention) -> HeadMetrics:
        """The metrics of one part."""
        known = self.of_mask(part)
        blocks = row_blocks(part, self.sides.real_queries, known.allowed, known.left.keys)
        return self.metrics_of(part, known, ((*one, self.whole.sums(one[1], one[0][2]), None) for one in blocks))

    def metrics_of(self, part: Attention, known: "_OfMask", blocks: Iterable[SummedBlock]) -> HeadMetrics:
        """The metrics of one part, of all of its blocks."""
        whole, left = self.whole, known.left
        means, means_left, shares = whole.means(part), left.means(part), left.shares(part)
        for places, block, sums, cell_sums in blocks:
            whole.add(means, places, block, sums)
            left.add(means_left, places, block, known.allowed_left, cell_sums)
            left.add_shares(shares, places, block, part.rest)
        metrics = whole.result(part, means)
        return replace(metrics, remainder=left.remainder(metrics, means_left, shares))

    def of_mask(self, part: Attention) -> "_OfMask":
        """What its mask says, which the heads of a layer share."""
        if self._of_mask is None or self._of_mask.masked is not part.masked:
            causal = looks_back_only(part)
            if causal not in self._lefts:
                self._lefts[causal] = _Left(part, self.sides, causal=causal)
            left = self._lefts[causal]
            self._of_mask = _OfMask(part.masked, left, reachable_keys(part), reachable_keys(part, left.keys))
        return self._of_mask


@dataclass(frozen=True, eq=False)
class _OfMask:
    """What a mask says.

    Attributes:
        masked: the mask.
        left: what is left of the attention.
        allowed: how many keys each row can attend to.
        allowed_left: how many of those that are left.
    """

    masked: np.ndarray | None
    left: "_Left"
    allowed: np.ndarray
    allowed_left: np.ndarray


class _SeenPart:
    """A layer whose rows are seen as they are computed.

    Attributes:
        sums: over its rows, to which they are added.
    """

    def __init__(self, text: _Text, part: Attention) -> None:
        self._text, self._part, self._known = text, part, text.of_mask(part)
        left, allowed, allowed_left = self._known.left, self._known.allowed, self._known.allowed_left

        def scale_left(sums: np.ndarray, rows: slice) -> np.ndarray:
            counted, share = left.counted(sums, sums[..., 0] != 0, rows, allowed_left[:, rows])
            return np.asarray(counted / share)

        counted = (allowed[0] > 0) & text.sides.real_queries
        self.sums = SeenSums(part, counted, left.keys, (text.whole.cells, left.cells), scale_left)

    def metrics(self) -> HeadMetrics:
        """The metrics of all rows."""
        whole, part = self._text.whole, self._part
        rows = self.sums.rows(self._known.allowed)
        _, n_heads, n_rows, _ = part.matrices.shape
        places = slice(0, 1), slice(0, n_heads), slice(0, n_rows)
        sums = dict(zip(whole.cells.names, self.sums.cells, strict=True))
        if "offset" in whole.names:
            sums |= zip(DISTANCES, self.sums.distances, strict=True)
        return self._text.metrics_of(part, self._known, [(places, rows, sums, self.sums.cells_left)])


class _Left:
    """What is left of a text's attention without the keys on which heads rest; rows are divided by their sums.

    A row of which less than ``LEAST_LEFT`` is left does not count.

    Attributes:
        keys: (n_keys,), True for those on which heads do not rest.
        cells: those that some metrics add up.

    Args:
        part: some of the matrices.
        sides: their tokens.
        causal: whether no token can look at a later one.
    """

    def __init__(self, part: Attention, sides: Sides, *, causal: bool) -> None:
        places = resting_places(part, first=causal)
        # Where nothing says on which keys heads rest, some may rest on the first token.
        self._by_head = not places and part.rest is None and sides.square
        places = resting_places(part, first=True) if self._by_head else places
        self.keys = sides.real & ~reduce(np.logical_or, places.values(), ~sides.real)
        self._rows = self.keys if sides.square else sides.real_queries & ~sides.special_queries
        self._hidden = None if part.rest is None else place_of_hidden(part)
        self._places = tuple(dict.fromkeys([*([self._hidden] if self._hidden else ()), *places]))
        shares = {**places, _LEFT: self.keys, _SHARE: sides.real}
        self._shares, self._of_keys = tuple(shares), np.array(list(shares.values()), dtype=np.float64).T

        queries, keys = (np.flatnonzero(some) for some in (self._rows, self.keys))
        sides_left = sides.of_some(part, queries, keys)
        is_empty = 0 in (len(queries), len(keys))
        missing = {} if is_empty else missing_of_sides(part.kind, sides_left)
        self._missing = {name: why for name, why in missing.items() if name in PATTERN_METRICS}
        self._names = tuple(name for name in PATTERN_METRICS if name not in missing)
        names, shape = () if is_empty else self._names, (len(self._rows), len(self.keys))
        self.cells = Cells(sides_left, names, (queries, keys), shape, _MOST_EQUAL)
        self._about = self.cells.rows_about(self._names)

    def means(self, part: Attention) -> Means:
        """Empty means of the metrics of a part."""
        return Means(self._names, part.matrices.shape[:2])

    def counted(
        self, sums: np.ndarray, seen: np.ndarray, rows: slice, allowed: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Which of some rows count, and what of those is left, both (n_layers, n_heads, n_rows); 1 for the others."""
        left = sums[..., 1]
        counted = seen & (left >= LEAST_LEFT) & (self._rows[rows] & (allowed > 0))[:, None]
        return counted, np.where(counted, left, 1)

    def add(
        self,
        means: Means,
        places: BlockPlaces,
        block: RowBlock,
        allowed: np.ndarray,
        cell_sums: np.ndarray | None = None,
    ) -> None:
        """The rows of one more block of a part, with how many of the keys that are left each can attend to.

        ``cell_sums`` are those of the cells, (n_names, n_layers, n_heads), where they are known already.
        """
        layers, _, rows = places
        allowed = allowed[layers if len(allowed) > 1 else slice(None), rows]
        counted, share = self.counted(block.sums, block.seen, rows, allowed)
        scale = counted / share
        entropy = block.entropies[..., 1] * scale + np.log(share)  # that of A / share
        cell_sums = self.cells.sums(block.weights, rows, scale) if cell_sums is None else cell_sums
        sums = dict(zip(self.cells.names, cell_sums, strict=True))
        sums["entropy_ratio"] = row_sums(entropy_ratio(np.maximum(entropy, 0), allowed), counted)
        means.add(places, row_counts(counted, self._about[:, rows]), sums)

    def shares(self, part: Attention) -> Means:
        """Empty means of how much of a part's attention goes where."""
        return Means((*self._places, _LEFT, _SHARE), part.matrices.shape[:2])

    def add_shares(self, shares: Means, places: BlockPlaces, block: RowBlock, rest: np.ndarray | None) -> None:
        """Where the rows of one more block look."""
        of_keys = block.received @ self._of_keys
        sums = {name: of_keys[..., i] for i, name in enumerate(self._shares)}
        if rest is not None and self._hidden is not None:
            sums[self._hidden] = sums.get(self._hidden, 0.0) + row_sums(rest[places], block.seen)
        shares.add(places, block.seen.sum(axis=-1), sums)

    def remainder(self, metrics: HeadMetrics, means: Means, shares: Means) -> Remainder:
        """What heads do in a part all of whose blocks were added."""
        values, counts = means.result()
        share, _ = shares.result()
        places = {name: share[name] for name in self._places}
        if not self._by_head:
            return Remainder(values, counts, self._missing, share[_LEFT], places)
        is_sink = metrics.values["first"] >= _SINK
        if "entropy_ratio" in metrics.values:  # of two tokens the first gets half by chance
            is_sink &= ~(metrics.values["entropy_ratio"] >= EVEN.least)
        names = [name for name in PATTERN_METRICS if name not in metrics.missing]
        return Remainder(
            {name: np.where(is_sink, values[name], metrics.values[name]) for name in names},
            {name: np.where(is_sink, counts[name], metrics.counts[name]) for name in names},
            {name: why for name, why in metrics.missing.items() if name in PATTERN_METRICS},
            np.where(is_sink, share[_LEFT], share[_SHARE]),
            {name: np.where(is_sink, place, 0.0) for name, place in places.items()},
        )
