"""The one attention function: self-attention is the case where queries and keys come from the same text."""

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np

from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.norms import normalize
from attnviz.encoder.ops import softmax
from attnviz.encoder.parameters.params import Params
from attnviz.encoder.positions import rotate
from attnviz.encoder.products import of_rows
from attnviz.encoder.scoring import attention_scores

# A part of the block is a generator: it yields (name, array) as it computes, and returns its output. Who stops asking
# stops the computation, and who prints the steps runs the same code as who wants the result. Scores and weights come
# some heads at a time where all of them would take much memory; scores are good only until the next step is asked for.
Steps = Generator[tuple[str, np.ndarray], None, np.ndarray]

_AT_ONCE = 1 << 22  # scores that are held at a time, or one head's if those are more


@dataclass(frozen=True, eq=False)
class Geometry:
    """What positions and masks say about one attention, the same for every layer of its kind.

    Attributes:
        allowed: (n_q, n_k), of a batch (n_texts, 1, n_q, n_k), True where a query may attend to a key; None for
            everywhere.
        bias: (n_heads, n_q, n_k), added to the scaled scores; None for nothing.
        angles: (n, rotary_dims / 2), by which q and k are turned; None for not at all.
        normed: whether the part has a norm before it, where norms come first.
    """

    allowed: np.ndarray | None = None
    bias: np.ndarray | None = None
    angles: np.ndarray | None = None
    normed: bool = True


def attention(x: np.ndarray, source: np.ndarray, params: Params, config: EncoderConfig, geometry: Geometry) -> Steps:
    """Multi-head attention, softmax(score(Q, K)) V W_O (Vaswani et al. 2017, section 3.2).

    Args:
        x: (..., n_q, d_model), where the queries come from.
        source: (..., n_k, d_model), where the keys and values come from.
        params: ``wq wk wv wo``, their biases, ``score_w``, ``q_norm`` and ``k_norm``.
        config: the block's fields.
        geometry: positions and masks.

    Yields:
        ``q``, ``k``, then for some heads at a time ``scores`` and ``weights`` (after the first weights ``v``), then
        ``z`` and ``attn_out``, with the shapes of ``LayerTrace``; of some heads: (..., some, n_q, n_k).
    """
    q = split_heads(linear(x, params, "q", bias=config.qkv_bias), config.n_heads)
    k = split_heads(linear(source, params, "k", bias=config.qkv_bias), config.n_kv_heads)
    if config.qk_norm:
        q, k = normalize(q, params.at("q_norm"), config), normalize(k, params.at("k_norm"), config)
    if geometry.angles is not None:
        q, k = rotate(q, geometry.angles), rotate(k, geometry.angles)
    yield "q", q
    yield "k", k

    group = config.n_heads // config.n_kv_heads
    k = share_heads(k, group)
    v, z = None, np.empty_like(q)
    score_w = params["score_w"] if config.score == "additive" else None
    masked = None if geometry.allowed is None else ~geometry.allowed
    for heads in _some_heads(q, k):
        ours = np.s_[..., heads, :, :]
        scores = attention_scores(q[ours], k[ours], config, None if score_w is None else score_w[heads])
        if geometry.bias is not None:
            scores += geometry.bias[heads]
        if masked is not None:
            np.copyto(scores, -np.inf, where=masked)
        yield "scores", scores

        weights = softmax(scores, out=scores)
        yield "weights", weights

        if v is None:  # not before anyone may have had enough
            v = split_heads(linear(source, params, "v", bias=config.qkv_bias), config.n_kv_heads)
            yield "v", v
            v = share_heads(v, group)

        np.matmul(weights, v[ours], out=z[ours])
        del scores, weights  # before the next heads take as much again
    yield "z", z

    attn_out = linear(merge_heads(z), params, "o", bias=config.out_bias)
    yield "attn_out", attn_out
    return attn_out


def _some_heads(q: np.ndarray, k: np.ndarray) -> Iterator[slice]:
    """The heads in order, as many at a time as ``_AT_ONCE`` allows; none is left out, whatever it takes."""
    n_heads = q.shape[-3]
    step = max(1, _AT_ONCE // (math.prod(q.shape[:-3]) * q.shape[-2] * k.shape[-2]))
    return (slice(start, min(start + step, n_heads)) for start in range(0, n_heads, step))


def linear(x: np.ndarray, params: Params, name: str, *, bias: bool) -> np.ndarray:
    """x W + b, with ``w{name}`` and ``b{name}``: one matrix product for all rows of x (..., width)."""
    y = of_rows(x, params[f"w{name}"])
    if bias:
        y += params[f"b{name}"]
    return y


def split_heads(x: np.ndarray, n_heads: int) -> np.ndarray:
    """(..., n, n_heads * d_head) to (..., n_heads, n, d_head)."""
    return np.swapaxes(x.reshape(*x.shape[:-1], n_heads, -1), -2, -3)


def merge_heads(z: np.ndarray) -> np.ndarray:
    """(..., n_heads, n, d_head) to (..., n, n_heads * d_head): the concatenation of the heads."""
    z = np.swapaxes(z, -2, -3)
    return z.reshape(*z.shape[:-2], -1)


def share_heads(x: np.ndarray, group: int) -> np.ndarray:
    """Grouped-query attention (Ainslie et al. 2023): each key-value head serves ``group`` query heads in a row."""
    return x if group == 1 else np.repeat(x, group, axis=-3)
