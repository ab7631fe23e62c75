"""One recipe for each golden folder that llama.cpp has an architecture for."""

import math

import numpy as np

from attnviz.checkpoints.formats.tensors import open_tensors
from tests.checkpoints.gguf.conversion import (
    GOLDEN,
    Recipe,
    Tensors,
    apart,
    dense,
    more_by_one,
    of_pairs,
    short,
    usual_keys,
    without,
)


def rope_dims(config: dict) -> int:
    width = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    return int(config["rope_parameters"].get("partial_rotary_factor", 1.0) * width)


def turned(config: dict) -> dict[str, object]:
    return {"rope.dimension_count": rope_dims(config)}


def windowed(config: dict) -> dict[str, object]:
    return {"attention.sliding_window": config["sliding_window"]}


def patterned(config: dict) -> dict[str, object]:
    pattern = [kind == "sliding_attention" for kind in config["layer_types"]]
    return {"attention.sliding_window": config["sliding_window"], "attention.sliding_window_pattern": pattern}


def llama3_divisors(config: dict) -> dict[str, np.ndarray]:
    """``rope_freqs.weight`` (``LlamaModel.generate_extra_tensors``)."""
    rope, dims = config["rope_parameters"], config["head_dim"]
    factor, low, high = rope["factor"], rope["low_freq_factor"], rope["high_freq_factor"]
    trained, divisors = rope["original_max_position_embeddings"], []
    for i in range(0, dims, 2):
        length = 2 * math.pi * rope["rope_theta"] ** (i / dims)
        smooth = (trained / length - low) / (high - low)
        between = 1 / ((1 - smooth) / factor + smooth)
        divisors.append(1 if length < trained / high else factor if length > trained / low else between)
    return {"rope_freqs.weight": np.array(divisors, np.float32)}


def longrope_divisors(config: dict) -> dict[str, np.ndarray]:
    rope = config["rope_parameters"]
    return {f"rope_factors_{kind}.weight": np.array(rope[f"{kind}_factor"], np.float32) for kind in ("long", "short")}


def phi3_keys(config: dict) -> dict[str, object]:
    trained, rope = config["original_max_position_embeddings"], config["rope_parameters"]
    keys = {
        "rope.scaling.original_context_length": trained,
        "attention.sliding_window": config["sliding_window"] or 0,
        "rope.dimension_count": rope_dims(config),
        "rope.scaling.type": None,
    }
    if rope["rope_type"] == "longrope":
        scale = config["max_position_embeddings"] / trained
        keys["rope.scaling.attn_factor"] = math.sqrt(1 + math.log(scale) / math.log(trained))
    return keys


def ministral_keys(config: dict) -> dict[str, object]:
    rope = config["rope_parameters"]
    return {
        "rope.dimension_count": rope_dims(config),
        "rope.scaling.yarn_log_multiplier": rope["mscale_all_dim"],
        "attention.temperature_scale": rope["llama_4_scaling_beta"],
    }


def gpt2_tensors(name: str, array: np.ndarray, config: dict) -> Tensors:
    """Matrices of (in, out) become (out, in)."""
    yield name, array.T if array.ndim == 2 and ".h." in name else array


def stacked_norms(name: str, array: np.ndarray, config: dict) -> Tensors:
    """StableLM's norms of each head are one tensor; it comes with the first of them (``more`` adds the others)."""
    if "_layernorm.norms." not in name:
        yield f"model.{name}" if not name.startswith("model.") else name, array


def head_norms(folder: str):
    def more(config: dict) -> dict[str, np.ndarray]:
        file = open_tensors(GOLDEN / folder / "model.safetensors")
        heads = {"q": config["num_attention_heads"], "k": config["num_key_value_heads"]}
        return {
            f"blk.0.attn_{part}_norm.weight": np.stack(
                [file.array(f"layers.0.self_attn.{part}_layernorm.norms.{i}.weight") for i in range(n)]
            )
            for part, n in heads.items()
        }

    return more


def gpt_oss_tensors(name: str, array: np.ndarray, config: dict) -> Tensors:
    """Gates and first layers alternate in the folder, and matrices are (in, out)."""
    if name.endswith("sinks"):
        yield f"{name}.weight", array
    elif "gate_up_proj" in name or "down_proj" in name:
        is_bias = name.endswith("_bias")
        stem, leaf = name.removesuffix("_bias"), "bias" if is_bias else "weight"
        array = array if is_bias else array.swapaxes(-1, -2)
        if "down_proj" in name:
            yield f"{stem}.{leaf}", array
        else:
            axis = -1 if is_bias else -2
            for i, part in enumerate(("gate_proj", "up_proj")):
                yield (
                    f"{stem.replace('gate_up_proj', part)}.{leaf}",
                    np.take(array, range(i, array.shape[axis], 2), axis),
                )
    else:
        yield name, array


def t5_keys(config: dict) -> dict[str, object]:
    """All keys are T5's own (``T5Model.set_gguf_parameters``)."""
    return dict.fromkeys(usual_keys(config)) | {
        "context_length": 512,
        "embedding_length": config["d_model"],
        "feed_forward_length": config["d_ff"],
        "block_count": config["num_layers"],
        "decoder_block_count": config["num_decoder_layers"] if config["is_encoder_decoder"] else None,
        "attention.head_count": config["num_heads"],
        "attention.key_length": config["d_kv"],
        "attention.value_length": config["d_kv"],
        "attention.layer_norm_epsilon": config["layer_norm_epsilon"],
        "attention.layer_norm_rms_epsilon": config["layer_norm_epsilon"],
        "attention.relative_buckets_count": config["relative_attention_num_buckets"],
        "decoder_start_token_id": config["decoder_start_token_id"],
    }


def chopped(name: str, array: np.ndarray, config: dict) -> Tensors:
    """Position tables begin with the first token's row."""
    yield name, array[config["pad_token_id"] + 1 :] if "position_embeddings" in name else array


def deepseek_keys(config: dict) -> dict[str, object]:
    """Keys and values of all heads are one vector's (``DeepseekV2Model.set_gguf_parameters``)."""
    turned, still = config["qk_rope_head_dim"], config["qk_nope_head_dim"]
    return {
        "attention.head_count_kv": 1,
        "attention.q_lora_rank": config["q_lora_rank"],
        "attention.kv_lora_rank": config["kv_lora_rank"],
        "attention.key_length": config["kv_lora_rank"] + turned,
        "attention.value_length": config["kv_lora_rank"],
        "attention.key_length_mla": still + turned,
        "attention.value_length_mla": config["v_head_dim"],
        "leading_dense_block_count": config["first_k_dense_replace"],
        "expert_count": config["n_routed_experts"],
        "expert_shared_count": config["n_shared_experts"],
        "expert_feed_forward_length": config["moe_intermediate_size"],
        "expert_weights_scale": config["routed_scaling_factor"],
        "expert_weights_norm": config["norm_topk_prob"],
        "expert_gating_func": 2,
        "rope.dimension_count": turned,
        "rope.scaling.yarn_log_multiplier": 0.1 * config["rope_parameters"]["mscale_all_dim"],
    }


def deepseek_tensors(name: str, array: np.ndarray, config: dict) -> Tensors:
    """Keys and values of each head have a matrix of their own, the keys' the other way round."""
    if name.startswith(f"model.layers.{config['num_hidden_layers']}."):
        return
    if "kv_b_proj" not in name:
        yield name.replace("e_score_correction_bias", "e_score_correction.bias"), array
        return
    heads, still = config["num_attention_heads"], config["qk_nope_head_dim"]
    each = array.reshape(heads, -1, array.shape[-1])
    yield name.replace("kv_b_proj", "k_b_proj"), each[:, :still].swapaxes(1, 2)
    yield name.replace("kv_b_proj", "v_b_proj"), each[:, still:]


def shortened(config: dict) -> dict[str, object]:
    return {"context_length": config["max_position_embeddings"] - config["pad_token_id"] - 1}


def heads_of(config: dict) -> tuple[int, int, int]:
    heads = config.get("num_attention_heads") or config["n_head"]
    return heads, 1, config["hidden_size"] // heads


def falcon_heads(config: dict) -> tuple[int, int, int]:
    heads, groups = config["num_attention_heads"], falcon_kv(config)
    return groups, heads // groups, config["hidden_size"] // heads


def falcon_kv(config: dict) -> int:
    return config["num_kv_heads"] if config["new_decoder_architecture"] else 1


def falcon_keys(config: dict) -> dict[str, object]:
    sizes = {"attention.head_count_kv": falcon_kv(config), "feed_forward_length": config["ffn_hidden_size"]}
    return {"tensor_data_layout": "jploski", **sizes}


# What transformers multiplies q and k by, where mscale is not mscale_all_dim as in all published models.
DEEPSEEK_GROWN = (0.1 * math.log(4) + 1) / (0.07 * math.log(4) + 1)
BERT_HEADS = ("pooler.", "cls.", "lm_head", "position_ids", "vocab_", "classifier")

RECIPES = (
    Recipe("llama", "llama", turned, of_pairs),
    Recipe("llama", "llama3", turned, of_pairs, llama3_divisors),
    Recipe("llama", "llama_yarn", turned, of_pairs, fields={"rotary_truncate": False}),
    Recipe("llama", "mistral", turned, of_pairs, fields={"window": 4}),
    Recipe("llama", "mixtral", turned, of_pairs, fields={"window": 6}),
    Recipe("mistral3", "mistral", turned, of_pairs, fields={"window": 4}),
    Recipe("mistral3", "ministral3", ministral_keys, of_pairs),
    Recipe("qwen2", "qwen2"),
    Recipe(
        "qwen2moe",
        "qwen2_moe",
        lambda c: {
            "expert_feed_forward_length": c["moe_intermediate_size"],
            "expert_shared_feed_forward_length": c["shared_expert_intermediate_size"],
        },
        dense,
        fields={"window": 5, "window_layers": "0"},
    ),
    Recipe("qwen3", "qwen3"),
    Recipe("qwen3moe", "qwen3_moe", lambda c: {"expert_feed_forward_length": c["moe_intermediate_size"]}, dense),
    Recipe("gemma", "gemma", change=more_by_one),
    Recipe(
        "gemma2",
        "gemma2",
        lambda c: (
            windowed(c)
            | {
                "attn_logit_softcapping": c["attn_logit_softcapping"],
                "final_logit_softcapping": c["final_logit_softcapping"],
            }
        ),
        more_by_one,
        fields={"score_scale": 11**-0.5},
    ),
    Recipe("gemma3", "gemma3", patterned, more_by_one, fields={"score_scale": 5**-0.5}),
    Recipe(
        "gemma-embedding",
        "embeddinggemma",
        windowed,
        more_by_one,
        fields={"score_scale": 5**-0.5, "window_layers": "0"},
    ),
    Recipe("phi2", "phi", turned),
    Recipe("phi3", "phi3", phi3_keys, more=longrope_divisors),
    Recipe("phi3", "phi4", phi3_keys),
    Recipe("gpt2", "gpt2", change=gpt2_tensors),
    Recipe("gptneox", "gpt_neox", lambda c: turned(c) | {"use_parallel_residual": True}, apart(heads_of)),
    Recipe(
        "gptneox",
        "gpt_neox_serial",
        lambda c: turned(c) | {"use_parallel_residual": False},
        apart(heads_of),
        prefix="gpt_neox.",
    ),
    Recipe("falcon", "falcon", falcon_keys, apart(falcon_heads)),
    Recipe("falcon", "falcon_new", falcon_keys, apart(falcon_heads)),
    Recipe("starcoder", "gpt_bigcode", lambda _: {"attention.head_count_kv": 1}),
    Recipe("starcoder2", "starcoder2", fields={"window": 5}),
    Recipe("stablelm", "stablelm", lambda c: turned(c) | {"use_parallel_residual": True}),
    Recipe("stablelm", "stablelm_norms", turned, stacked_norms, head_norms("stablelm_norms")),
    Recipe("stablelm", "stablelm_parallel", turned),
    Recipe(
        "mpt",
        "mpt",
        lambda c: {
            "context_length": c["max_seq_len"],
            "embedding_length": c["d_model"],
            "feed_forward_length": 4 * c["d_model"],
            "attention.max_alibi_bias": 8.0,
        },
        fields={"score_scale": 0.7},
    ),
    Recipe(
        "mpt",
        "mpt_clipped",
        lambda c: {
            "context_length": c["max_seq_len"],
            "embedding_length": c["d_model"],
            "feed_forward_length": 4 * c["d_model"],
            "attention.max_alibi_bias": 8.0,
            "attention.clamp_kqv": 1.5,
        },
        prefix="transformer.",
    ),
    Recipe(
        "bloom",
        "bloom",
        lambda c: {"context_length": 61, "feed_forward_length": 4 * c["hidden_size"]},
        short("transformer.", apart(heads_of)),
    ),
    Recipe(
        "olmo",
        "olmo",
        lambda c: {"attention.clamp_kqv": c["clip_qkv"], "attention.layer_norm_epsilon": 1e-5},
        of_pairs,
    ),
    Recipe("olmo2", "olmo2"),
    Recipe("olmo2", "olmo3", patterned),
    Recipe("olmoe", "olmoe", lambda c: {"attention.clamp_kqv": c["clip_qkv"]}),
    Recipe("command-r", "cohere", lambda c: {"logit_scale": c["logit_scale"], "rope.scaling.type": "none"}),
    Recipe("command-r", "cohere_qk_norm", lambda c: {"logit_scale": c["logit_scale"]}),
    Recipe("cohere2", "cohere2", lambda c: patterned(c) | turned(c) | {"logit_scale": c["logit_scale"]}),
    Recipe(
        "granite",
        "granite",
        lambda c: {
            "attention.scale": c["attention_multiplier"],
            "embedding_scale": c["embedding_multiplier"],
            "residual_scale": c["residual_multiplier"],
            "logit_scale": c["logits_scaling"],
        },
        of_pairs,
    ),
    Recipe("smollm3", "smollm3", change=of_pairs, fields={"rotary_layers": "0", "window": 7, "window_layers": "1"}),
    Recipe("exaone4", "exaone4", patterned),
    Recipe(
        "gpt-oss",
        "gpt_oss",
        lambda c: windowed(c) | {"expert_feed_forward_length": c["intermediate_size"]},
        gpt_oss_tensors,
        fields={"gate_limit": 0.9},
    ),
    Recipe("glm4", "glm4", turned),
    Recipe("chatglm", "glm", turned),
    Recipe("nemotron", "nemotron", lambda c: turned(c) | {"attention.layer_norm_epsilon": c["norm_eps"]}, more_by_one),
    Recipe("seed_oss", "seed_oss"),
    Recipe("deepseek2", "deepseek_v3", deepseek_keys, deepseek_tensors, fields={"rotary_magnitude": DEEPSEEK_GROWN}),
    Recipe("bert", "bert", lambda _: {"attention.causal": False}, short("bert.", without(*BERT_HEADS))),
    Recipe("bert", "roberta", shortened, short("roberta.", without(*BERT_HEADS, then=chopped))),
    Recipe("bert", "xlm-roberta", shortened, short("roberta.", without(*BERT_HEADS, then=chopped))),
    Recipe(
        "bert",
        "distilbert",
        lambda _: {"attention.layer_norm_epsilon": 1e-12},
        short("distilbert.", without(*BERT_HEADS)),
    ),
    Recipe("nomic-bert", "nomic_bert", change=short("nomic_bert.", without(*BERT_HEADS))),
    Recipe(
        "modern-bert",
        "modernbert",
        lambda c: {
            "attention.layer_norm_epsilon": c["norm_eps"],
            "attention.sliding_window": c["local_attention"],
            "attention.sliding_window_pattern": c["global_attn_every_n_layers"],
            "rope.scaling.type": "none",
        },
        short("model.", without("head.", "decoder.")),
    ),
    Recipe("eurobert", "eurobert", lambda _: {"attention.causal": False}, short("model.", without("lm_head"))),
    Recipe("t5", "t5", t5_keys, fields={"relative_max_distance": 11}),
    Recipe("t5", "mt5", t5_keys, fields={"relative_max_distance": 13}),
    Recipe("t5", "umt5", t5_keys, fields={"relative_max_distance": 11}),
    Recipe(
        "t5encoder",
        "t5_encoder",
        t5_keys,
        without("decoder."),
        fields={"relative_max_distance": 7, "activation": "silu"},
    ),
)
