"""Recipes of families with fields of their own for positions and scores."""

import vocabularies
from recipe import BF16, F16, ROBERTA_IDS, Recipe, bert_like, llama_like, rope

# The longest text of the first training is between the lengths of the two texts.
LONGROPE = {
    "rope_type": "longrope", "original_max_position_embeddings": 14, "rope_theta": 40.0,
    "short_factor": [1.0, 1.5, 2.0], "long_factor": [1.2, 3.0, 7.0],
}  # fmt: skip

DISENTANGLED = {
    "relative_attention": True,
    "position_biased_input": False,
    "type_vocab_size": 0,
    "pos_att_type": "p2c|c2p",
}

RECIPES: dict[str, Recipe] = {
    "llama_yarn": Recipe(
        "LlamaModel", BF16, vocabularies.llama,
        llama_like(
            2, 1, 10, 8, 2, 13, 397, 61, rms_norm_eps=2e-3,
            rope_parameters={
                "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "rope_theta": 40.0,
                "beta_fast": 2.0, "beta_slow": 0.5, "truncate": False,
            },
        ),
    ),
    "llama_longrope": Recipe(
        "LlamaModel", F16, vocabularies.llama,
        llama_like(2, 1, 6, 8, 2, 13, 397, 61, rms_norm_eps=2e-3, rope_parameters=LONGROPE),
    ),
    "gpt_neox_yarn": Recipe(
        "GPTNeoXModel", F16, vocabularies.gpt_neox,
        bert_like(16, 2, 2, 11, 383, 61, layer_norm_eps=3e-3, bos_token_id=0, eos_token_id=0)
        | rope(
            50.0, partial_rotary_factor=0.75, rope_type="yarn", factor=3.0, original_max_position_embeddings=23,
            mscale=1.0, mscale_all_dim=0.3, beta_fast=3.0,
        ),
    ),
    "modernbert_yarn": Recipe(
        "ModernBertModel", BF16, vocabularies.modernbert,
        bert_like(
            8, 2, 2, 13, 383, 61, global_attn_every_n_layers=2, local_attention=6, norm_eps=2e-3,
            rope_parameters={
                "full_attention": {
                    "rope_type": "yarn", "rope_theta": 30.0, "factor": 4.0, "original_max_position_embeddings": 19,
                    "beta_fast": 2.5,
                },
                "sliding_attention": {"rope_type": "default", "rope_theta": 20.0},
            },
            pad_token_id=3, bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2,
        ), pair=True, seed=1,
    ),
    "deberta": Recipe(
        "DebertaForMaskedLM", BF16, vocabularies.deberta,
        bert_like(8, 2, 2, 7, 383, 61, layer_norm_eps=2e-3, max_relative_positions=9, legacy=False, **DISENTANGLED),
        sharp=1.7, seed=0,
    ),
    "deberta_biased": Recipe(
        "DebertaModel", F16, vocabularies.bert,
        bert_like(
            14, 2, 2, 11, 163, 53, layer_norm_eps=3e-3, relative_attention=True, pos_att_type=["c2p"],
            type_vocab_size=2,
        ), pair=True, sharp=1.7, seed=1,
    ),
    "deberta_v2": Recipe(
        "DebertaV2ForTokenClassification", F16, vocabularies.deberta_v2,
        bert_like(
            10, 2, 2, 7, 191, 61, layer_norm_eps=2e-3, position_buckets=6, norm_rel_ebd="layer_norm",
            share_att_key=True, **DISENTANGLED,
        ), sharp=1.7, seed=0,
    ),
    "deberta_v2_own": Recipe(
        "DebertaV2Model", BF16, vocabularies.bert,
        bert_like(
            8, 2, 2, 7, 193, 41, layer_norm_eps=3e-3, max_relative_positions=7,
            **DISENTANGLED | {"type_vocab_size": 3, "pos_att_type": ["p2c"], "position_biased_input": True},
        ), pair=True, sharp=1.7, seed=2,
    ),
    "deberta_v2_conv": Recipe(
        "DebertaV2Model", F16, vocabularies.bert,
        bert_like(
            10, 2, 2, 7, 167, 41, layer_norm_eps=1e-3, position_buckets=4, conv_kernel_size=3, conv_act="gelu",
            attention_head_size=5, **DISENTANGLED,
        ), sharp=1.7, seed=0,
    ),
    "longformer": Recipe(
        "LongformerForMaskedLM", F16, vocabularies.mpnet,
        bert_like(10, 2, 2, 7, 167, 61, layer_norm_eps=2e-3, attention_window=[6, 6], **ROBERTA_IDS),
        pair=True, counts_positions=True, sharp=1.7,
    ),
}  # fmt: skip
