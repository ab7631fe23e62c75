"""Llama and what is made like it: grouped queries, an RMS norm before each part, gated feed-forwards."""

from dataclasses import replace

from attnviz.checkpoints.gguf.architecture import (
    FUSED_GATE_AND_UP,
    FUSED_QKV,
    GATED,
    STACKED_EXPERTS,
    Architecture,
    Facts,
)
from attnviz.checkpoints.gguf.layers import dense_layers, expert_width, fourth_sees_all, last_sees_all, window_layers
from attnviz.checkpoints.huggingface.family import Fused
from attnviz.checkpoints.huggingface.rules.interleaved import turned_pairs

# llama.cpp turns neighbouring numbers of a head here: q and k have other places than in the published files.
_PAIRS = turned_pairs("layers.{}.attn.q", "layers.{}.attn.k")
_EXPERT_KEYS = {"expert_count": "num_experts", "expert_used_count": "num_experts_per_tok"}
_AFTER = {"layers.{}.norm1": "blk.{}.post_attention_norm", "layers.{}.norm2": "blk.{}.post_ffw_norm"}


def _fused_gates(facts: Facts) -> tuple[Fused, ...]:
    return (FUSED_QKV, FUSED_GATE_AND_UP) if facts.has("attn_qkv.weight") else (FUSED_GATE_AND_UP,)


def _mixtral_or_llama(facts: Facts) -> Architecture:
    """Mixtral's files are Llama's with experts; the oldest have each expert's matrices by themselves."""
    if not facts.keys.number("expert_count", 0):
        return _LLAMA
    if not facts.has("ffn_gate.0.weight"):
        return _MIXTRAL
    apart = {f"layers.{{}}.ffn.experts.{{}}.{own}": f"blk.{{}}.ffn_{name}.{{}}" for own, name in GATED}
    return replace(_MIXTRAL, stacked={}, modules=apart)


def _experts(facts: Facts) -> dict[str, object]:
    return {"mlp_only_layers": dense_layers(facts), **expert_width(facts)}


def _shared_expert(facts: Facts) -> dict[str, object]:
    shapes = facts.file.shapes
    stored = (shape[0] for name, shape in shapes.items() if name.endswith("ffn_up_shexp.weight"))
    width = facts.keys.number("expert_shared_feed_forward_length", next(stored, 0))
    return _experts(facts) | {"shared_expert_intermediate_size": width or None}


def _olmo2_or_3(facts: Facts) -> Architecture:
    return _OLMO3 if facts.keys.number("attention.sliding_window", 0) else _OLMO2


def _mistral_or_ministral(facts: Facts) -> Architecture:
    """Beyond the trained length Ministral's queries grow, which attnviz does not compute: its texts end there."""
    keys = facts.keys
    if not keys.number("attention.temperature_scale", 0.0, float):
        return _MISTRAL3
    longest = keys.number("context_length", least=1)
    n_ctx = min(longest, keys.number("rope.scaling.original_context_length", longest, least=1))
    return replace(_MISTRAL3, family="ministral3", fields=lambda facts: {"n_ctx": n_ctx})  # noqa: ARG005


def _near_base(facts: Facts) -> dict[str, object]:
    """Layers with a window have the base of the others unless a key says theirs, and are never stretched."""
    base = facts.keys.number("rope.freq_base", 10000.0, float)
    return {"window_rotary_base": facts.keys.number("rope.freq_base_swa", base, float)}


def _of_two(facts: Facts) -> dict[str, object]:
    return window_layers(facts, last_sees_all, 2)


_LLAMA = Architecture("llama", orders=_PAIRS)
_MIXTRAL = Architecture(
    "mixtral",
    keys={"expert_count": "num_local_experts", "expert_used_count": "num_experts_per_tok"},
    orders=_PAIRS,
    stacked=STACKED_EXPERTS,
    irrelevant=("expert_feed_forward_length",),
)
_QWEN2_MOE = Architecture(
    "qwen2_moe", keys=_EXPERT_KEYS, more=_shared_expert, stacked=STACKED_EXPERTS, settings={"norm_topk_prob": False}
)
_MISTRAL3 = Architecture("mistral", orders=_PAIRS)
_OLMO2 = Architecture("olmo2", modules=_AFTER)
_OLMO3 = Architecture("olmo3", modules=_AFTER, more=fourth_sees_all, fields=_near_base)
_GLM = Architecture("glm", orders=_PAIRS, fused=_fused_gates)

LLAMA_LIKE = {
    "llama": replace(_LLAMA, variant=_mixtral_or_llama),
    "mistral3": replace(_MISTRAL3, variant=_mistral_or_ministral),
    "qwen2": Architecture("qwen2"),
    "qwen2moe": _QWEN2_MOE,
    "qwen3": Architecture("qwen3"),
    "qwen3moe": replace(_QWEN2_MOE, family="qwen3_moe", more=_experts, settings={"norm_topk_prob": True}),
    "olmo": Architecture("olmo", keys={"attention.clamp_kqv": "clip_qkv"}, orders=_PAIRS),
    "olmo2": replace(_OLMO2, variant=_olmo2_or_3),
    "olmoe": Architecture(
        "olmoe",
        keys={**_EXPERT_KEYS, "attention.clamp_kqv": "clip_qkv"},
        more=_experts,
        stacked=STACKED_EXPERTS,
        settings={"norm_topk_prob": False},
    ),
    "granite": Architecture(
        "granite",
        keys={
            "attention.scale": "attention_multiplier",
            "embedding_scale": "embedding_multiplier",
            "residual_scale": "residual_multiplier",
            "logit_scale": "logits_scaling",
        },
        orders=_PAIRS,
    ),
    "smollm3": Architecture("smollm3", orders=_PAIRS),
    "exaone4": Architecture("exaone4", modules=_AFTER, more=fourth_sees_all),
    "seed_oss": Architecture("seed_oss", modules={"layers.{}.norm2": "blk.{}.post_attention_norm"}),
    "glm4": replace(_GLM, family="glm4"),
    "chatglm": _GLM,
    "nemotron": Architecture("nemotron"),
    "gpt-oss": Architecture(
        "gpt_oss",
        keys={
            "expert_count": "num_local_experts",
            "expert_used_count": "num_experts_per_tok",
            "expert_feed_forward_length": "intermediate_size",
        },
        more=_of_two,
        fields=lambda facts: {"rotary_truncate": False},  # noqa: ARG005
        modules={"layers.{}.norm2": "blk.{}.post_attention_norm"},
        tensors={"layers.{}.attn.sink": "blk.{}.attn_sinks.weight"},
        stacked=STACKED_EXPERTS,
    ),
}
