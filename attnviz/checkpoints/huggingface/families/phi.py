"""Phi 1 and 2 (Gunasekar et al. 2023): part of each head is rotated, and both parts of a layer share one norm."""

from attnviz.checkpoints.huggingface.families import llama
from attnviz.checkpoints.huggingface.family import Family
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.rules.rotary import rotary
from attnviz.checkpoints.huggingface.settings import Settings, activation_from, number_from, switch_from


def partly_rotary(settings: Settings) -> dict[str, object]:
    """The rotary fields of a head of which only a share is rotated."""
    return rotary(settings, llama.d_head(settings), share="partial_rotary_factor")


FAMILY = Family(
    name="Phi",
    paper="Gunasekar et al. 2023",
    example="microsoft/phi-2",
    kind="decoder",
    fields={name: rule for name, rule in llama.FIELDS.items() if name not in ("norm", "gated", "bias")}
    | {
        "parallel": True,
        "norm_eps": number_from("layer_norm_eps", 1e-5),
        "activation": activation_from("hidden_act", "gelu_new"),
        "qk_norm": switch_from("qk_layernorm", default=False),
    },
    more=partly_rotary,
    defaults={"partial_rotary_factor": 0.5},
    modules={
        "embed.tokens": "embed_tokens",
        "layers.{}.norm1": "layers.{}.input_layernorm",
        "layers.{}.attn.q": "layers.{}.self_attn.q_proj",
        "layers.{}.attn.k": "layers.{}.self_attn.k_proj",
        "layers.{}.attn.v": "layers.{}.self_attn.v_proj",
        "layers.{}.attn.o": "layers.{}.self_attn.dense",
        "layers.{}.attn.q_norm": "layers.{}.self_attn.q_layernorm",
        "layers.{}.attn.k_norm": "layers.{}.self_attn.k_layernorm",
        "layers.{}.norm2": "layers.{}.input_layernorm",
        "layers.{}.ffn.1": "layers.{}.mlp.fc1",
        "layers.{}.ffn.2": "layers.{}.mlp.fc2",
        "final_norm": "final_layernorm",
    },
    classes="Phi",
    prefixes=llama.FAMILY.prefixes,
    unused=llama.FAMILY.unused,
    head=LanguageHead(tied=False, bias=True),
)
