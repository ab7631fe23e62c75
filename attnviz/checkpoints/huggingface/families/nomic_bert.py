"""Nomic BERT (Nussbaum et al. 2024): BERT with rotary positions, a gated feed-forward and no biases."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert, llama
from attnviz.checkpoints.huggingface.family import Family, Fused
from attnviz.checkpoints.huggingface.settings import Settings, choice_from
from attnviz.errors import CheckpointError

_GATED = {"silu": "silu", "swiglu": "silu", "gelu": "gelu", "geglu": "gelu"}
_MODULES = {
    "embed.tokens": "embeddings.word_embeddings",
    "embed.segments": "embeddings.token_type_embeddings",
    "embed.norm": "embeddings.LayerNorm",
    **{f"layers.{{}}.attn.{part}": f"layers.{{}}.self_attn.{part}_proj" for part in "qkvo"},
    "layers.{}.norm1": "layers.{}.post_attention_layernorm",
    "layers.{}.ffn.g": "layers.{}.mlp.gate_proj",
    "layers.{}.ffn.1": "layers.{}.mlp.up_proj",
    "layers.{}.ffn.2": "layers.{}.mlp.down_proj",
    "layers.{}.norm2": "layers.{}.post_mlp_layernorm",
}


def _rotary(settings: Settings) -> dict[str, object]:
    fraction = settings.number("rotary_emb_fraction", 1.0, float)
    if fraction != 1:
        raise CheckpointError(f"{settings.where}: rotary_emb_fraction is {fraction}; expected 1")
    return llama.rotary_fields(settings)


_NEW = Family(
    name="Nomic BERT",
    paper="Nussbaum et al. 2024",
    example="nomic-ai/nomic-embed-text-v1.5",
    fields={name: rule for name, rule in bert.FIELDS.items() if name != "position"}
    | {
        "d_head": llama.d_head,
        "mask": "none",
        "activation": choice_from("hidden_act", _GATED, "silu"),
        "gated": True,
        "bias": False,
        "norm_bias": True,
    },
    more=_rotary,
    defaults={"rope_theta": 1000.0, "max_position_embeddings": 2048},
    aliases={
        "activation_function": "hidden_act",
        "layer_norm_epsilon": "layer_norm_eps",
        "n_embd": "hidden_size",
        "n_head": "num_attention_heads",
        "n_inner": "intermediate_size",
        "n_layer": "num_hidden_layers",
        "n_positions": "max_position_embeddings",
        "rotary_emb_base": "rope_theta",
    },
    modules=_MODULES,
    required={  # settings of the model's own code, from before transformers had it
        "causal": (False,),
        "expert_choice_router": (False,),
        "moe_every_n_layers": (0,),
        "num_experts": (0,),
        "num_shared_experts": (0,),
        "parallel_block": (False,),
        "prenorm": (False,),
        "rotary_emb_interleaved": (False,),
        "scale_attn_by_inverse_layer_idx": (False,),
        "scale_attn_weights": (True,),
        "use_rms_norm": (False,),
    },
    ignored={"is_causal": (False,), "is_decoder": (False,)},
    irrelevant=(
        *("dense_seq_output", "fused_bias_fc", "fused_dropout_add_ln", "max_trained_positions", "mlp_*_bias"),
        *("pad_vocab_size_multiple", "parallel_block_tied_norm", "reorder_and_upcast_attn", "use_flash_attn"),
        *("use_xentropy", "ffn_div", "moe_impl", "moe_normalize_expert_weights", "moe_resid_pdrop", "moe_top_k"),
    ),
    classes="NomicBert",
    prefixes=("nomic_bert.", "bert."),
    unused=bert.HEADS,
    vocabulary=bert.VOCABULARY,
)

_FUSED = ("layers.{}.attn.q", "layers.{}.attn.k", "layers.{}.attn.v")
_OLDER = replace(
    _NEW,
    modules={name: theirs for name, theirs in _MODULES.items() if name not in _FUSED}
    | {
        "embed.norm": "emb_ln",
        "layers.{}.attn.o": "encoder.layers.{}.attn.out_proj",
        "layers.{}.norm1": "encoder.layers.{}.norm1",
        "layers.{}.ffn.1": "encoder.layers.{}.mlp.fc11",
        "layers.{}.ffn.g": "encoder.layers.{}.mlp.fc12",
        "layers.{}.ffn.2": "encoder.layers.{}.mlp.fc2",
        "layers.{}.norm2": "encoder.layers.{}.norm2",
    },
    fused=(Fused("encoder.layers.{}.attn.Wqkv", _FUSED),),
)

FAMILY = replace(_NEW, older={"*encoder.layers.*.attn.Wqkv.weight": _OLDER})
