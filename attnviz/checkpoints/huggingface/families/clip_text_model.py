"""The text part of CLIP (Radford et al. 2021): a causal stack with a quick GELU."""

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.family import Family
from attnviz.checkpoints.huggingface.settings import activation_from, causal, number_from

_PROJECTIONS = {"q": "q_proj", "k": "k_proj", "v": "v_proj", "o": "out_proj"}

FAMILY = Family(
    name="CLIP (text)",
    paper="Radford et al. 2021",
    example="openai/clip-vit-base-patch32",
    kind="decoder",
    fields={
        **{name: bert.FIELDS[name] for name in ("n_layers", "n_heads", "d_model", "d_ff", "n_vocab", "n_ctx")},
        "mask": causal,
        "position": "learned",
        "norm_placement": "pre",
        "norm_eps": number_from("layer_norm_eps", 1e-5),
        "activation": activation_from("hidden_act", "quick_gelu"),
    },
    defaults={
        "vocab_size": 49408,
        "hidden_size": 512,
        "intermediate_size": 2048,
        "num_hidden_layers": 12,
        "num_attention_heads": 8,
        "max_position_embeddings": 77,
    },
    modules={
        "embed.tokens": "embeddings.token_embedding",
        "embed.positions": "embeddings.position_embedding",
        "layers.{}.norm1": "encoder.layers.{}.layer_norm1",
        **{f"layers.{{}}.attn.{part}": f"encoder.layers.{{}}.self_attn.{name}" for part, name in _PROJECTIONS.items()},
        "layers.{}.norm2": "encoder.layers.{}.layer_norm2",
        "layers.{}.ffn.1": "encoder.layers.{}.mlp.fc1",
        "layers.{}.ffn.2": "encoder.layers.{}.mlp.fc2",
        "final_norm": "final_layer_norm",
    },
    prefixes=("text_model.",),
    unused=("text_projection.*", "embeddings.position_ids", "vision_model.*", "visual_projection.*", "logit_scale"),
    irrelevant=("projection_dim",),
    classes="CLIP(?:Text)?",
)
