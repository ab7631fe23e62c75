"""XGLM (Lin et al. 2021): pre-norm and causal, with sinusoids as fairseq computes them."""

import math
from dataclasses import replace

import numpy as np

from attnviz.checkpoints.huggingface.families import opt
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.settings import Settings, activation_from, causal, scale_embedding, size_from
from attnviz.encoder.parameters.shapes import Shape

_OFFSET = 2  # the first token's position


def fairseq_sinusoids(shape: Shape, first: int, pad_id: int) -> np.ndarray:
    """Sines in the first half and cosines in the second, (n, d_model), in float32 as the published code has them.

    Args:
        shape: of the table.
        first: the position of its first row.
        pad_id: the position whose row is 0.
    """
    n, width = shape
    half = width // 2
    powers = np.arange(half, dtype=np.float32) * np.float32(-math.log(10000) / max(half - 1, 1))
    rates = np.exp(powers.astype(np.float64)).astype(np.float32)  # rounded as in PyTorch, on every machine
    positions = np.arange(first, n + first)
    angles = positions.astype(np.float32)[:, None] * rates  # (n, half)
    table = np.zeros(shape, np.float32)
    table[:, :half], table[:, half : 2 * half] = np.sin(angles), np.cos(angles)
    table[positions == pad_id] = 0
    return table


def _positions(settings: Settings, shape: Shape) -> np.ndarray:
    return fairseq_sinusoids(shape, _OFFSET, settings.number("pad_token_id", 1))


FAMILY = replace(
    opt.FAMILY,
    name="XGLM",
    paper="Lin et al. 2021",
    example="facebook/xglm-564M",
    fields={
        "n_layers": size_from("num_layers"),
        "n_heads": size_from("attention_heads"),
        "d_model": size_from("d_model"),
        "d_ff": size_from("ffn_dim"),
        "n_vocab": size_from("vocab_size"),
        "n_ctx": size_from("max_position_embeddings", 2048),
        "mask": causal,
        "position": "learned",
        "embed_scale": scale_embedding(default=True),
        "norm_placement": "pre",
        "norm_eps": 1e-5,
        "activation": activation_from("activation_function", "gelu"),
    },
    more=lambda settings: {},  # noqa: ARG005
    modules={
        name: theirs for name, theirs in opt.FAMILY.modules.items() if name not in ("embed.positions", "embed.project")
    }
    | {"final_norm": "layer_norm"},
    computed={"embed.positions": _positions},
    zero=(),
    aliases={"num_hidden_layers": "num_layers", "num_attention_heads": "attention_heads", "hidden_size": "d_model"},
    first_position=0,
    prefixes=("model.",),
    unused=("lm_head.*", "embed_positions.weights"),
    required={"add_cross_attention": (False,)},
    irrelevant=("init_std", "layerdrop"),
    classes="XGLM",
    vocabulary=None,
    head=LanguageHead(),
)
