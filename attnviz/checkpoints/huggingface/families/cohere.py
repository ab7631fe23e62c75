"""Cohere's Command R (Cohere 2024): both parts side by side after one norm, rotary positions in neighbouring pairs."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.rules.interleaved import turned_pairs
from attnviz.checkpoints.huggingface.settings import Settings, number_from, switch_from
from attnviz.encoder.config.block import Block

TURNED = ("layers.{}.attn.q", "layers.{}.attn.k", "layers.{}.attn.q_norm", "layers.{}.attn.k_norm")
FIELDS = {name: rule for name, rule in llama.FAMILY.fields.items() if not name.startswith(("norm", "ffn", "gate_"))} | {
    "norm": "layer",
    "norm_bias": False,
    "norm_eps": number_from("layer_norm_eps", 1e-5),
    "norm_placement": "pre",
    "parallel": True,
}


def _qk_norm(settings: Settings) -> dict[str, object]:
    """Each head of q and k may have a norm of its own."""
    normed = switch_from("use_qk_norm", default=False)(settings)
    return llama.rotary_fields(settings) | ({"qk_norm": True, "qk_norm_width": "each"} if normed else {})


def _heads(block: Block) -> int:
    return block.n_heads


def _kv_heads(block: Block) -> int:
    return block.n_kv_heads


FAMILY = replace(
    llama.FAMILY,
    name="Cohere",
    paper="Cohere 2024",
    example="CohereLabs/c4ai-command-r-v01",
    fields=FIELDS,
    more=_qk_norm,
    modules=llama.MODULES
    | {
        "layers.{}.norm2": "layers.{}.input_layernorm",
        "layers.{}.attn.q_norm": "layers.{}.self_attn.q_norm",
        "layers.{}.attn.k_norm": "layers.{}.self_attn.k_norm",
    },
    orders=turned_pairs(*TURNED),
    folded={"layers.{}.attn.q_norm": _heads, "layers.{}.attn.k_norm": _kv_heads},
    defaults={"rope_theta": 500000.0},
    irrelevant=(),
    pieces=None,
    classes="Cohere",
    head=LanguageHead(scale=number_from("logit_scale", 0.0625)),
)
