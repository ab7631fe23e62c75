"""Recipes of families whose stored tensors are transformed."""

import vocabularies
from recipe import BF16, F16, Recipe, bert_like, llama_like, rope

IDS = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
GPT = {
    "n_embd": 24, "n_head": 4, "n_layer": 2, "n_inner": 13, "vocab_size": 151, "n_positions": 31,
    "layer_norm_epsilon": 2e-3, "bos_token_id": 2, "eos_token_id": 3,
}  # fmt: skip
FALCON = {
    "num_hidden_layers": 2, "vocab_size": 151, "max_position_embeddings": 31, "layer_norm_epsilon": 2e-3,
    "bos_token_id": 2, "eos_token_id": 3,
}  # fmt: skip

RECIPES: dict[str, Recipe] = {
    "phi3": Recipe(
        "Phi3ForCausalLM",
        F16,
        vocabularies.bert,
        bert_like(
            24,
            4,
            2,
            11,
            151,
            31,
            num_key_value_heads=2,
            rms_norm_eps=2e-3,
            sliding_window=5,
            original_max_position_embeddings=8,
            **IDS,
            rope_parameters={
                "rope_type": "longrope",
                "rope_theta": 40.0,
                "short_factor": [1.0, 1.25, 1.5],
                "long_factor": [1.0, 2.0, 3.0],
            },
        ),
        seed=1,
    ),
    "phi4": Recipe(
        "Phi3ForCausalLM",
        F16,
        vocabularies.bert,
        bert_like(24, 3, 1, 11, 151, 31, num_key_value_heads=1, **IDS, **rope(40.0, partial_rotary_factor=0.75)),
    ),
    "falcon": Recipe(
        "FalconForCausalLM",
        F16,
        vocabularies.bert,
        FALCON | {"hidden_size": 24, "num_attention_heads": 4, "ffn_hidden_size": 13, **rope(40.0)},
    ),
    "falcon_new": Recipe(
        "FalconForCausalLM",
        BF16,
        vocabularies.bert,
        FALCON
        | {
            "hidden_size": 24,
            "num_attention_heads": 4,
            "num_kv_heads": 2,
            "ffn_hidden_size": 13,
            "new_decoder_architecture": True,
            "bias": True,
            **rope(40.0),
        },
    ),
    "falcon_serial": Recipe(
        "FalconModel",
        F16,
        vocabularies.bert,
        FALCON | {"hidden_size": 12, "num_attention_heads": 3, "multi_query": False, "parallel_attn": False},
    ),
    "granite": Recipe(
        "GraniteForCausalLM",
        F16,
        vocabularies.bert,
        bert_like(
            16,
            4,
            2,
            11,
            151,
            31,
            num_key_value_heads=2,
            rms_norm_eps=2e-3,
            embedding_multiplier=3.0,
            attention_multiplier=0.5,
            residual_multiplier=0.7,
            attention_bias=True,
            mlp_bias=True,
            **IDS,
            **rope(40.0),
        ),
    ),
    "cohere": Recipe(
        "CohereForCausalLM",
        F16,
        vocabularies.bert,
        bert_like(24, 4, 2, 11, 151, 31, num_key_value_heads=2, layer_norm_eps=2e-3, **IDS, **rope(40.0)),
    ),
    "cohere_qk_norm": Recipe(
        "CohereModel",
        BF16,
        vocabularies.bert,
        bert_like(
            24,
            4,
            1,
            11,
            151,
            31,
            num_key_value_heads=2,
            use_qk_norm=True,
            attention_bias=True,
            **IDS,
            **rope(40.0),
        ),
    ),
    "gptj": Recipe("GPTJForCausalLM", F16, vocabularies.bert, GPT | {"n_embd": 18, "n_head": 3, "rotary_dim": 4}),
    "codegen": Recipe("CodeGenForCausalLM", F16, vocabularies.bert, GPT | {"n_embd": 16, "n_head": 4, "rotary_dim": 2}),
    "gpt_bigcode": Recipe("GPTBigCodeForCausalLM", F16, vocabularies.bert, GPT),
    "gpt_bigcode_heads": Recipe(
        "GPTBigCodeModel",
        F16,
        vocabularies.bert,
        GPT | {"n_layer": 1, "n_head": 3, "n_embd": 12, "multi_query": False, "n_inner": None},
    ),
    "glm": Recipe(
        "GlmForCausalLM",
        F16,
        vocabularies.bert,
        llama_like(4, 2, 8, 13, 2, 11, 151, 31, rms_norm_eps=2e-3, **IDS, **rope(40.0, partial_rotary_factor=0.5)),
    ),
    "glm4": Recipe(
        "Glm4ForCausalLM",
        F16,
        vocabularies.bert,
        llama_like(4, 2, 8, 13, 2, 11, 151, 31, rms_norm_eps=2e-3, **IDS, **rope(40.0, partial_rotary_factor=0.25)),
    ),
}
