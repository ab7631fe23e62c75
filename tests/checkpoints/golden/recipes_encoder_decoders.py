"""Recipes of encoder-decoders: each text has a target."""

import vocabularies
from recipe import BF16, F32, Recipe

TEXTS = ("The cat on the mat.", "Größe, café 🙂")  # short: each gives three kinds of attention
TARGETS = ("Das Tier ist", "the café 🙂")
OF_BYTES = {"texts": ("The cat on the mat.", "Größe 🙂"), "targets": ("Das Tier ist", "café")}


def t5_like(layers, decoder_layers, heads, head_dim, hidden, ff, vocab, **more):
    return {
        "num_layers": layers, "num_decoder_layers": decoder_layers, "num_heads": heads, "d_kv": head_dim,
        "d_model": hidden, "d_ff": ff, "vocab_size": vocab, "decoder_start_token_id": 0, **more,
    }  # fmt: skip


def bart_like(sizes, decoder_sizes, width, vocab, positions, **more):
    """Of each stack layers, heads and the width of the hidden layer."""
    names = ("layers", "attention_heads", "ffn_dim")
    stacks = {f"encoder_{name}": size for name, size in zip(names, sizes, strict=True)}
    stacks |= {f"decoder_{name}": size for name, size in zip(names, decoder_sizes, strict=True)}
    return stacks | {"d_model": width, "vocab_size": vocab, "max_position_embeddings": positions, **more}


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
    "byt5": Recipe(
        "T5ForConditionalGeneration", BF16, vocabularies.byt5,
        t5_like(
            1, 1, 2, 3, 7, 5, 264, relative_attention_num_buckets=6, relative_attention_max_distance=9,
            feed_forward_proj="gated-gelu", layer_norm_epsilon=2e-3,
        ),
        texts=("The cat sat", "café 🙂 <extra_id_1>"), targets=("le café", "日<extra_id_0>"),
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
    "bart": Recipe(
        "BartForConditionalGeneration", BF16, vocabularies.bart,
        bart_like((2, 2, 11), (1, 3, 7), 6, 289, 23, scale_embedding=True, decoder_start_token_id=2),
        **OF_BYTES, sharp=1.8, seed=50,
    ),
    "mbart": Recipe(
        "MBartForConditionalGeneration", BF16, vocabularies.mbart,
        bart_like((1, 3, 7), (2, 2, 11), 6, 127, 23, activation_function="relu"),
        texts=TEXTS, targets=TARGETS, sharp=1.8, seed=16,
    ),
    "marian": Recipe(
        "MarianMTModel", BF16, vocabularies.marian,
        bart_like(
            (2, 2, 7), (1, 3, 11), 12, 137, 23, activation_function="swish", decoder_start_token_id=134,
            pad_token_id=134, eos_token_id=0,
        ),
        texts=TEXTS, targets=TARGETS, sharp=1.8, seed=37,
    ),
    "marian_separate": Recipe(
        "MarianMTModel", BF16, vocabularies.marian_separate,
        bart_like(
            (1, 3, 7), (1, 3, 7), 9, 101, 23, decoder_vocab_size=113, decoder_start_token_id=109, pad_token_id=99,
            eos_token_id=0, share_encoder_decoder_embeddings=False,
        ),
        texts=TEXTS, targets=TARGETS, sharp=1.8, seed=3,
    ),
    "pegasus": Recipe(
        "PegasusForConditionalGeneration", F32, vocabularies.pegasus,
        bart_like((2, 2, 5), (1, 2, 7), 6, 107, 17, scale_embedding=True, activation_function="relu"),
        texts=TEXTS, targets=TARGETS, sharp=1.8, seed=7,
    ),
    "m2m_100": Recipe(
        "M2M100ForConditionalGeneration", BF16, vocabularies.m2m_100,
        bart_like((2, 2, 7), (1, 2, 11), 10, 219, 29),
        texts=TEXTS, targets=TARGETS, sharp=1.7, seed=0,
    ),
    "nllb": Recipe(
        "M2M100ForConditionalGeneration", BF16, vocabularies.nllb,
        bart_like((1, 3, 7), (2, 3, 7), 9, 149, 29, scale_embedding=False),
        texts=TEXTS, targets=TARGETS, sharp=2.0, seed=16,
    ),
    "blenderbot": Recipe(
        "BlenderbotForConditionalGeneration", BF16, vocabularies.blenderbot,
        bart_like((1, 3, 7), (2, 2, 11), 6, 289, 23, decoder_start_token_id=1),
        **OF_BYTES, sharp=1.8, seed=22,
    ),
    "blenderbot_small": Recipe(
        "BlenderbotSmallForConditionalGeneration", BF16, vocabularies.blenderbot_small,
        bart_like((1, 2, 7), (1, 3, 7), 12, 157, 29, decoder_start_token_id=1, scale_embedding=True),
        texts=("The cat's on the mat, unreadable!", "Größe, café 🙂 (tired)"), targets=TARGETS, sharp=1.7,
    ),
}  # fmt: skip
