"""What a layer's output loses with a token's value, and what the model's output loses with a head."""

import numpy as np

from attnviz.analysis.compare import cosine_distance
from attnviz.analysis.matrices.rerun import Ran, layer_output, rerun_addresses, stack_output, variants_at_once
from attnviz.encoder.attention import repeat_kv
from attnviz.encoder.config.block import Block
from attnviz.encoder.embedding import Sequence
from attnviz.encoder.parameters.params import Params
from attnviz.encoder.stack import Address, run


def zeroing_addresses(kind: str, layer: int) -> frozenset[Address]:
    """The arrays that a trace must hold for ``zeroing``."""
    return rerun_addresses(kind, layer) | {Address(kind, layer, name) for name in ("weights", "v", "z")}


def zeroing(ran: Ran, kind: str, layer: int) -> np.ndarray:
    """C[i,j] = 1 - cos(y_i, y_i with v_j set to 0 in every head), rows divided by their sum: (n_q, n_k) float64.

    y is what leaves the layer, after residual sums, norms and feed-forward, before the final norm (Mohebbi et al. 2023,
    "Quantifying Context Mixing in Transformers", section 3). v_j is set to 0 with its bias. Queries and keys stay, so
    that only z changes: by A[h,i,j] v_j. A row in which nothing changes stays 0.

    Args:
        ran: a run whose trace holds ``zeroing_addresses``.
        kind: ``encoder``, ``decoder`` (through the cross-attention that follows) or ``cross``.
        layer: its number.
    """
    own, config = ran.trace[kind, layer], ran.config.of_kind(kind)
    v = repeat_kv(own.kept("v"), config.n_heads // config.n_kv_heads)
    weights, z = own.kept("weights"), own.kept("z")
    whole = layer_output(ran, kind, layer, z)
    n_queries, n_keys = weights.shape[-2:]
    changes = np.empty((n_queries, n_keys))
    step = variants_at_once(ran, kind)
    for start in range(0, n_keys, step):
        keys = slice(start, start + step)
        lost = np.einsum("hik,hkd->khid", weights[:, :, keys], v[:, keys])
        changes[:, keys] = cosine_distance(whole, layer_output(ran, kind, layer, z - lost)).T
    changes[np.all(weights == 0, axis=0)] = 0  # nothing was taken away: not even rounding may differ
    total = changes.sum(axis=-1, keepdims=True)
    return changes / np.where(total == 0, 1, total)


def ablation(
    params: Params,
    config: Block,
    kind: str,
    source: Sequence,
    target: Sequence | None = None,
    *,
    layers: tuple[int, ...],
    heads: tuple[int, ...],
) -> np.ndarray:
    """Mean over tokens of 1 - cos(output, output with a head's z set to 0), (n_layers, n_heads) float64.

    The output is the model's: what leaves the encoder (kind ``encoder``) or the decoder (``decoder``, ``cross``), after
    the final norm. A stand-in without gradients for the head importance of Michel et al. 2019. Places that only fill
    the length do not count. Each layer is rerun for all its heads together, from its attention on.

    Args:
        params: the whole model's.
        config: the block's fields.
        kind: which attention's heads.
        source: what enters the encoder.
        target: what enters the decoder; None for kind ``encoder``.
        layers: the layers whose heads are silenced, in the order of the result's rows.
        heads: the heads, one at a time, in the order of its columns.
    """
    stack = "encoder" if kind == "encoder" else "decoder"
    addresses = {Address(stack, None, "output")}
    addresses |= {address for layer in layers for address in rerun_addresses(kind, layer)}
    addresses |= {Address(kind, layer, "z") for layer in layers}
    trace = run(params, config, addresses, source, None if kind == "encoder" else target)
    ran = Ran(params, config, trace, source, target)
    output = trace.outputs[stack]
    padding = ran.entering(kind).padding
    real = np.ones(len(output), dtype=bool) if padding is None else ~padding
    step = variants_at_once(ran, kind)
    changes = np.empty((len(layers), len(heads)))
    for i, layer in enumerate(layers):
        for start in range(0, len(heads), step):
            some = slice(start, start + step)
            silenced = _without_heads(ran, kind, layer, heads[some])
            changes[i, some] = cosine_distance(output, silenced)[:, real].mean(axis=-1)
    return changes


def _without_heads(ran: Ran, kind: str, layer: int, heads: tuple[int, ...]) -> np.ndarray:
    """The stack's output with each of the heads silenced alone, (len(heads), n, d_model)."""
    z = np.repeat(ran.trace[kind, layer].kept("z")[None], len(heads), axis=0)
    z[np.arange(len(heads)), heads] = 0
    return stack_output(ran, kind, layer, layer_output(ran, kind, layer, z))
