"""Recipes of families that are data only. Their folders are small; copies of another family have only one layer."""

import vocabularies
from recipe import BF16, F16, F32, ROBERTA_IDS, Recipe, bert_like, llama_like, rope

COPY = bert_like(12, 3, 1, 13, 151, 31)
TWO_LAYERS = bert_like(12, 3, 2, 13, 151, 31, layer_norm_eps=2e-3)
IDS = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
COUNTED = {"layer_norm_eps": 1e-3, **ROBERTA_IDS}  # positions are counted without padding
ESM = {"vocab_size": 33, "pad_token_id": 1, "mask_token_id": 32, "eos_token_id": 2}
SIGHT = {"hidden_size": 4, "num_attention_heads": 1, "num_hidden_layers": 1, "intermediate_size": 3}
PROTEINS = ("MKTAYIAKQRQISFVK", "MA<mask>GE <mask>LKxoVd.")

RECIPES = {
    "ernie": Recipe(
        "ErnieForMaskedLM", F16, vocabularies.bert,
        COPY | {"type_vocab_size": 4}, pair=True,
        sharp=1.7, seed=0,
    ),
    "data2vec_text": Recipe(
        "Data2VecTextForMaskedLM", F16, vocabularies.mpnet, COPY | COUNTED, counts_positions=True,
        sharp=1.7, seed=0,
    ),
    "xlm_roberta_xl": Recipe(
        "XLMRobertaXLForMaskedLM", BF16, vocabularies.mpnet, TWO_LAYERS | COUNTED, counts_positions=True,
        seed=45,
    ),
    "roberta_prelayernorm": Recipe(
        "RobertaPreLayerNormForMaskedLM", F16, vocabularies.mpnet, TWO_LAYERS | COUNTED, counts_positions=True,
        sharp=1.7, seed=2,
    ),
    "megatron_bert": Recipe(
        "MegatronBertForMaskedLM", F16, vocabularies.bert,
        TWO_LAYERS, pair=True,
        seed=93,
    ),
    "bert_generation": Recipe(
        "BertGenerationEncoder", F16, vocabularies.bert,
        TWO_LAYERS, pair=True,
        sharp=1.7, seed=8,
    ),
    "rembert": Recipe(
        "RemBertModel", F16, vocabularies.bert,
        TWO_LAYERS | {"input_embedding_size": 11, "bos_token_id": 2, "eos_token_id": 3}, pair=True,
        sharp=1.7, seed=36,
    ),
    "ibert": Recipe(
        "IBertModel", F16, vocabularies.mpnet,
        COPY | COUNTED, counts_positions=True,
        sharp=1.7, seed=0,
    ),
    "luke": Recipe(
        "LukeModel", F16, vocabularies.mpnet, COPY | COUNTED | {"entity_vocab_size": 5, "entity_emb_size": 7},
        counts_positions=True,
        sharp=1.7, seed=0,
    ),
    "dpr": Recipe(
        "DPRQuestionEncoder", F16, vocabularies.bert,
        COPY | {"projection_dim": 7}, pair=True,
        sharp=1.7, seed=2,
    ),
    "splinter": Recipe(
        "SplinterModel", F16, vocabularies.bert,
        COPY, pair=True,
        sharp=1.7, seed=2,
    ),
    "modernbert_decoder": Recipe(
        "ModernBertDecoderForCausalLM", F16, vocabularies.bert,
        bert_like(
            12, 3, 3, 11, 151, 31, local_attention=8, layer_types=["full_attention", *["sliding_attention"] * 2],
            norm_eps=2e-3, pad_token_id=0, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3,
            rope_parameters={
                "full_attention": {"rope_type": "default", "rope_theta": 300.0},
                "sliding_attention": {"rope_type": "default", "rope_theta": 20.0},
            },
        ),
        seed=0,
    ),
    "eurobert": Recipe(
        "EuroBertForMaskedLM", F16, vocabularies.bert,
        llama_like(4, 2, 6, 12, 2, 11, 151, 31, rms_norm_eps=2e-3, **IDS, mask_token_id=4, **rope(40.0)),
        seed=1,
    ),
    "seed_oss": Recipe(
        "SeedOssForCausalLM", F16, vocabularies.bert,
        llama_like(4, 2, 6, 13, 2, 11, 151, 31, rms_norm_eps=2e-3, **IDS, **rope(40.0)),
        seed=0,
    ),
    "ministral": Recipe(
        "MinistralForCausalLM", F16, vocabularies.bert,
        llama_like(
            4, 2, 6, 13, 2, 11, 151, 31, sliding_window=5, layer_types=["full_attention", "sliding_attention"],
            rms_norm_eps=2e-3, **IDS, **rope(40.0),
        ),
        seed=0,
    ),
    "ministral3": Recipe(
        "Ministral3ForCausalLM", F16, vocabularies.bert,
        llama_like(
            4, 2, 6, 12, 2, 11, 151, 61, rms_norm_eps=2e-3, **IDS,
            rope_parameters={
                "rope_type": "yarn", "rope_theta": 40.0, "factor": 2.0, "original_max_position_embeddings": 31,
                "beta_fast": 9.0, "beta_slow": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.5,
            },
        ),
        seed=0,
    ),
    "phi": Recipe(
        "PhiForCausalLM", F16, vocabularies.bert,
        bert_like(
            20, 2, 2, 11, 151, 31, num_key_value_heads=1, layer_norm_eps=2e-3, **IDS,
            **rope(40.0, partial_rotary_factor=0.4),
        ),
        seed=0,
    ),
    "phi_qk_norm": Recipe(
        "PhiModel", F16, vocabularies.bert, bert_like(12, 3, 1, 11, 151, 31, qk_layernorm=True, **IDS, **rope(40.0)),
        seed=0,
    ),
    "stablelm": Recipe(
        "StableLmForCausalLM", F16, vocabularies.bert,
        bert_like(16, 2, 2, 11, 151, 31, num_key_value_heads=1, layer_norm_eps=2e-3, **IDS, **rope(40.0)),
        seed=0,
    ),
    "stablelm_parallel": Recipe(
        "StableLmModel", F16, vocabularies.bert,
        bert_like(
            16, 2, 2, 11, 151, 31, num_key_value_heads=2, use_parallel_residual=True, use_qkv_bias=True, **IDS,
            **rope(40.0, partial_rotary_factor=0.5),
        ),
        seed=0,
    ),
    "gpt_neo": Recipe(
        "GPTNeoForCausalLM", F16, vocabularies.bert,
        {
            "hidden_size": 12, "num_heads": 3, "num_layers": 3, "intermediate_size": 11, "vocab_size": 151,
            "max_position_embeddings": 31, "window_size": 5, "layer_norm_epsilon": 2e-3,
            "attention_types": [[["global", "local", "local"], 1]], "bos_token_id": 2, "eos_token_id": 3,
        },
        seed=0,
    ),
    "openai_gpt": Recipe(
        "OpenAIGPTLMHeadModel", F16, vocabularies.bert,
        {
            "n_embd": 12, "n_head": 3, "n_layer": 2, "vocab_size": 151, "n_positions": 31, "layer_norm_epsilon": 2e-3,
        },
        seed=0,
    ),
    "biogpt": Recipe("BioGptForCausalLM", F16, vocabularies.mpnet, TWO_LAYERS, seed=0),
    "clip_text_model": Recipe(
        "CLIPTextModelWithProjection", F16, vocabularies.bert,
        TWO_LAYERS | IDS | {"projection_dim": 7},
        seed=0,
    ),
    "bloom": Recipe(
        "BloomForCausalLM", F16, vocabularies.bert,
        {"hidden_size": 12, "n_head": 3, "n_layer": 2, "vocab_size": 151, "layer_norm_epsilon": 2e-3},
        seed=0,
    ),
    "mpt": Recipe(
        "MptForCausalLM", F16, vocabularies.bert,
        {
            "d_model": 12, "n_heads": 3, "n_layers": 2, "vocab_size": 151, "max_seq_len": 31,
            "layer_norm_epsilon": 2e-3, "attn_config": {"softmax_scale": 0.7},
        },
        seed=0,
    ),
    "esm": Recipe(
        "EsmForMaskedLM", F32, vocabularies.esm,
        TWO_LAYERS | ESM | {"position_embedding_type": "rotary", "token_dropout": True}, texts=PROTEINS,
        seed=36,
    ),
    "esm_absolute": Recipe(
        "EsmModel", F16, vocabularies.esm,
        TWO_LAYERS | ESM | {"max_position_embeddings": 37, "emb_layer_norm_before": True}, texts=PROTEINS,
        counts_positions=True,
        seed=71,
    ),
    "ernie_tasks": Recipe(
        "ErnieModel", F16, vocabularies.bert, COPY | {"use_task_id": True, "task_type_vocab_size": 5}, pair=True,
        sharp=1.7, seed=1,
    ),
    "big_bird": Recipe(
        "BigBirdModel", F16, vocabularies.bert,
        TWO_LAYERS
        | {"use_bias": False, "rescale_embeddings": True, "attention_type": "original_full", "sep_token_id": 3},
        pair=True,
        seed=55,
    ),
    "nomic_bert": Recipe(
        "NomicBertForMaskedLM", F16, vocabularies.bert, TWO_LAYERS | rope(30.0), pair=True,
        seed=13,
    ),
    "stablelm_norms": Recipe(
        "StableLmModel", F16, vocabularies.bert,
        bert_like(
            24, 4, 1, 11, 151, 31, num_key_value_heads=2, qk_layernorm=True, **IDS,
            **rope(40.0, partial_rotary_factor=0.7),
        ),
        seed=1,
    ),
    "mpt_clipped": Recipe(
        "MptModel", F16, vocabularies.bert,
        {"d_model": 12, "n_heads": 3, "n_layers": 1, "vocab_size": 151, "max_seq_len": 31,
         "attn_config": {"clip_qkv": 1.5}},
        sharp=2.0, seed=0,
    ),
    "wrapped/llava": Recipe(
        "LlavaForConditionalGeneration", F16, vocabularies.bert,
        {
            "text_config": {"model_type": "llama"} | IDS
            | llama_like(4, 2, 6, 12, 2, 11, 151, 31, rms_norm_eps=2e-3, **rope(40.0)),
            "vision_config": {"model_type": "clip_vision_model", "image_size": 4, "patch_size": 2, "projection_dim": 2}
            | SIGHT,
            "image_token_index": 150,
        },
        seed=0,
    ),
    "wrapped/qwen2_vl": Recipe(
        "Qwen2VLForConditionalGeneration", F16, vocabularies.bert,
        {
            "text_config": IDS | bert_like(
                12, 2, 2, 11, 151, 31, num_key_value_heads=1, rms_norm_eps=2e-3,
                rope_parameters={"rope_type": "default", "rope_theta": 40.0, "mrope_section": [1, 1, 1]},
            ),
            "vision_config": {"depth": 1, "embed_dim": 4, "num_heads": 1, "hidden_size": 12, "patch_size": 2},
            "image_token_id": 150, "video_token_id": 149, "vision_start_token_id": 148, "vision_end_token_id": 147,
        },
        seed=0,
    ),
    "wrapped/gemma3": Recipe(
        "Gemma3ForConditionalGeneration", F16, vocabularies.bert,
        {
            "text_config": IDS | llama_like(4, 2, 6, 12, 2, 11, 151, 31, rms_norm_eps=2e-3, sliding_window=5),
            "vision_config": {"model_type": "siglip_vision_model", "image_size": 4, "patch_size": 2} | SIGHT,
            "mm_tokens_per_image": 4, "image_token_index": 150, "boi_token_index": 149, "eoi_token_index": 148,
        },
        sharp=2.3, seed=16,
    ),
}  # fmt: skip
