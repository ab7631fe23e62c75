"""GTE (Zhang et al. 2024): BERT with rotary positions and a gated feed-forward."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert, llama, nomic_bert
from attnviz.checkpoints.huggingface.family import Family, Fused
from attnviz.checkpoints.huggingface.settings import size_from

_TRANSFORMERS = Family(
    name="GTE",
    paper="Zhang et al. 2024",
    example="alibaba-nlp-community/gte-multilingual-base",
    fields={name: rule for name, rule in bert.FIELDS.items() if name != "position"}
    | {
        "n_segments": lambda settings: settings.number("type_vocab_size", 1),
        "n_ctx": size_from("max_position_embeddings", 8192),
        "d_head": llama.d_head,
        "mask": "none",
        "gated": True,
        "gate_bias": False,
    },
    more=llama.rotary_fields,
    modules=nomic_bert.FAMILY.modules,
    zero=("layers.{}.ffn.b1",),
    defaults={"rope_theta": 160000.0},
    ignored={"is_causal": (False,), "is_decoder": (False,)},
    classes="Gte",
    prefixes=("gte.", "new."),
    unused=("lm_head.*", *bert.HEADS),
    vocabulary=None,
)

QKV = ("layers.{}.attn.q", "layers.{}.attn.k", "layers.{}.attn.v")
PUBLISHED = replace(
    _TRANSFORMERS,
    modules={name: theirs for name, theirs in _TRANSFORMERS.modules.items() if name.startswith("embed.")}
    | {
        "layers.{}.attn.o": "encoder.layer.{}.attention.o_proj",
        "layers.{}.norm1": "encoder.layer.{}.attn_ln",
        "layers.{}.ffn.2": "encoder.layer.{}.mlp.down_proj",
        "layers.{}.norm2": "encoder.layer.{}.mlp_ln",
    },
    fused=(
        Fused("encoder.layer.{}.attention.qkv_proj", QKV),
        Fused("encoder.layer.{}.mlp.up_gate_proj", ("layers.{}.ffn.1", "layers.{}.ffn.g")),
    ),
)

FAMILY = replace(_TRANSFORMERS, older={"*encoder.layer.*.attention.qkv_proj.weight": PUBLISHED})
