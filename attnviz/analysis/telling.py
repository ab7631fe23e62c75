"""Which heads say most about a text: by the attention that neither a resting place nor a distance explains."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from attnviz.analysis.choices.token_choice import TokenChoice, choose_tokens
from attnviz.analysis.matrices.parts import some_heads
from attnviz.analysis.usual import counted_cells, float_type, row_slices, usual_weights, weight_blocks
from attnviz.records import dataclass
from attnviz.trace.attention import Attention, Matrix
from attnviz.trace.heads import head_name

_NOISE = 1e-3  # less above the usual weight is rounding
N_LINKS = 4  # of a head, at most
LEAST_LINK = 0.1  # a weaker link says too little of what a head does


def telling_part(attention: Attention) -> np.ndarray:
    """What each weight is above the head's usual weight at that distance, 0 where it is below: the matrices' shape.

    Attention to special tokens, to the first token of a causal model (the sink) and of a token to itself is left out:
    heads rest there when they find nothing. The usual weight at a distance is the head's mean over all pairs of
    tokens that far apart, so that a head of one fixed distance, or of "the neighbours", has next to nothing left. Of
    cross-attention, which has no distances, the usual weight of a source token is its mean over the rows.

    Args:
        attention: weights, of tokens or of words, of every selected head.

    Returns:
        (n_layers, n_heads, n_queries, n_keys), at least 0; rows of special and padding tokens are 0.
    """
    parts = np.empty(attention.matrices.shape, float_type(attention))
    for rows, block in weight_blocks(attention):
        parts[..., rows, :] = block.part
    return parts


def telling_scores(attention: Attention) -> np.ndarray:
    """How much each head says of the text, (n_layers, n_heads) in float64: the mean over rows of the part's sums."""
    scores = [
        _mean(some, sum(block.sums for _, block in weight_blocks(some))).ravel() for some in some_heads(attention)
    ]
    return np.concatenate(scores).reshape(attention.matrices.shape[:2])


def _mean(attention: Attention, said: np.ndarray | int) -> np.ndarray:
    """The mean over the rows that can say something, of their sum (n_layers, n_heads)."""
    n_rows = sum(not (token.special or token.padding) for token in attention.queries)
    return np.zeros(attention.matrices.shape[:2]) + said / max(n_rows, 1)


class Link(NamedTuple):
    """A query that looks at a key: their indices, and the weight."""

    query: int
    key: int
    weight: float


class HeadSummary(NamedTuple):
    """What one head says: its name (``L2H8``), how much, and the links that say most, the first one most of all.

    ``strongest``: its largest weight from a word to another, which orders heads that say equally much.
    """

    name: str
    layer: int
    head: int
    score: float
    links: tuple[Link, ...]
    strongest: float = 0.0

    @property
    def rank(self) -> tuple[float, float]:
        """The least for the head that says most."""
        return -round(self.score, 6), -self.strongest


@dataclass(frozen=True, eq=False)
class Overview:
    """The head that says most about a text, and the others.

    Attributes:
        matrix: the weights of the head that says most.
        heads: every head, the one that says most first; of equal ones that with the strongest link, then the first.
    """

    matrix: Matrix
    heads: tuple[HeadSummary, ...]


def overview(parts: Iterable[Attention], choice: TokenChoice | None = None) -> Overview:
    """The heads in the order of what they say, and the matrix of the first; one part is looked at after the other.

    Args:
        parts: weights of one kind, of tokens or of words, layer by layer or some heads at a time; at least one matrix.
        choice: which rows and columns are shown: the heads say something of these alone.
    """
    heads: list[HeadSummary] = []
    best: tuple[tuple[float, float], Matrix] | None = None
    for attention in chain.from_iterable(map(some_heads, parts)):
        summaries = head_summaries(attention) if choice is None else _chosen_summaries(attention, choice)
        narrowed = attention if choice is None else choose_tokens(attention, choice)
        for matrix, head in zip(narrowed, summaries, strict=True):
            heads.append(head)
            if best is None or head.rank < best[0]:
                best = head.rank, replace(matrix, numbers=matrix.numbers.copy())
    if best is None:
        raise ValueError("no matrix to choose from")
    return Overview(best[1], tuple(sorted(heads, key=attrgetter("rank"))))


def head_summaries(attention: Attention, *, fallback: bool = False) -> list[HeadSummary]:
    """What each head says, layer by layer and head by head.

    Args:
        attention: weights, of tokens or of words, of every selected head.
        fallback: where a head's links are all explained by the distance, give its strongest ones.
    """
    return [head for some in some_heads(attention) for head in _summaries(some, fallback=fallback)]


def _summaries(attention: Attention, *, fallback: bool) -> Iterator[HeadSummary]:
    shape = attention.matrices.shape[:2]
    said, strongest = np.zeros(shape), np.zeros(shape)
    found: dict[tuple[int, ...], list[_Ranked]] = {place: [] for place in np.ndindex(*shape)}
    for rows, block in weight_blocks(attention):
        said += block.sums
        strongest = np.maximum(strongest, block.counted.max(axis=(-1, -2)))
        sizes = telling_sizes(block.part, block.weights)
        for place, ranked in found.items():
            ranked[:] = _first(ranked + _largest(sizes[place], rows.start))
    for (place, ranked), (layer, head) in zip(found.items(), attention.every_head, strict=True):
        links = _links(ranked, attention.matrices[place])
        if fallback and not any(link.weight >= LEAST_LINK for link in links):
            links = _strongest_links(attention, place)
        score = float(_mean(attention, said)[place])
        yield HeadSummary(head_name(layer, head), layer, head, score, links, float(strongest[place]))


def _strongest_links(attention: Attention, place: tuple[int, ...]) -> tuple[Link, ...]:
    """The links of one head that are largest as a table prints them: equal ones in their order."""
    cells = counted_cells(attention).cells
    cells = cells[place[0] % len(cells), 0]
    ranked: list[_Ranked] = []
    for rows in row_slices(attention):
        weights = np.where(cells[rows], attention.matrices[place][rows], 0)
        tops = weights.max(axis=-1)
        some = np.flatnonzero(tops >= _least_of_largest(tops) - 0.01)  # in the others none is among the largest
        new = _largest(weights[some].round(2))
        ranked = _first(ranked + [_Ranked(one.size, int(some[one.query]) + rows.start, one.key) for one in new])
    return tuple(Link(query, key, -float(size)) for size, query, key in ranked)


def _chosen_summaries(attention: Attention, choice: TokenChoice) -> list[HeadSummary]:
    """What each head says in the rows and columns that are chosen; links have the indices that are left.

    The usual weights are those of the whole text. Where all columns are shown, a link counts that gets more than all
    special tokens. Where the head says nothing, its largest weights are its links.
    """
    rows, columns = (np.flatnonzero(kept) for kept in choice.kept(attention.queries, attention.keys))
    cells = np.ix_(rows, columns)
    parts = telling_part(attention)
    if choice.columns is None:
        special = np.array([token.special for token in attention.keys])
        parts = np.where(attention.matrices > attention.matrices[..., special].sum(-1, keepdims=True), parts, 0.0)
    heads = []
    for (i, j), (layer, head) in zip(np.ndindex(*attention.head_shape), attention.every_head, strict=True):
        weights, part = attention.matrices[i, j][cells], parts[i, j][cells]
        links = telling_links(part, weights) or telling_links(weights, weights)
        score = float(part.sum(axis=-1).mean())
        heads.append(HeadSummary(head_name(layer, head), layer, head, score, links, float(weights.max())))
    return heads


def telling_links(part: np.ndarray, weights: np.ndarray) -> tuple[Link, ...]:
    """The links of one head that say most: large weights, at least half of which the distance does not explain.

    Args:
        part: the head's part of ``telling_part``, (n_queries, n_keys).
        weights: its weights, (n_queries, n_keys).
    """
    return _links(_largest(telling_sizes(part, weights)), weights)


class _Ranked(NamedTuple):
    """A cell, ordered by its size: the largest first, equal ones in their order; ``size`` is negative."""

    size: float
    query: int
    key: int


def _first(ranked: list[_Ranked]) -> list[_Ranked]:
    return sorted(ranked)[:N_LINKS]


def _largest(sizes: np.ndarray, start: int = 0) -> list[_Ranked]:
    """The largest cells of (n_queries, n_keys) above noise; ``start`` is the first query."""
    tops = sizes.max(axis=-1, initial=0)
    least = _least_of_largest(tops)
    some = np.flatnonzero((tops >= least) & (tops > _NOISE))
    queries, keys = np.nonzero((sizes[some] >= least) & (sizes[some] > _NOISE))
    numbers = sizes[some[queries], keys]
    order = np.argsort(-numbers, kind="stable")[:N_LINKS]
    cells = zip(-numbers[order], some[queries[order]] + start, keys[order], strict=True)
    return [_Ranked(float(size), int(query), int(key)) for size, query, key in cells]


def _least_of_largest(tops: np.ndarray) -> float:
    """A bound that the largest cells reach, of the largest of each row: so many rows have a cell as large.

    0 where there are fewer rows, as a row may have several of the largest cells.
    """
    return float(np.partition(tops, -N_LINKS)[-N_LINKS]) if len(tops) >= N_LINKS else 0.0


def _links(ranked: list[_Ranked], weights: np.ndarray) -> tuple[Link, ...]:
    return tuple(Link(query, key, float(weights[query, key])) for _, query, key in ranked)


def telling_sizes(part: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """How much each link says: its weight, but no more than twice what the distance does not explain.

    Args:
        part: of ``telling_part``; any shape.
        weights: the weights, in the shape of ``part``.
    """
    sizes: np.ndarray = np.minimum(weights, 2 * part)  # 0 where the part is 0
    return sizes


def strongest_telling(matrix: Matrix) -> Link | None:
    """The link of one head that says most of those that are the strongest of their row, and beat special tokens.

    Where none says anything, the strongest link of a token to another, to the first token of a causal model last of
    all; None where special tokens always get more.
    """
    attention, numbers = _alone(matrix), matrix.numbers
    least = np.maximum(numbers.max(axis=-1, keepdims=True), np.finfo(numbers.dtype).tiny)
    places = queries, keys = np.nonzero(numbers >= least)  # few: of a long text the other cells are not looked at
    if matrix.rest is not None and not matrix.keys_chosen:
        beats = numbers[places] > matrix.rest[queries]
        places = queries, keys = queries[beats], keys[beats]
    weights = numbers[places]
    counts = counted_cells(attention)
    usual = usual_weights(attention, counts)[0, 0]
    cells = [counts.cells[0, 0][places], counts.between_words[0][places]]
    cells += [np.ones(len(weights), dtype=np.bool_)] * matrix.keys_chosen  # special tokens too, where asked for
    above = np.maximum(weights - usual[places], 0)
    for part in (np.where(cells[0], above, 0.0), *(np.where(some, weights, 0.0) for some in cells)):
        sizes = telling_sizes(part, weights)
        if sizes.max(initial=0.0) > _NOISE:
            strongest = int(sizes.argmax())
            return Link(int(queries[strongest]), int(keys[strongest]), float(weights[strongest]))
    return None


def _alone(matrix: Matrix) -> Attention:
    """One matrix as attention of one head."""
    return Attention(
        matrices=matrix.numbers[None, None],
        queries=matrix.queries,
        keys=matrix.keys,
        layers=(0,),
        heads=(0,),
        model=matrix.model,
        kind=matrix.kind,
        masked=None if matrix.masked is None else matrix.masked[None],
    )
