"""Recipes of families with fields of their own for norms, layers and experts."""

import vocabularies
from recipe import BF16, Recipe, llama_like, rope

RECIPES: dict[str, Recipe] = {
    "gemma2": Recipe(
        "Gemma2ForCausalLM", BF16, vocabularies.bert,
        llama_like(
            3, 1, 6, 21, 2, 17, 180, 61, rms_norm_eps=2e-3, query_pre_attn_scalar=11, attn_logit_softcapping=2.5,
            final_logit_softcapping=3.0, sliding_window=5, pad_token_id=0, bos_token_id=2, eos_token_id=3, **rope(45.0),
        ),
    ),
    "gemma3": Recipe(
        "Gemma3ForCausalLM", BF16, vocabularies.bert,
        llama_like(
            3, 1, 6, 15, 2, 11, 180, 61, rms_norm_eps=2e-3, query_pre_attn_scalar=5, sliding_window=5,
            sliding_window_pattern=2, pad_token_id=0, bos_token_id=2, eos_token_id=3, rope_theta=60.0,
            rope_local_base_freq=20.0, rope_scaling={"rope_type": "linear", "factor": 3.0},
        ),
    ),
    "embeddinggemma": Recipe(
        "Gemma3TextModel", BF16, vocabularies.bert,
        llama_like(
            3, 1, 6, 9, 2, 11, 180, 61, rms_norm_eps=2e-3, query_pre_attn_scalar=5, sliding_window=6,
            use_bidirectional_attention=True, layer_types=["sliding_attention", "full_attention"], pad_token_id=0,
            bos_token_id=2, eos_token_id=3,
            rope_parameters={
                "sliding_attention": {"rope_type": "default", "rope_theta": 20.0},
                "full_attention": {"rope_type": "default", "rope_theta": 90.0},
            },
        ),
        pair=True, sharp=3.5,
    ),
}  # fmt: skip
