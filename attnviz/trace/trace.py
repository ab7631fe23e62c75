"""What a run kept of its computation."""

from collections.abc import Mapping
from dataclasses import field

import numpy as np

from attnviz.records import dataclass


class _Arrays:
    """Arrays by name, some of which a run kept."""

    def kept(self, name: str) -> np.ndarray:
        """An array that the run was asked to keep.

        Raises:
            KeyError: it was not kept.
        """
        array: np.ndarray | None = getattr(self, name)
        if array is None:
            raise KeyError(f"the trace does not hold {name}; ask the run for it")
        return array


@dataclass(frozen=True, eq=False)
class LayerTrace(_Arrays):
    """What one attention part of one layer computed; None where nothing asked for it.

    Shapes, with n tokens (n_q queries and n_k keys in cross-attention):
        resid_pre (n, d_model): what enters the layer.
        norm1, norm2, norm3 (n, d_model): the norms' outputs.
        norm1_out, norm2_out, norm3_out (n, d_model): the parts' outputs, normed, where norms are on both sides.
        q (n_heads, n_q, d_head); k (n_kv_heads, n_k, d_head), rotated where positions are rotary; v (n_kv_heads, n_k,
            d_v).
        scores, weights (n_heads, n_q, n_k): before softmax (scaled, biased, masked with -inf); after it.
        z (n_heads, n_q, d_v): weighted sum of the values, per head.
        attn_out (n_q, d_model): after concatenation and W_O.
        resid_mid (n_q, d_model): the residual sum after the attention.
        ffn_hidden (n, d_ff), ffn_out (n, d_model), resid_post (n, d_model): the feed-forward part and its residual sum.
        routing (n, n_experts): instead of ffn_hidden, each token's shares of the experts.
        conv_out (n, d_model): the convolution's output, where the first layer has one.
        out (n, d_model): what leaves the layer.

    A decoder layer has two of these: kind ``decoder`` (its self-attention and feed-forward) and kind ``cross``
    (its cross-attention, with ``norm2`` and a ``resid_mid`` of its own).
    """

    kind: str
    layer: int
    resid_pre: np.ndarray | None = None
    norm1: np.ndarray | None = None
    q: np.ndarray | None = None
    k: np.ndarray | None = None
    v: np.ndarray | None = None
    scores: np.ndarray | None = None
    weights: np.ndarray | None = None
    z: np.ndarray | None = None
    attn_out: np.ndarray | None = None
    resid_mid: np.ndarray | None = None
    norm2: np.ndarray | None = None
    norm3: np.ndarray | None = None
    norm1_out: np.ndarray | None = None
    norm2_out: np.ndarray | None = None
    norm3_out: np.ndarray | None = None
    ffn_hidden: np.ndarray | None = None
    routing: np.ndarray | None = None
    ffn_out: np.ndarray | None = None
    resid_post: np.ndarray | None = None
    conv_out: np.ndarray | None = None
    out: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class EmbeddingTrace(_Arrays):
    """What went into a stack, (n, d_model) or (n, d_embed); None where nothing asked for it, or there is no such part.

    Attributes:
        kind: ``encoder`` or ``decoder``.
        token_vectors: scaled.
        positions: (n,), where some tokens have none (``pad_id``): each token's, or -1.
        position_vectors: added to them.
        segment_vectors: added to them, where there is a table of segments.
        embedding_sum: their sum, where a norm follows.
        unprojected: what is projected to d_model, (n, d_embed), where that comes last.
        embedded: what enters the first layer, (n, d_model).
    """

    kind: str
    token_vectors: np.ndarray | None = None
    positions: np.ndarray | None = None
    position_vectors: np.ndarray | None = None
    segment_vectors: np.ndarray | None = None
    embedding_sum: np.ndarray | None = None
    unprojected: np.ndarray | None = None
    embedded: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Trace:
    """What a run kept: ``trace["encoder", 0].weights``, ``trace.embeddings["encoder"].embedded``.

    Attributes:
        layers: by kind and layer.
        embeddings: by kind (``encoder``, ``decoder``).
        outputs: by kind, what left the stack (n, d_model), after the final norm where there is one.
    """

    layers: Mapping[tuple[str, int], LayerTrace]
    embeddings: Mapping[str, EmbeddingTrace] = field(default_factory=dict)
    outputs: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __getitem__(self, key: tuple[str, int]) -> LayerTrace:
        return self.layers[key]
