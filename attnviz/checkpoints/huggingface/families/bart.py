"""BART (Lewis et al. 2020): an encoder-decoder of post-norm blocks; positions are learned and begin at row 2."""

from attnviz.checkpoints.huggingface.families import roberta
from attnviz.checkpoints.huggingface.family import Family, Vocabulary
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.settings import (
    Settings,
    activation_from,
    decoder_start,
    scale_embedding,
    size_from,
    switch_from,
)

SIZES = {
    "n_layers": size_from("encoder_layers"),
    "n_heads": size_from("encoder_attention_heads"),
    "d_ff": size_from("encoder_ffn_dim"),
    "decoder_layers": size_from("decoder_layers"),
    "decoder_heads": size_from("decoder_attention_heads"),
    "decoder_d_ff": size_from("decoder_ffn_dim"),
    "d_model": size_from("d_model"),
    "n_vocab": size_from("vocab_size"),
    "n_ctx": size_from("max_position_embeddings"),
    "embed_scale": scale_embedding(default=False),
    "norm_eps": 1e-5,
    "activation": activation_from("activation_function", "gelu"),
}


_is_tied = switch_from("tie_word_embeddings", default=True)


def has_one_table(settings: Settings) -> bool:
    """Whether source and target tokens have one table; Marian's may have two for languages without common pieces."""
    is_shared = switch_from("share_encoder_decoder_embeddings", default=True)(settings)
    return bool(_is_tied(settings)) and bool(is_shared)


def decoder_vocabulary(settings: Settings) -> dict[str, object]:
    """The rows of the decoder's own table, where it has one."""
    n_vocab = settings.number("decoder_vocab_size", None, least=1)
    return {} if has_one_table(settings) else {"decoder_n_vocab": n_vocab or settings.number("vocab_size")}


def token_tables(settings: Settings) -> dict[str, str]:
    """The names of the tables, where there are two."""
    tables = {"embed.tokens": "encoder.embed_tokens", "decoder.embed.tokens": "decoder.embed_tokens"}
    return {} if has_one_table(settings) else tables


def _stack(ours: str, theirs: str) -> dict[str, str]:
    """The modules of the encoder's layers, or of the decoder's without their cross-attention."""
    last = 3 if ours else 2
    return {
        f"{ours}layers.{{}}.attn.q": f"{theirs}.layers.{{}}.self_attn.q_proj",
        f"{ours}layers.{{}}.attn.k": f"{theirs}.layers.{{}}.self_attn.k_proj",
        f"{ours}layers.{{}}.attn.v": f"{theirs}.layers.{{}}.self_attn.v_proj",
        f"{ours}layers.{{}}.attn.o": f"{theirs}.layers.{{}}.self_attn.out_proj",
        f"{ours}layers.{{}}.norm1": f"{theirs}.layers.{{}}.self_attn_layer_norm",
        f"{ours}layers.{{}}.ffn.1": f"{theirs}.layers.{{}}.fc1",
        f"{ours}layers.{{}}.ffn.2": f"{theirs}.layers.{{}}.fc2",
        f"{ours}layers.{{}}.norm{last}": f"{theirs}.layers.{{}}.final_layer_norm",
    }


LAYERS = {
    **_stack("", "encoder"),
    **_stack("decoder.", "decoder"),
    "decoder.layers.{}.cross.q": "decoder.layers.{}.encoder_attn.q_proj",
    "decoder.layers.{}.cross.k": "decoder.layers.{}.encoder_attn.k_proj",
    "decoder.layers.{}.cross.v": "decoder.layers.{}.encoder_attn.v_proj",
    "decoder.layers.{}.cross.o": "decoder.layers.{}.encoder_attn.out_proj",
    "decoder.layers.{}.norm2": "decoder.layers.{}.encoder_attn_layer_norm",
}
TOKENS = {"embed.tokens": "shared"}
POSITION_TABLES = {"embed.positions": "encoder.embed_positions", "decoder.embed.positions": "decoder.embed_positions"}
EMBED_NORMS = {"embed.norm": "encoder.layernorm_embedding", "decoder.embed.norm": "decoder.layernorm_embedding"}
FINAL_NORMS = {"final_norm": "encoder.layer_norm", "decoder.final_norm": "decoder.layer_norm"}
OLD_SETTINGS = (  # of releases before 2021; the published code has these fixed for each family
    "normalize_before",
    "normalize_embedding",
    "add_final_layer_norm",
    "static_position_embeddings",
    "extra_pos_embeddings",
)


def old_settings(*, pre: bool, embed_norm: bool, offset: int | None) -> dict[str, tuple[object, ...]]:
    """The values of ``OLD_SETTINGS`` that are what the published code computes; None for sinusoids, of any offset."""
    offsets = (0, 1, 2) if offset is None else (offset,)
    return dict(zip(OLD_SETTINGS, ((pre,), (embed_norm,), (pre,), (offset is None,), offsets), strict=True))


FAMILY = Family(
    name="BART",
    paper="Lewis et al. 2020",
    example="facebook/bart-base",
    kind="encoder-decoder",
    fields={
        **SIZES,
        "position": "learned",
        "embed_norm": True,
        "decoder_tables": True,
        "decoder_start_id": decoder_start(2),
    },
    more=decoder_vocabulary,
    modules={**TOKENS, **POSITION_TABLES, **EMBED_NORMS, **LAYERS},
    more_modules=token_tables,
    copies={"shared.weight": ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")},
    aliases={
        "num_attention_heads": "encoder_attention_heads",
        "hidden_size": "d_model",
        "num_hidden_layers": "encoder_layers",
    },
    first_position=2,
    prefixes=("model.",),
    unused=(
        "shared.weight",
        "lm_head.*",
        "final_logits_bias",
        "classification_head.*",
        "qa_outputs.*",
        "encoder.version",
        "decoder.version",
    ),
    required={"is_decoder": (False,)},
    ignored=old_settings(pre=False, embed_norm=True, offset=2),
    irrelevant=(
        *("init_std", "encoder_layerdrop", "decoder_layerdrop", "classif_dropout", "add_bias_logits"),
        *("force_bos_token_to_be_generated", "output_past", "save_step"),
    ),
    classes="Bart",
    head=LanguageHead(more_bias="final_logits_bias"),
    vocabulary=Vocabulary(
        "bytes", "cls $A sep", "cls $A sep sep $B sep", roberta.SPECIALS, mask_strips=True, trim_offsets=True
    ),
)
