"""MPT (MosaicML 2023): ALiBi and no biases at all."""

from attnviz.checkpoints.huggingface.families.bloom import causal_alibi
from attnviz.checkpoints.huggingface.family import Family, Fused
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.settings import Settings, four_times, number_from, size_from
from attnviz.errors import CheckpointError


def _attention(settings: Settings) -> dict[str, object]:
    """The settings inside ``attn_config``; of most, only one value is what transformers computes."""
    config = settings.object("attn_config")
    allowed: dict[str, tuple[object, ...]] = {
        "attn_type": ("multihead_attention",),
        "alibi": (True,),
        "alibi_bias_max": (8,),
        "prefix_lm": (False,),
        "qk_ln": (False,),
        "qk_gn": (False,),
        "rope": (False,),
    }
    for name, values in allowed.items():
        config.one_of(name, {value: value for value in values}, values[0])
    if config.get("sliding_window_size", -1) != -1:
        raise CheckpointError(
            f"{config.where}: sliding_window_size is set, which attnviz does not compute; expected -1"
        )
    scale, clip = config.number("softmax_scale", 0.0, float), config.number("clip_qkv", 0.0, float)
    return {name: value for name, value in {"score_scale": scale, "clip_qkv": clip}.items() if value}


FAMILY = Family(
    name="MPT",
    paper="MosaicML 2023",
    example="mosaicml/mpt-7b",
    kind="decoder",
    fields={
        "n_layers": size_from("n_layers"),
        "n_heads": size_from("n_heads"),
        "d_model": size_from("d_model"),
        "d_ff": four_times("d_model"),
        "n_vocab": size_from("vocab_size"),
        "n_ctx": size_from("max_seq_len", 2048),
        "mask": causal_alibi,
        "position": "alibi",
        "norm_placement": "pre",
        "norm_eps": number_from("layer_norm_epsilon", 1e-5),
        "activation": "gelu",
        "bias": False,
    },
    more=_attention,
    defaults={"d_model": 2048, "n_heads": 16, "n_layers": 24, "vocab_size": 50368},
    aliases={"num_hidden_layers": "n_layers", "num_attention_heads": "n_heads", "hidden_size": "d_model"},
    modules={
        "embed.tokens": "wte",
        "layers.{}.norm1": "blocks.{}.norm_1",
        "layers.{}.attn.o": "blocks.{}.attn.out_proj",
        "layers.{}.norm2": "blocks.{}.norm_2",
        "layers.{}.ffn.1": "blocks.{}.ffn.up_proj",
        "layers.{}.ffn.2": "blocks.{}.ffn.down_proj",
        "final_norm": "norm_f",
    },
    fused=(Fused("blocks.{}.attn.Wqkv", ("layers.{}.attn.q", "layers.{}.attn.k", "layers.{}.attn.v")),),
    required={
        "expansion_ratio": (4,),
        "no_bias": (True,),
        "norm_type": ("low_precision_layernorm", "layernorm"),
    },
    irrelevant=(
        *("attn_config.attn_impl", "attn_config.attn_uses_sequence_id", "attn_config.model_type"),
        *("attn_config.rope_theta", "attn_config.rope_impl", "attn_config.rope_*_config", "attn_config.fused_qkv"),
        *("embedding_fraction", "init_config", "init_device", "learned_pos_emb", "verbose"),
    ),
    classes="(?:Mpt|MPT)",
    prefixes=("transformer.",),
    unused=("lm_head.*", "score.*", "classifier.*", "qa_outputs.*"),
    head=LanguageHead(),
)
