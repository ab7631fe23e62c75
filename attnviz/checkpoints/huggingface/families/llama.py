"""Llama (Touvron et al. 2023): rotary positions, RMS norm, a gated feed-forward, grouped queries, no biases."""

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.family import Family
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.rules.rotary import rotary
from attnviz.checkpoints.huggingface.settings import (
    Settings,
    activation_from,
    causal,
    number_from,
    size_from,
    switch_from,
)
from attnviz.text.pieces.layout import PieceLayout


def d_head(settings: Settings) -> int:
    """A head's width, which may be told."""
    return settings.number(
        "head_dim", settings.number("hidden_size", least=1) // settings.number("num_attention_heads", least=1)
    )


def rotary_fields(settings: Settings) -> dict[str, object]:
    """The rotary fields of a head's width."""
    return rotary(settings, d_head(settings))


FIELDS = {
    **{name: bert.FIELDS[name] for name in ("n_layers", "n_heads", "d_model", "d_ff", "n_vocab", "n_ctx")},
    "n_kv_heads": size_from("num_key_value_heads", None),
    "d_head": d_head,
    "mask": causal,
    "norm": "rms",
    "norm_placement": "pre",
    "norm_eps": number_from("rms_norm_eps", 1e-6),
    "activation": activation_from("hidden_act", "silu"),
    "gated": True,
    "bias": False,
}

MODULES = {
    "embed.tokens": "embed_tokens",
    "layers.{}.norm1": "layers.{}.input_layernorm",
    "layers.{}.attn.q": "layers.{}.self_attn.q_proj",
    "layers.{}.attn.k": "layers.{}.self_attn.k_proj",
    "layers.{}.attn.v": "layers.{}.self_attn.v_proj",
    "layers.{}.attn.o": "layers.{}.self_attn.o_proj",
    "layers.{}.norm2": "layers.{}.post_attention_layernorm",
    "layers.{}.ffn.g": "layers.{}.mlp.gate_proj",
    "layers.{}.ffn.1": "layers.{}.mlp.up_proj",
    "layers.{}.ffn.2": "layers.{}.mlp.down_proj",
    "final_norm": "norm",
}

FAMILY = Family(
    name="Llama",
    paper="Touvron et al. 2023",
    example="meta-llama/Llama-3.2-1B",
    kind="decoder",
    fields=FIELDS
    | {
        "qkv_bias": switch_from("attention_bias", default=False),
        "out_bias": switch_from("attention_bias", default=False),
        "ffn_bias": switch_from("mlp_bias", default=False),
        "gate_bias": switch_from("mlp_bias", default=False),
    },
    more=rotary_fields,
    modules=MODULES,
    irrelevant=("pretraining_tp",),
    classes="Llama",
    pieces=PieceLayout(around_is_set=("<s>", "</s>")),
    prefixes=("model.",),
    unused=("lm_head.*", "score.*", "qa_outputs.*", "layers.*.self_attn.rotary_emb.inv_freq", "rotary_emb.inv_freq"),
    head=LanguageHead(tied=False),
)
