"""Recipes of encoder-decoders: each text has a target."""

import vocabularies
from recipe import BF16, F32, Recipe

TEXTS = ("The cat on the mat.", "Größe, café 🙂")  # short: each gives three kinds of attention
TARGETS = ("Das Tier ist", "the café 🙂")


def t5_like(layers, decoder_layers, heads, head_dim, hidden, ff, vocab, **more):
    return {
        "num_layers": layers, "num_decoder_layers": decoder_layers, "num_heads": heads, "d_kv": head_dim,
        "d_model": hidden, "d_ff": ff, "vocab_size": vocab, "decoder_start_token_id": 0, **more,
    }  # fmt: skip


RECIPES: dict[str, Recipe] = {
    "t5": Recipe(
        "T5ForConditionalGeneration", BF16, vocabularies.t5,
        t5_like(
            2, 1, 3, 5, 11, 7, 107, relative_attention_num_buckets=8, relative_attention_max_distance=11,
            layer_norm_epsilon=2e-3,
        ),
        texts=TEXTS, targets=TARGETS, sharp=1.2, seed=1,
    ),
    "t5_encoder": Recipe(
        "T5EncoderModel", F32, vocabularies.t5,
        t5_like(
            2, None, 2, 3, 7, 5, 103, relative_attention_num_buckets=6, relative_attention_max_distance=7,
            feed_forward_proj="gated-silu",
        ),
        texts=TEXTS, seed=1,
    ),
    "mt5": Recipe(
        "MT5ForConditionalGeneration", BF16, vocabularies.t5,
        t5_like(
            1, 2, 3, 4, 11, 7, 107, relative_attention_num_buckets=8, relative_attention_max_distance=13,
            layer_norm_epsilon=2e-3,
        ),
        texts=TEXTS, targets=TARGETS, seed=1,
    ),
    "umt5": Recipe(
        "UMT5ForConditionalGeneration", BF16, vocabularies.t5,
        t5_like(
            2, 1, 2, 5, 11, 7, 107, relative_attention_num_buckets=8, relative_attention_max_distance=11,
            layer_norm_epsilon=2e-3,
        ),
        texts=TEXTS, targets=TARGETS, seed=1,
    ),
}  # fmt: skip
