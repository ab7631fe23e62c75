"""Recipes of the first families."""

import vocabularies
from recipe import BF16, F16, F32, ROBERTA_IDS, Recipe, bert_like, llama_like, rope

LLAMA3_ROPE = {
    "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 53, "rope_theta": 500.0,
}  # fmt: skip
NEOX_CONFIG = bert_like(24, 3, 2, 43, 383, 61, layer_norm_eps=3e-3, bos_token_id=0, eos_token_id=0)
IDS = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}

RECIPES = {
    "bert": Recipe(
        "BertForPreTraining", F32, vocabularies.bert,
        bert_like(15, 3, 3, 37, 151, 61, layer_norm_eps=3e-3), pair=True,
        sharp=1.7, seed=9,
    ),
    "roberta": Recipe(
        "RobertaForSequenceClassification", F16, vocabularies.roberta,
        bert_like(27, 3, 2, 37, 383, 59, layer_norm_eps=1e-3, num_labels=5, **ROBERTA_IDS), pair=True,
        counts_positions=True, sharp=1.7, seed=10,
    ),
    "xlm-roberta": Recipe(
        "XLMRobertaForTokenClassification", BF16, vocabularies.xlm_roberta,
        bert_like(25, 5, 2, 31, 191, 53, layer_norm_eps=2e-3, num_labels=7, **ROBERTA_IDS), pair=True,
        counts_positions=True, sharp=1.7, seed=84,
    ),
    "camembert": Recipe(
        "CamembertForMaskedLM", F16, vocabularies.camembert,
        bert_like(33, 3, 2, 29, 193, 67, layer_norm_eps=1e-3, **ROBERTA_IDS | {"bos_token_id": 5, "eos_token_id": 6}),
        pair=True, counts_positions=True,
        sharp=2.0, seed=20,
    ),
    "distilbert": Recipe(
        "DistilBertModel", F32, vocabularies.distilbert,
        {
            "dim": 25, "n_heads": 5, "n_layers": 2, "hidden_dim": 43, "vocab_size": 163, "max_position_embeddings": 61,
        }, pair=True,
        sharp=1.7, seed=13,
    ),
    "electra": Recipe(
        "ElectraForPreTraining", BF16, vocabularies.bert,
        bert_like(21, 3, 3, 41, 157, 59, embedding_size=13, layer_norm_eps=2e-3, type_vocab_size=3),
        pair=True,
        sharp=1.7, seed=150,
    ),
    "albert": Recipe(
        "AlbertForMaskedLM", F32, vocabularies.albert,
        bert_like(21, 3, 3, 47, 163, 53, embedding_size=11, layer_norm_eps=3e-3), pair=True,
        sharp=2.0, seed=255,
    ),
    "albert_groups": Recipe(
        "AlbertModel", BF16, vocabularies.albert,
        bert_like(
            21, 3, 3, 29, 167, 61, embedding_size=17, num_hidden_groups=2, inner_group_num=2, layer_norm_eps=1e-3,
            hidden_act="gelu",
        ),
        sharp=2.2, seed=384,
    ),
    "mpnet": Recipe(
        "MPNetModel", F16, vocabularies.mpnet,
        bert_like(33, 3, 2, 43, 157, 67, layer_norm_eps=1e-3), pair=True, counts_positions=True,
        seed=2,
    ),
    "modernbert": Recipe(
        "ModernBertForMaskedLM", F16, vocabularies.modernbert,
        bert_like(
            18, 3, 4, 29, 383, 61, global_attn_every_n_layers=3, local_attention=6, norm_eps=2e-3,
            rope_parameters={
                "full_attention": {"rope_type": "default", "rope_theta": 300.0},
                "sliding_attention": {"rope_type": "default", "rope_theta": 20.0},
            },
            pad_token_id=3, bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2,
        ), pair=True,
        seed=27,
    ),
    "gpt2": Recipe(
        "GPT2LMHeadModel", F32, vocabularies.gpt2,
        {
            "n_embd": 15, "n_head": 3, "n_layer": 3, "n_inner": 37, "vocab_size": 383, "n_positions": 61,
            "layer_norm_epsilon": 3e-3, "bos_token_id": 376, "eos_token_id": 376,
        },
        seed=35,
    ),
    "gpt_neox": Recipe(
        "GPTNeoXForCausalLM", F16, vocabularies.gpt_neox,
        NEOX_CONFIG | rope(50.0, partial_rotary_factor=0.5),
        seed=27,
    ),
    "gpt_neox_serial": Recipe(
        "GPTNeoXModel", F16, vocabularies.bert,
        bert_like(24, 3, 2, 13, 151, 31, use_parallel_residual=False, layer_norm_eps=3e-3, **IDS)
        | rope(30.0, partial_rotary_factor=0.5),
        seed=0,
    ),
    "opt": Recipe(
        "OPTForCausalLM", F32, vocabularies.opt,
        {
            "hidden_size": 15, "num_attention_heads": 3, "num_hidden_layers": 3, "ffn_dim": 37, "vocab_size": 383,
            "max_position_embeddings": 61,
        },
        seed=14,
    ),
    "opt_projected": Recipe(
        "OPTModel", F16, vocabularies.opt,
        {
            "hidden_size": 35, "num_attention_heads": 5, "num_hidden_layers": 2, "ffn_dim": 41, "vocab_size": 383,
            "max_position_embeddings": 59, "word_embed_proj_dim": 17, "do_layer_norm_before": False,
        },
        seed=3,
    ),
    "llama": Recipe(
        "LlamaForCausalLM", F32, vocabularies.llama,
        llama_like(6, 2, 4, 12, 2, 31, 397, 61, rms_norm_eps=2e-3, **rope(40.0)),
        seed=4,
    ),
    "llama3": Recipe(
        "LlamaForCausalLM", BF16, vocabularies.llama3,
        llama_like(
            6, 3, 10, 24, 2, 37, 383, 59, rms_norm_eps=1e-3, attention_bias=True, rope_parameters=LLAMA3_ROPE,
            bos_token_id=376, eos_token_id=377,
        ),
        seed=49,
    ),
    "mistral": Recipe(
        "MistralModel", F16, vocabularies.mistral,
        llama_like(6, 3, 6, 29, 2, 41, 397, 67, rms_norm_eps=3e-3, sliding_window=5, **rope(60.0)),
        seed=5,
    ),
    "qwen2": Recipe(
        "Qwen2ForCausalLM", F16, vocabularies.qwen,
        bert_like(24, 6, 2, 43, 383, 59, num_key_value_heads=2, rms_norm_eps=2e-3, **rope(80.0)),
    ),
    "qwen2_windowed": Recipe(
        "Qwen2Model", BF16, vocabularies.qwen,
        bert_like(
            24, 6, 3, 31, 389, 61, num_key_value_heads=3, rms_norm_eps=1e-3, use_sliding_window=True, sliding_window=4,
            max_window_layers=1, **rope(70.0),
        ),
        seed=1,
    ),
    "qwen3": Recipe(
        "Qwen3ForCausalLM", BF16, vocabularies.qwen,
        llama_like(6, 2, 10, 23, 2, 41, 389, 67, rms_norm_eps=3e-3, tie_word_embeddings=True, **rope(90.0)),
    ),
    "qwen3_bidirectional": Recipe(
        "Qwen3Model", F16, vocabularies.bert,
        llama_like(
            6, 2, 10, 11, 2, 13, 151, 31, rms_norm_eps=3e-3, is_causal=False, use_sliding_window=True, sliding_window=3,
            max_window_layers=1, **IDS, **rope(90.0),
        ),
        sharp=2.8, seed=0,
    ),
    "gpt2_bidirectional": Recipe(
        "GPT2Model", F16, vocabularies.bert,
        {
            "n_embd": 15, "n_head": 3, "n_layer": 2, "n_inner": 13, "vocab_size": 151, "n_positions": 31,
            "is_causal": False, "bos_token_id": 2, "eos_token_id": 3,
        },
        seed=0,
    ),
    "mistral_layer_types": Recipe(
        "MistralForCausalLM", F16, vocabularies.bert,
        llama_like(
            6, 3, 4, 13, 2, 11, 151, 31, sliding_window=5, layer_types=["full_attention", "sliding_attention"], **IDS,
            **rope(60.0),
        ),
        seed=0,
    ),
    "llama_qa": Recipe(
        "LlamaForQuestionAnswering", F16, vocabularies.bert,
        llama_like(6, 2, 4, 12, 2, 11, 151, 31, rms_norm_eps=2e-3, **IDS, **rope(40.0)),
        seed=0,
    ),
    "starcoder2": Recipe(
        "Starcoder2ForCausalLM", BF16, vocabularies.gpt2,
        bert_like(
            24, 6, 3, 37, 383, 59, num_key_value_heads=2, norm_epsilon=3e-3, sliding_window=6, bos_token_id=376,
            eos_token_id=376, **rope(50.0),
        ),
    ),
    "gemma": Recipe(
        "GemmaForCausalLM", BF16, vocabularies.gemma,
        llama_like(6, 2, 10, 19, 2, 53, 397, 61, rms_norm_eps=2e-3, **rope(45.0)),
        seed=20,
    ),
}  # fmt: skip
