"""The one attention function: self-attention is the case where queries and keys come from the same text."""

import math
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import TypeAlias

import numpy as np

from attnviz.encoder.config.block import Block
from attnviz.encoder.long import head_rows
from attnviz.encoder.long.head_rows import Asked, by_rows
from attnviz.encoder.masks import Packing
from attnviz.encoder.ops import softmax, softmax_with_sink
from attnviz.encoder.parameters.params import Array, Params
from attnviz.encoder.positions.disentangled import OffsetHeads, Offsets
from attnviz.encoder.positions.rotary import rotate
from attnviz.encoder.projections import linear, project_heads, split_heads
from attnviz.encoder.scoring import Scoring, attention_scores, capped
from attnviz.records import dataclass

# A part of the block is a generator: it yields (name, array) as it computes, and returns its output. A caller that
# stops asking stops the computation; one that prints the steps runs the same code as one that wants the result. Scores
# and weights come in groups of heads, to save memory. Scores are valid only until the next step.
Steps: TypeAlias = Generator[tuple[str, Array], None, Array]

_AT_ONCE = 1 << 22  # scores in memory at a time, or one head's if those are more


@dataclass(frozen=True, eq=False)
class Past:
    """The keys and values of one layer that were computed before: the key-value cache of a text that grows.

    Attributes:
        k: (..., n_kv_heads, n_past, d_head), rotated where positions are rotary.
        v: (..., n_kv_heads, n_past, d_v).
        complete: whether they are all that queries can see, as in cross-attention; otherwise those of the new tokens
            follow them.
    """

    k: Array
    v: Array
    complete: bool = False


@dataclass(frozen=True, eq=False)
class Geometry:
    """The positions and masks of one attention, the same for every layer of its kind.

    Attributes:
        allowed: (n_q, n_k), in a batch (n_texts, 1, n_q, n_k), True where a query may attend to a key; None for
            everywhere.
        bias: (n_heads, n_q, n_k), added to the scaled scores; None for no bias.
        rotations: (n, pairs), complex, by which the pairs of q and k are multiplied; None for no rotation.
        offsets: the vectors of offsets between tokens, for disentangled attention; None for none.
        padding: (n,), in a batch (n_texts, n), True where a place only fills the length; None for none.
        normed: whether the part has a norm before it, where norms come first.
        past: keys and values that are known already; None for none.
        asked: what is asked for; None for everything.
        packing: of a batch whose vectors x are those of its texts alone, (n_rows, d_model); None for (..., n, d_model).
    """

    allowed: Array | None = None
    bias: Array | None = None
    rotations: Array | None = None
    offsets: Offsets | None = None
    padding: Array | None = None
    normed: bool = True
    past: Past | None = None
    packing: Packing | None = None
    asked: Asked | None = None


def attention(x: Array, source: Array, params: Params, config: Block, geometry: Geometry) -> Steps:
    """Multi-head attention, softmax(score(Q, K)) V W_O (Vaswani et al. 2017, section 3.2).

    Args:
        x: (..., n_q, d_model), the source of the queries.
        source: (..., n_k, d_model), the source of the keys and values.
        params: ``wq wk wv wo``, their biases, ``score_w``, ``sink``, and what ``project_heads`` takes.
        config: the block's fields.
        geometry: positions and masks.

    Yields:
        ``q``, ``k``, then ``scores`` and ``weights`` of one group of heads after another, (..., some, n_q, n_k), with
        ``v`` after the first weights, then ``z`` and ``attn_out``; other shapes as in ``LayerTrace``. Keys and values
        that are known already are part of ``k`` and ``v``.
    """
    q = project_heads(x, params, "q", config.n_heads, config, geometry.packing)  # (n_heads, n_q, d_head)
    q = q if geometry.rotations is None else rotate(q, geometry.rotations)  # shape as before
    k = _keys(source, params, config, geometry)  # (n_kv_heads, n_k, d_head)
    yield "q", q
    yield "k", k

    group = config.n_heads // config.n_kv_heads
    z = _empty_heads(q, config.d_v)  # (n_heads, n_q, d_v)
    values = partial(_values, source, params, config, geometry)
    score = _scoring(q, repeat_kv(k, group), params, config, geometry)
    sink = params["sink"] if config.attention.sink else None  # (n_heads,)
    if geometry.asked is not None and _comes_in_rows(geometry, q, k):
        v = repeat_kv(values(), group) if "z" in geometry.asked.names else None
        yield from by_rows(score, k.shape[-2], v, z, sink, geometry.asked)
    else:
        yield from _by_heads(score, _head_groups(q, k), values, z, sink, group, geometry.asked)
    yield "z", z  # (n_heads, n_q, d_v)

    merged = merge_heads(z, geometry.packing)  # (n_q, n_heads * d_v)
    attn_out = linear(merged, params, "o", bias=config.biases.out)  # (n_q, d_model)
    yield "attn_out", attn_out
    return attn_out


def _scoring(q: Array, k: Array, params: Params, config: Block, geometry: Geometry) -> Scoring:
    """How the scores of this attention are made."""
    score_w = params["score_w"] if config.attention.score == "additive" else None  # (n_heads, d_head)
    offsets = None if geometry.offsets is None else offset_heads(geometry.offsets, params, config)
    masked = None if geometry.allowed is None else ~geometry.allowed  # (n_q, n_k), the same for every head

    def score(heads: slice, rows: slice) -> Array:
        of_q, of_k = q[..., heads, rows, :], k[..., heads, :, :]
        scores = attention_scores(of_q, of_k, config, None if score_w is None else score_w[heads])
        for added in () if offsets is None else offsets.parts(of_q, of_k, heads, config.score_factor):
            scores += added
        if config.attention.score_cap is not None:
            scores = capped(scores, config.attention.score_cap)
        if geometry.bias is not None:
            scores += geometry.bias[heads, rows]  # (some, n_rows, n_k)
        if masked is not None:
            np.copyto(scores, -np.inf, where=masked[..., rows, :])
        return scores

    return score


def _by_heads(
    score: Scoring,
    groups: Iterator[slice],
    values: Callable[[], Array],
    z: Array,
    sink: Array | None,
    group: int,
    asked: Asked | None,
) -> Iterator[tuple[str, Array]]:
    """Scores, weights and ``z`` of some heads after others, of the heads asked for; ``v`` after the first weights."""
    v = None
    for heads in groups:
        some: list[int] | slice = slice(None)
        if asked is not None and asked.heads is not None:
            some = [head - heads.start for head in asked.heads if heads.start <= head < heads.stop]
        scores = score(heads, slice(None))  # (some, n_q, n_k)
        if some and (asked is None or "scores" in asked.names):
            yield "scores", scores[..., some, :, :]
        # (some, n_q, n_k), over the keys
        weights = softmax(scores, out=scores) if sink is None else softmax_with_sink(scores, sink[heads])
        if some:
            yield "weights", weights[..., some, :, :]
        if v is None:  # a caller that wants only weights has stopped by now
            v = values()
            yield "v", v  # (n_kv_heads, n_k, d_v)
            v = repeat_kv(v, group)  # (n_heads, n_k, d_v)
        part = (..., heads, slice(None), slice(None))  # some heads, all tokens, all of their width
        np.matmul(weights, v[part], out=z[part])  # (some, n_q, n_k) @ (some, n_k, d_v) -> (some, n_q, d_v)
        del scores, weights  # free them before the next heads need as much


def _comes_in_rows(geometry: Geometry, q: Array, k: Array) -> bool:
    """Whether rows are worked on some at a time: of a text whose matrices are long, and where somebody sees rows."""
    if geometry.asked is None or q.ndim > 3 or geometry.offsets is not None:
        return False
    is_long = q.shape[-2] * k.shape[-2] > head_rows.AT_ONCE // 4  # shorter ones are quicker with several heads together
    return geometry.asked.see is not None or (is_long and geometry.asked.names.isdisjoint(("scores", "v")))


def _keys(source: Array, params: Params, config: Block, geometry: Geometry) -> Array:
    """The keys of the source, rotated, after those that are known already."""
    past = geometry.past
    if past is not None and past.complete:
        return past.k
    k = project_heads(source, params, "k", config.n_kv_heads, config, geometry.packing)
    k = k if geometry.rotations is None else rotate(k, geometry.rotations)
    return k if past is None else np.concatenate([past.k, k], axis=-2)


def _values(source: Array, params: Params, config: Block, geometry: Geometry) -> Array:
    """The values of the source, after those that are known already."""
    past = geometry.past
    if past is not None and past.complete:
        return past.v
    v = project_heads(source, params, "v", config.n_kv_heads, config, geometry.packing)
    return v if past is None else np.concatenate([past.v, v], axis=-2)


def offset_heads(offsets: Offsets, params: Params, config: Block) -> OffsetHeads:
    """The keys and queries that a layer makes of offsets, (n_heads, 2n, d_head) each (He et al. 2021, equation 4)."""
    shared, bias = config.disentangled.share, config.biases.qkv
    rows, parts = offsets.rows, config.disentangled.parts
    keys = queries = None
    if "c2p" in parts:
        keys = split_heads(linear(offsets.vectors, params, "k" if shared else "pk", bias=bias), config.n_kv_heads)
        keys = repeat_kv(keys, config.n_heads // config.n_kv_heads)[:, np.append(rows[-2::-1], rows[0])]
    if "p2c" in parts:
        queries = split_heads(linear(offsets.vectors, params, "q" if shared else "pq", bias=bias), config.n_heads)
        queries = queries[:, rows]
    return OffsetHeads(keys, queries)


def _head_groups(q: Array, k: Array) -> Iterator[slice]:
    """The heads in order, as many at a time as ``_AT_ONCE`` allows, at least one."""
    n_heads = q.shape[-3]
    step = max(1, _AT_ONCE // (math.prod(q.shape[:-3]) * q.shape[-2] * k.shape[-2]))
    return (slice(start, min(start + step, n_heads)) for start in range(0, n_heads, step))


def _empty_heads(q: Array, width: int) -> Array:
    """Room for (..., n_heads, n_q, width), with the heads of a token side by side in memory: they merge for nothing."""
    n_heads, n_q = q.shape[-3:-1]
    return split_heads(np.empty((*q.shape[:-3], n_q, n_heads * width), q.dtype), n_heads)


def merge_heads(z: Array, packing: Packing | None = None) -> Array:
    """(..., n_heads, n, d_head) to (..., n, n_heads * d_head), or packed: the concatenation of the heads."""
    z = np.swapaxes(z, -2, -3)  # (..., n, n_heads, d_head)
    merged = z.reshape(*z.shape[:-2], -1)  # (..., n, n_heads * d_head)
    return merged if packing is None else packing.packed(merged)


def repeat_kv(x: Array, group: int) -> Array:
    """(..., n_kv_heads, n, d_head) to (..., n_kv_heads * group, n, d_head): grouped-query attention.

    Each key-value head serves ``group`` neighbouring query heads (Ainslie et al. 2023).
    """
    return x if group == 1 else np.repeat(x, group, axis=-3)
