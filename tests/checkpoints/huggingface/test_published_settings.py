"""Settings as published models have them: each is computed, known to be harmless, noted or refused by name."""

import pytest

from attnviz.checkpoints.huggingface.known_settings import check_settings
from attnviz.checkpoints.huggingface.registry import find_family
from attnviz.encoder.config.block import Block
from attnviz.errors import CheckpointError

USUAL = {
    "attention_probs_dropout_prob": 0.1, "bos_token_id": 0, "eos_token_id": 2, "gradient_checkpointing": False,
    "hidden_dropout_prob": 0.1, "initializer_range": 0.02, "pad_token_id": 1, "torch_dtype": "float32",
    "transformers_version": "4.39.3", "use_cache": True,
}  # fmt: skip
BERT = USUAL | {
    "hidden_act": "gelu", "hidden_size": 768, "intermediate_size": 3072, "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512, "num_attention_heads": 12, "num_hidden_layers": 12,
    "position_embedding_type": "absolute", "type_vocab_size": 2, "vocab_size": 30522,
}  # fmt: skip
ROBERTA = BERT | {"max_position_embeddings": 514, "type_vocab_size": 1, "vocab_size": 50265, "layer_norm_eps": 1e-5}
POOLED = {
    "directionality": "bidi", "pooler_fc_size": 768, "pooler_num_attention_heads": 12, "pooler_num_fc_layers": 3,
    "pooler_size_per_head": 128, "pooler_type": "first_token_transform",
}  # fmt: skip
MPT = {
    "alibi": True, "alibi_bias_max": 8, "attn_impl": "torch", "attn_pdrop": 0, "attn_type": "multihead_attention",
    "attn_uses_sequence_id": False, "clip_qkv": None, "prefix_lm": False, "qk_ln": False, "softmax_scale": None,
}  # fmt: skip
PUBLISHED = {
    "big_bird": BERT | {
        "architectures": ["BigBirdForPreTraining"], "attention_type": "block_sparse", "block_size": 64,
        "hidden_act": "gelu_new", "max_position_embeddings": 4096, "num_random_blocks": 3, "rescale_embeddings": False,
        "sep_token_id": 66, "use_bias": True, "vocab_size": 50358,
    },
    "biogpt": {name: value for name, value in BERT.items() if name != "type_vocab_size"} | {
        "activation_dropout": 0.0, "architectures": ["BioGptForCausalLM"], "layerdrop": 0.0, "scale_embedding": True,
        "max_position_embeddings": 1024, "vocab_size": 42384,
    },
    "bloom": {
        "apply_residual_connection_post_layernorm": False, "architectures": ["BloomForCausalLM"],
        "attention_dropout": 0.0, "attention_softmax_in_fp32": True, "bias_dropout_fusion": True, "bos_token_id": 1,
        "hidden_dropout": 0.0, "layer_norm_epsilon": 1e-5, "masked_softmax_fusion": True, "n_embed": 14336,
        "n_inner": None, "n_layer": 70, "num_attention_heads": 112, "offset_alibi": 100, "pretraining_tp": 4,
        "seq_length": 2048, "skip_bias_add": True, "skip_bias_add_qkv": False, "slow_but_exact": False,
        "unk_token_id": 0, "vocab_size": 250880,
    },
    "dpr": BERT | POOLED | {"architectures": ["DPRQuestionEncoder"], "projection_dim": 0},
    "ernie": BERT | {
        "architectures": ["ErnieForMaskedLM"], "max_position_embeddings": 2048, "task_type_vocab_size": 3,
        "type_vocab_size": 4, "use_task_id": True, "vocab_size": 40000,
    },
    "esm": USUAL | {
        "architectures": ["EsmForMaskedLM"], "classifier_dropout": None, "emb_layer_norm_before": False,
        "esmfold_config": None, "hidden_act": "gelu", "hidden_size": 320, "intermediate_size": 1280,
        "is_folding_model": False, "layer_norm_eps": 1e-5, "mask_token_id": 32, "max_position_embeddings": 1026,
        "num_attention_heads": 20, "num_hidden_layers": 6, "position_embedding_type": "rotary", "token_dropout": True,
        "vocab_list": None, "vocab_size": 33,
    },
    "gpt_neo": {
        "activation_function": "gelu_new", "architectures": ["GPTNeoForCausalLM"], "attention_dropout": 0,
        "attention_layers": ["global", "local"] * 6, "attention_types": [[["global", "local"], 6]],
        "embed_dropout": 0, "hidden_size": 768, "intermediate_size": None, "layer_norm_epsilon": 1e-5,
        "max_position_embeddings": 2048, "num_heads": 12, "num_layers": 12, "resid_dropout": 0,
        "summary_type": "cls_index", "tokenizer_class": "GPT2Tokenizer", "vocab_size": 50257, "window_size": 256,
    },
    "ibert": ROBERTA | {
        "architectures": ["IBertForMaskedLM"], "force_dequant": "none", "quant_mode": False,
        "tokenizer_class": "RobertaTokenizer",
    },
    "luke": ROBERTA | {
        "architectures": ["LukeForMaskedLM"], "bert_model_name": "roberta-base", "cls_entity_prediction": False,
        "entity_emb_size": 256, "entity_vocab_size": 500000, "use_entity_aware_attention": True,
    },
    "modernbert-decoder": {
        "architectures": ["ModernBertDecoderForCausalLM"], "attention_bias": False, "attention_dropout": 0.0,
        "classifier_activation": "silu", "classifier_bias": False, "classifier_pooling": "mean", "cls_token_id": 50281,
        "decoder_bias": True, "deterministic_flash_attn": False, "embedding_dropout": 0.0,
        "global_attn_every_n_layers": 3, "global_rope_theta": 160000.0, "hidden_activation": "gelu", "hidden_size": 256,
        "initializer_cutoff_factor": 2.0, "intermediate_size": 384, "layer_norm_eps": 1e-5, "local_attention": 128,
        "local_rope_theta": 160000.0, "max_position_embeddings": 7999, "mlp_bias": False, "mlp_dropout": 0.0,
        "norm_bias": False, "norm_eps": 1e-5, "num_attention_heads": 4, "num_hidden_layers": 7,
        "position_embedding_type": "sans_pos", "repad_logits_with_grad": False, "sparse_pred_ignore_index": -100,
        "sparse_prediction": False, "tie_word_embeddings": True, "vocab_size": 50368,
    },
    "mpt": {
        "architectures": ["MPTForCausalLM"], "attn_config": MPT, "d_model": 4096, "emb_pdrop": 0,
        "embedding_fraction": 1.0, "expansion_ratio": 4, "init_config": {"name": "kaiming_normal_"},
        "init_device": "cpu", "learned_pos_emb": True, "logit_scale": None, "max_seq_len": 2048, "n_heads": 32,
        "n_layers": 32, "no_bias": True, "norm_type": "low_precision_layernorm", "resid_pdrop": 0,
        "tokenizer_name": "EleutherAI/gpt-neox-20b", "verbose": 0, "vocab_size": 50432,
    },
    "nomic_bert": {
        "activation_function": "swiglu", "architectures": ["NomicBertModel"], "attn_pdrop": 0.0, "causal": False,
        "dense_seq_output": True, "embd_pdrop": 0.0, "fused_bias_fc": True, "fused_dropout_add_ln": True,
        "layer_norm_epsilon": 1e-12, "max_trained_positions": 2048, "mlp_fc1_bias": False, "mlp_fc2_bias": False,
        "n_embd": 768, "n_head": 12, "n_inner": 3072, "n_layer": 12, "n_positions": 8192,
        "pad_vocab_size_multiple": 64, "parallel_block": False, "parallel_block_tied_norm": False, "prenorm": False,
        "qkv_proj_bias": False, "reorder_and_upcast_attn": False, "resid_pdrop": 0.0, "rotary_emb_base": 1000,
        "rotary_emb_fraction": 1.0, "rotary_emb_interleaved": False, "rotary_emb_scale_base": None,
        "rotary_scaling_factor": None, "scale_attn_by_inverse_layer_idx": False, "scale_attn_weights": True,
        "summary_type": "cls_index", "type_vocab_size": 2, "use_flash_attn": True, "use_rms_norm": False,
        "use_xentropy": True, "vocab_size": 30528,
    },
    "openai-gpt": {
        "afn": "gelu", "architectures": ["OpenAIGPTLMHeadModel"], "attn_pdrop": 0.1, "embd_pdrop": 0.1,
        "layer_norm_epsilon": 1e-5, "n_ctx": 512, "n_embd": 768, "n_head": 12, "n_layer": 12, "n_positions": 512,
        "n_special": 0, "predict_special_tokens": True, "resid_pdrop": 0.1, "summary_type": "cls_index",
        "task_specific_params": {"text-generation": {"do_sample": True}}, "vocab_size": 40478,
    },
    "phi": {
        "_name_or_path": "microsoft/phi-2", "architectures": ["PhiForCausalLM"], "attention_dropout": 0.0,
        "embd_pdrop": 0.0, "hidden_act": "gelu_new", "hidden_size": 2560, "intermediate_size": 10240,
        "layer_norm_eps": 1e-5, "max_position_embeddings": 2048, "num_attention_heads": 32, "num_hidden_layers": 32,
        "num_key_value_heads": 32, "partial_rotary_factor": 0.4, "qk_layernorm": False, "resid_pdrop": 0.1,
        "rope_scaling": None, "rope_theta": 10000.0, "tie_word_embeddings": False, "vocab_size": 51200,
    },
    "rembert": BERT | POOLED | {
        "architectures": ["RemBertModel"], "classifier_dropout_prob": 0.1, "hidden_size": 1152,
        "input_embedding_size": 256, "num_attention_heads": 18, "output_embedding_size": 1664,
        "tokenizer_class": "RemBertTokenizer",
    },
    "seed_oss": {
        "architectures": ["SeedOssForCausalLM"], "attention_bias": True, "attention_dropout": 0.1,
        "attention_out_bias": False, "head_dim": 128, "hidden_act": "silu", "hidden_size": 5120,
        "intermediate_size": 27648, "max_position_embeddings": 524288, "mlp_bias": False, "num_attention_heads": 80,
        "num_hidden_layers": 64, "num_key_value_heads": 8, "residual_dropout": 0.1, "rms_norm_eps": 1e-6,
        "rope_scaling": {"rope_type": "default"}, "rope_theta": 10000000.0, "vocab_size": 155136,
    },
    "splinter": BERT | POOLED | {"architectures": ["SplinterModel"], "initialize_new_qass": True},
    "stablelm": {
        "architectures": ["StableLmForCausalLM"], "hidden_act": "silu", "hidden_size": 5120,
        "intermediate_size": 13824, "layer_norm_eps": 1e-5, "max_position_embeddings": 4096,
        "num_attention_heads": 32, "num_hidden_layers": 40, "num_key_value_heads": 8, "partial_rotary_factor": 0.25,
        "qk_layernorm": True, "rope_theta": 10000, "use_parallel_residual": True, "use_qkv_bias": False,
        "vocab_size": 100352,
    },
}  # fmt: skip


def read(model_type, values):
    """The block of the settings, and the notes."""
    family = find_family(model_type)
    settings = family.settings(values | {"model_type": model_type}, "config.json")
    block = Block(**family.config_fields(settings))
    return block.as_dict(), check_settings(settings, family)


def read_or_refused(model_type, values):
    """The block and the notes; None and the message where it is refused."""
    try:
        return read(model_type, values)
    except CheckpointError as error:
        return None, (str(error),)


@pytest.mark.parametrize("model_type", PUBLISHED)
def test_published_settings_are_read_without_a_note(model_type):
    _, notes = read(model_type, PUBLISHED[model_type])
    assert notes == ()


@pytest.mark.parametrize(
    ("model_type", "expected"),
    [
        ("big_bird", {"n_ctx": 704, "activation": "gelu_tanh"}),
        ("biogpt", {"embed_scale": 768**0.5, "norm_eps": 1e-5, "n_ctx": 1024}),
        ("bloom", {"d_model": 14336, "d_ff": 57344, "n_heads": 112, "embed_norm": True, "position": "alibi"}),
        ("esm", {"embed_scale": 0.88, "zero_id": 32, "position": "rotary", "d_head": 16}),
        ("gpt_neo", {"window": 255, "window_layers": "1,3,5,7,9,11", "score": "dot"}),
        ("modernbert-decoder", {"window": 63, "window_layers": "1-2,4-5", "window_rotary_base": 160000.0}),
        ("nomic_bert", {"n_ctx": 8192, "rotary_base": 1000.0, "gated": True, "norm_placement": "post"}),
        ("phi", {"rotary_dims": 32, "parallel": True}),
        ("stablelm", {"rotary_dims": 40, "qk_norm_width": "each", "parallel": True, "n_kv_heads": 8}),
    ],
)
def test_published_settings_mean_these_fields(model_type, expected):
    fields, _ = read(model_type, PUBLISHED[model_type])
    assert {name: fields[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("model_type", "unusual", "said"),
    [
        ("bloom", {"slow_but_exact": True}, "slow_but_exact"),
        ("bloom", {"apply_residual_connection_post_layernorm": True}, "apply_residual_connection_post_layernorm"),
        ("biogpt", {"layer_norm_eps": 1e-3}, "layer_norm_eps"),
        ("big_bird", {"attention_type": "sparse"}, "attention_type"),
        ("dpr", {"position_embedding_type": "relative_key"}, "position_embedding_type"),
        ("esm", {"is_folding_model": True}, "is_folding_model"),
        ("esm", {"hidden_act": "relu"}, "hidden_act"),
        ("gpt_neo", {"attention_layers": ["local"] * 12}, "attention_layers"),
        ("gpt_neo", {"is_causal": False}, "is_causal"),
        ("ibert", {"quant_mode": True}, "quant_mode"),
        ("luke", {"is_decoder": True}, "is_decoder"),
        ("modernbert-decoder", {"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}, "rope_type"),
        ("mpt", {"attn_config": MPT | {"qk_ln": True}}, "qk_ln"),
        ("mpt", {"attn_config": MPT | {"attn_type": "grouped_query_attention", "kv_n_heads": 8}}, "attn_type"),
        ("mpt", {"attn_config": MPT | {"rope": True, "alibi": False}}, "alibi"),
        ("mpt", {"attn_config": MPT | {"rope": True}}, "rope"),
        ("mpt", {"attn_config": MPT | {"sliding_window_size": 512}}, "sliding_window_size"),
        ("mpt", {"norm_type": "rmsnorm"}, "norm_type"),
        ("nomic_bert", {"rotary_scaling_factor": 2.0}, "rotary_scaling_factor"),
        ("nomic_bert", {"num_experts": 8, "moe_top_k": 2, "moe_every_n_layers": 2}, "moe_every_n_layers"),
        ("phi", {"rope_scaling": {"type": "su", "factor": 2.0}}, "type"),
        ("seed_oss", {"rope_scaling": {"rope_type": "ntk", "factor": 2.0}}, "rope_type"),
        ("stablelm", {"rope_pct": 0.5}, "rope_pct"),
    ],
)
def test_an_unusual_setting_is_not_read_past(model_type, unusual, said):
    """It changes the block, or a note or an error names it."""
    usual, _ = read(model_type, PUBLISHED[model_type])
    fields, notes = read_or_refused(model_type, PUBLISHED[model_type] | unusual)
    assert fields not in (None, usual) or any(said in note for note in notes)
