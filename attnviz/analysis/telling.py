"""Which heads say most about a text: by the attention that neither a resting place nor a distance explains."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from attnviz.analysis.choices.token_choice import TokenChoice, choose_tokens
from attnviz.analysis.matrices.parts import some_heads
from attnviz.analysis.resting import is_square
from attnviz.records import dataclass
from attnviz.trace.attention import Attention, Matrix
from attnviz.trace.heads import head_name
from attnviz.trace.tokens import token_numbers

_NOISE = 1e-3  # less above the usual weight is rounding
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
    counts = _counting(attention)
    weights = np.where(counts, attention.matrices, 0.0)
    if not is_square(attention):
        above: np.ndarray = np.maximum(weights - _column_means(attention, weights), 0.0)
        return above
    usual = _diagonal_sums(weights) / np.maximum(_diagonal_sums(counts), 1)
    n = weights.shape[-1]
    for i in range(n):  # where no key counts there is nothing above the usual
        row = weights[..., i, :]
        np.maximum(row - usual[..., n - 1 - i : 2 * n - 1 - i], 0.0, out=row)
    return weights


def _diagonal_sums(matrices: np.ndarray) -> np.ndarray:
    """The sums over pairs that are equally far apart, (..., 2n - 1), of (..., n, n); the main diagonal's at n - 1."""
    n = matrices.shape[-1]
    sums = np.zeros((*matrices.shape[:-2], 2 * n - 1))
    for i in range(n):
        sums[..., n - 1 - i : 2 * n - 1 - i] += matrices[..., i, :]
    return sums


def telling_scores(attention: Attention) -> np.ndarray:
    """How much each head says of the text, (n_layers, n_heads): the mean over rows of ``telling_part``'s sums."""
    scores = [_scores(some, telling_part(some)).ravel() for some in some_heads(attention)]
    return np.concatenate(scores).reshape(attention.matrices.shape[:2])


def _scores(attention: Attention, part: np.ndarray) -> np.ndarray:
    rows = np.array([not (token.special or token.padding) for token in attention.queries])
    means: np.ndarray = part[:, :, rows].sum(axis=-1).mean(axis=-1) if rows.any() else np.zeros(part.shape[:2])
    return means


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
    parts = telling_part(attention)
    scores, usable = _scores(attention, parts), _counting(attention)
    for (i, j), (layer, head) in zip(np.ndindex(*attention.head_shape), attention.every_head, strict=True):
        weights = attention.matrices[i, j]
        links = telling_links(parts[i, j], weights)
        if fallback and not any(link.weight >= LEAST_LINK for link in links):
            rounded = np.where(usable[i % len(usable), 0], weights, 0.0).round(2)  # equal ones in their order
            links = telling_links(rounded, rounded)
        strongest = float(np.where(usable[i % len(usable), 0], weights, 0.0).max())
        yield HeadSummary(head_name(layer, head), layer, head, float(scores[i, j]), links, strongest)


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


def telling_links(part: np.ndarray, weights: np.ndarray, n: int = 4) -> tuple[Link, ...]:
    """The links of one head that say most: large weights, at least half of which the distance does not explain.

    Args:
        part: the head's part of ``telling_part``, (n_queries, n_keys).
        weights: its weights, (n_queries, n_keys).
        n: how many at most.
    """
    telling = telling_sizes(part, weights).ravel()
    candidates = np.flatnonzero(telling > _NOISE)
    places = candidates[np.argsort(-telling[candidates], kind="stable")][:n].tolist()
    cells = [divmod(place, weights.shape[1]) for place in places]
    return tuple(Link(query, key, float(weights[query, key])) for query, key in cells)


def telling_sizes(part: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """How much each link says: its weight, but no more than twice what the distance does not explain.

    Args:
        part: of ``telling_part``; any shape.
        weights: the weights, in the shape of ``part``.
    """
    sizes: np.ndarray = np.where(part > 0, np.minimum(weights, 2 * part), 0.0)
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
    cells = [_counting(attention)[0, 0][places], _between_words(attention)[0][places]]
    cells += [np.ones(len(weights), dtype=np.bool_)] * matrix.keys_chosen  # special tokens too, where asked for
    for part in (telling_part(attention)[0, 0][places], *(np.where(some, weights, 0.0) for some in cells)):
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


def _counting(attention: Attention) -> np.ndarray:
    """The cells that can say something, broadcast over heads: (1 or n_layers, 1, n_queries, n_keys)."""
    allowed = _between_words(attention)
    if attention.kind != "cross" and attention.masked is not None:
        queries, keys = (np.array(token_numbers(side)) for side in (attention.queries, attention.keys))
        later = keys > queries[:, None]
        causal = later.any() & (attention.masked | ~later).all(axis=(-1, -2))
        start = next((i for i, token in enumerate(attention.keys) if not token.padding), 0)
        if is_square(attention) or keys[start] == 0:  # where keys were chosen, the first one need not be the sink
            allowed[causal, :, start] = False
    return allowed[:, None]


def _between_words(attention: Attention) -> np.ndarray:
    """The cells of one word and another that is not masked: (1 or n_layers, n_queries, n_keys)."""
    queries, keys = (
        np.array([not (token.special or token.padding) for token in side])
        for side in (attention.queries, attention.keys)
    )
    cells = queries[:, None] & keys
    if attention.kind != "cross":
        cells &= np.array(token_numbers(attention.queries))[:, None] != token_numbers(attention.keys)
    allowed: np.ndarray = cells[None] & ~(np.zeros((1, 1, 1), bool) if attention.masked is None else attention.masked)
    return allowed


def _column_means(attention: Attention, weights: np.ndarray) -> np.ndarray:
    counts = np.broadcast_to(_counting(attention), weights.shape).sum(axis=-2, keepdims=True)
    means: np.ndarray = weights.sum(axis=-2, keepdims=True) / np.maximum(counts, 1)
    return means
