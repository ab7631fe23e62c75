"""Recipes of families with fields of their own for norms, layers and experts."""

import vocabularies
from recipe import BF16, F32, Recipe, bert_like, llama_like, rope

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

# Mixtures of experts.
RECIPES |= {
    "mixtral": Recipe(
        "MixtralForCausalLM", BF16, vocabularies.bert,
        llama_like(
            3, 1, 6, 11, 2, 5, 180, 61, rms_norm_eps=2e-3, num_local_experts=3, num_experts_per_tok=2, sliding_window=7,
            **rope(45.0),
        ),
    ),
    "qwen2_moe": Recipe(
        "Qwen2MoeForCausalLM", BF16, vocabularies.bert,
        bert_like(
            12, 3, 3, 7, 180, 61, num_key_value_heads=1, rms_norm_eps=2e-3, moe_intermediate_size=5, num_experts=5,
            shared_expert_intermediate_size=3, num_experts_per_tok=2, decoder_sparse_step=2, use_sliding_window=True,
            sliding_window=6, max_window_layers=2, **rope(45.0),
        ),
    ),
    "qwen3_moe": Recipe(
        "Qwen3MoeForCausalLM", BF16, vocabularies.bert,
        llama_like(
            3, 1, 6, 11, 2, 7, 180, 61, rms_norm_eps=2e-3, moe_intermediate_size=5, num_experts=4, mlp_only_layers=[0],
            num_experts_per_tok=3, norm_topk_prob=True, **rope(45.0),
        ),
    ),
    "olmoe": Recipe(
        "OlmoeForCausalLM", BF16, vocabularies.bert,
        bert_like(
            12, 3, 2, 5, 180, 61, num_key_value_heads=1, rms_norm_eps=2e-3, num_experts=4, num_experts_per_tok=2,
            clip_qkv=1.7, pad_token_id=0, eos_token_id=3, **rope(45.0),
        ),
        seed=4,
    ),
}  # fmt: skip

# Norms on a part's output, layers without positions.
ENDS = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
RECIPES |= {
    "olmo": Recipe(
        "OlmoForCausalLM", BF16, vocabularies.bert,
        bert_like(18, 3, 2, 5, 180, 61, num_key_value_heads=1, clip_qkv=1.2, **ENDS, **rope(45.0)),
        seed=1,
    ),
    "olmo2": Recipe(
        "Olmo2ForCausalLM", BF16, vocabularies.bert,
        bert_like(18, 3, 2, 5, 180, 61, num_key_value_heads=1, rms_norm_eps=2e-3, **ENDS, **rope(45.0)),
        seed=4,
    ),
    "olmo3": Recipe(
        "Olmo3ForCausalLM", BF16, vocabularies.bert,
        bert_like(
            18, 3, 2, 5, 180, 61, num_key_value_heads=1, rms_norm_eps=2e-3, sliding_window=6, **ENDS,
            layer_types=["sliding_attention", "full_attention"],
            rope_parameters={
                "sliding_attention": {"rope_type": "default", "rope_theta": 45.0},
                "full_attention": {
                    "rope_type": "yarn", "rope_theta": 45.0, "factor": 4.0, "beta_fast": 2.0, "beta_slow": 0.2,
                    "original_max_position_embeddings": 16,
                },
            },
        ),
    ),
    "exaone4": Recipe(
        "Exaone4ForCausalLM", BF16, vocabularies.bert,
        bert_like(
            18, 3, 2, 5, 180, 61, num_key_value_heads=1, rms_norm_eps=2e-3, sliding_window=7, sliding_window_pattern=2,
            **ENDS, **rope(45.0),
        ),
    ),
    "smollm3": Recipe(
        "SmolLM3ForCausalLM", BF16, vocabularies.bert,
        bert_like(
            18, 3, 2, 5, 180, 61, num_key_value_heads=1, rms_norm_eps=2e-3, no_rope_layer_interval=2,
            use_sliding_window=True, sliding_window=8, attention_bias=True, **ENDS, **rope(45.0),
        ),
    ),
}  # fmt: skip

# Sinks and latent attention.
RECIPES |= {
    "gpt_oss": Recipe(
        "GptOssForCausalLM", BF16, vocabularies.bert,
        llama_like(
            3, 1, 6, 9, 2, 5, 180, 61, rms_norm_eps=2e-3, num_local_experts=3, num_experts_per_tok=2, sliding_window=6,
            swiglu_limit=0.9,
            **rope(
                45.0, rope_type="yarn", factor=4.0, beta_fast=2.0, beta_slow=0.2, truncate=False,
                original_max_position_embeddings=16,
            ),
        ),
        whole_rows=False, seed=51,
    ),
    "deepseek_v3": Recipe(
        "DeepseekV3ForCausalLM", BF16, vocabularies.bert,
        bert_like(
            10, 3, 2, 5, 180, 61, num_key_value_heads=3, rms_norm_eps=2e-3, q_lora_rank=7, kv_lora_rank=5, v_head_dim=3,
            qk_rope_head_dim=4, qk_nope_head_dim=3, moe_intermediate_size=2, n_routed_experts=6, n_group=3,
            topk_group=2, num_experts_per_tok=3, first_k_dense_replace=1, n_shared_experts=2,
            **rope(
                45.0, rope_type="yarn", factor=4.0, beta_fast=2.0, beta_slow=0.2, mscale=1.0, mscale_all_dim=0.7,
                original_max_position_embeddings=16,
            ),
        ),
    ),
}  # fmt: skip
RECIPES["deepseek_v3_biased"] = Recipe(
    "DeepseekV3Model", F32, vocabularies.bert,
    bert_like(
        8, 2, 1, 3, 180, 61, num_key_value_heads=2, q_lora_rank=None, kv_lora_rank=3, v_head_dim=5, attention_bias=True,
        qk_rope_head_dim=6, qk_nope_head_dim=1, moe_intermediate_size=2, n_routed_experts=2, n_group=1, topk_group=1,
        num_experts_per_tok=1, first_k_dense_replace=1, norm_topk_prob=False, **rope(45.0),
    ),
)  # fmt: skip
RECIPES["cohere2"] = Recipe(
    "Cohere2ForCausalLM", BF16, vocabularies.bert,
    bert_like(
        18, 3, 2, 5, 180, 61, num_key_value_heads=1, layer_norm_eps=2e-3, sliding_window=7, sliding_window_pattern=2,
        **ENDS, **rope(45.0),
    ),
)  # fmt: skip
