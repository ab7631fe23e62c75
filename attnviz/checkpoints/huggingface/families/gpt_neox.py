"""GPT-NeoX (Black et al. 2022) and Pythia: partial rotary positions, parallel parts, fused projections head by head."""

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.family import Family, Fused
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.rules.rotary import rope_settings, rotary
from attnviz.checkpoints.huggingface.settings import (
    Settings,
    activation_from,
    causal,
    number_from,
    switch_from,
)
from attnviz.encoder.config.block import Block
from attnviz.errors import CheckpointError


def _rotary(settings: Settings) -> dict[str, object]:
    """The rotary fields; older files call the base ``rotary_emb_base``, and no setting tells the heads' width."""
    d_head = settings.number("hidden_size", least=1) // settings.number("num_attention_heads", least=1)
    if settings.number("head_dim", d_head) != d_head:
        raise CheckpointError(f"{settings.where}: head_dim is {settings.get('head_dim')}; expected {d_head}")
    partial = settings.get("partial_rotary_factor")
    if partial not in (None, settings.get("rotary_pct")):
        settings.notes.append(f"partial_rotary_factor is {partial}: only rotary_pct and rope_parameters are read")
    base = settings.number("rotary_emb_base", 10000.0, float)
    base = rope_settings(settings).number("rope_theta", base, float)
    return rotary(settings, d_head, share="rotary_pct") | {"rotary_base": base}


def n_heads(block: Block) -> int:
    """One group of q, k and v for each head."""
    return block.n_heads


FAMILY = Family(
    name="GPT-NeoX",
    paper="Black et al. 2022",
    example="EleutherAI/pythia-70m",
    kind="decoder",
    fields={
        **{name: bert.FIELDS[name] for name in ("n_layers", "n_heads", "d_model", "d_ff", "n_vocab", "n_ctx")},
        "mask": causal,
        "norm_placement": "pre",
        "parallel": switch_from("use_parallel_residual", default=True),
        "norm_eps": number_from("layer_norm_eps", 1e-5),
        "activation": activation_from("hidden_act", "gelu"),
        "qkv_bias": switch_from("attention_bias", default=True),
        "out_bias": switch_from("attention_bias", default=True),
    },
    more=_rotary,
    defaults={"rotary_pct": 0.25},
    modules={
        "embed.tokens": "embed_in",
        "layers.{}.norm1": "layers.{}.input_layernorm",
        "layers.{}.attn.o": "layers.{}.attention.dense",
        "layers.{}.norm2": "layers.{}.post_attention_layernorm",
        "layers.{}.ffn.1": "layers.{}.mlp.dense_h_to_4h",
        "layers.{}.ffn.2": "layers.{}.mlp.dense_4h_to_h",
        "final_norm": "final_layer_norm",
    },
    fused=(
        Fused(
            "layers.{}.attention.query_key_value",
            ("layers.{}.attn.q", "layers.{}.attn.k", "layers.{}.attn.v"),
            groups=n_heads,
        ),
    ),
    ignored={"is_decoder": (True, False)},
    classes="GPTNeoX",
    prefixes=("gpt_neox.",),
    unused=(
        "embed_out.*",
        "lm_head.*",
        "score.*",
        "classifier.*",
        "qa_outputs.*",
        "layers.*.attention.bias",
        "layers.*.attention.masked_bias",
        "layers.*.attention.rotary_emb.inv_freq",
    ),
    head=LanguageHead(("embed_out", "lm_head"), tied=False),
)
