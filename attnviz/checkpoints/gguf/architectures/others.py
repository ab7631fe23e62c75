"""Decoders that are not made like Llama: their norms, matrices or positions differ."""

from collections.abc import Callable
from dataclasses import replace

from attnviz.checkpoints.gguf.architecture import FUSED_GATE_AND_UP, FUSED_QKV, Architecture, Facts
from attnviz.checkpoints.gguf.layers import fourth_sees_all, last_sees_all, window_layers
from attnviz.checkpoints.huggingface.rules.interleaved import turned_pairs
from attnviz.encoder.config.block import Block
from attnviz.errors import CheckpointError

_ONE_NORM = {"layers.{}.norm2": "blk.{}.attn_norm"}
_NORMS = ("layers.{}.attn.q_norm", "layers.{}.attn.k_norm")
_TURNED = turned_pairs("layers.{}.attn.q", "layers.{}.attn.k", *_NORMS)
_STRETCH = 8.0  # of positions in Gemma 3 from 4B on
_ALIBI = 8.0  # the largest slope of all models that have it


def _n_heads(block: Block) -> int:
    return block.n_heads


def _n_kv_heads(block: Block) -> int:
    return block.n_kv_heads


_FOLDED = dict(zip(_NORMS, (_n_heads, _n_kv_heads), strict=True))


def _gemma_windows(every: int, layers_of_largest: int) -> Callable[[Facts], dict[str, object]]:
    """The rule of Gemma's windows and of the scale of its scores, which no key has: the largest model's is another."""

    def more(facts: Facts) -> dict[str, object]:
        largest = facts.keys.number("block_count", least=1) == layers_of_largest
        scale = facts.usual_d_head if largest else facts.d_head
        return {"query_pre_attn_scalar": scale, "sliding_window": None} | window_layers(facts, last_sees_all, every)

    return more


def _near_base(facts: Facts) -> dict[str, object]:
    has_window = bool(facts.keys.number("attention.sliding_window", 0))
    base = facts.keys.number("rope.freq_base_swa", 10000.0, float)
    return {"window_rotary_base": base} if has_window else {}


def _gemma3_of_ollama(facts: Facts) -> Architecture:
    """Ollama leaves out how the larger models, which also read pictures, stretch their positions."""
    keys = facts.keys
    if "vision.block_count" not in keys.values or "rope.scaling.factor" in keys.values:
        return _GEMMA3
    said = f"it has no gemma3.rope.scaling.factor: {_STRETCH:g}, as in the published models that read pictures"
    stretched = {"rotary_scaling": "linear", "rotary_factor": _STRETCH}
    return replace(_GEMMA3, fields=lambda facts: _near_base(facts) | stretched, notes=(said,))


def _both_ways(facts: Facts) -> dict[str, object]:
    return dict(_GEMMA3.more(facts)) | {"use_bidirectional_attention": True}


def _window_of_all(facts: Facts) -> dict[str, object]:
    """Phi-4 has the key, and 0 means no window."""
    return {"sliding_window": facts.keys.number("attention.sliding_window", 0) or None}


def _stablelm(facts: Facts) -> dict[str, object]:
    """Both parts are side by side where they share a norm."""
    return {
        "use_parallel_residual": not facts.has("ffn_norm.weight"),
        "qk_layernorm": facts.has("attn_q_norm.weight"),
    }


def _falcon_norms(facts: Facts) -> dict[str, str]:
    """One norm for both parts, or one for each."""
    return _ONE_NORM | ({"layers.{}.norm1": "blk.{}.attn_norm_2"} if facts.has("attn_norm_2.weight") else {})


def _falcon(facts: Facts) -> dict[str, object]:
    return {"num_ln_in_parallel_attn": 2 if facts.has("attn_norm_2.weight") else 1}


def _one_key(facts: Facts) -> dict[str, object]:
    return {"multi_query": facts.keys.number("attention.head_count_kv", 0) == 1}


def _mpt(facts: Facts) -> dict[str, object]:
    """The settings inside ``attn_config``.

    Raises:
        CheckpointError: positions other than ALiBi's usual ones.
    """
    bias = facts.keys.number("attention.max_alibi_bias", 0.0, float)
    if bias != _ALIBI:
        raise CheckpointError(
            f"{facts.keys.where}: mpt.attention.max_alibi_bias is {bias:g}, which attnviz does not compute; "
            f"expected {_ALIBI:g}"
        )
    return {"attn_config": {"clip_qkv": facts.keys.number("attention.clamp_kqv", 0.0, float) or None}}


_CAP = {"final_logit_softcapping": "final_logit_softcapping"}
_GEMMA2 = Architecture(
    "gemma2", keys={**_CAP, "attn_logit_softcapping": "attn_logit_softcapping"}, more=_gemma_windows(2, 46)
)
_GEMMA3 = Architecture(
    "gemma3_text",
    keys=_CAP,
    fields=_near_base,
    more=_gemma_windows(6, 62),
    spellings={"rope.local.freq_base": "rope.freq_base_swa", "rope.global.freq_base": "rope.freq_base"},
    defaults={"rope.freq_base": 1e6, "attention.layer_norm_rms_epsilon": 1e-6},
    variant=_gemma3_of_ollama,
)
_GPT2_KEYS = {"feed_forward_length": "n_inner"}

OTHER_DECODERS = {
    "gemma": Architecture("gemma"),
    "gemma2": _GEMMA2,
    "gemma3": _GEMMA3,
    "gemma-embedding": Architecture("gemma3_text", fields=_near_base, more=_both_ways),
    "phi2": Architecture("phi", modules=_ONE_NORM),
    "phi3": Architecture(
        "phi3",
        more=_window_of_all,
        fused=lambda facts: (FUSED_QKV, FUSED_GATE_AND_UP),  # noqa: ARG005
    ),
    "gpt2": Architecture("gpt2", keys=_GPT2_KEYS, rotary=False, irrelevant=("attention.head_count_kv",)),
    "starcoder": Architecture(
        "gpt_bigcode", keys={**_GPT2_KEYS, "attention.head_count_kv": ""}, more=_one_key, rotary=False
    ),
    "gptneox": Architecture("gpt_neox", keys={"use_parallel_residual": "use_parallel_residual"}),
    "falcon": Architecture(
        "falcon",
        keys={"attention.head_count_kv": "num_kv_heads", "feed_forward_length": "ffn_hidden_size"},
        settings={"new_decoder_architecture": True},
        more=_falcon,
        more_modules=_falcon_norms,
    ),
    "bloom": Architecture("bloom", keys={"context_length": "seq_length"}, rotary=False),
    "mpt": Architecture("mpt", keys={"context_length": "max_seq_len"}, more=_mpt, rotary=False),
    "starcoder2": Architecture("starcoder2"),
    "stablelm": Architecture(
        "stablelm",
        more=_stablelm,
        more_modules=lambda facts: {} if facts.has("ffn_norm.weight") else _ONE_NORM,
        folded=_FOLDED,
        zero=tuple(f"{norm}.bias" for norm in _NORMS),
        irrelevant=("use_parallel_residual",),
    ),
    "command-r": Architecture(
        "cohere",
        keys={"logit_scale": "logit_scale"},
        more=lambda facts: {"use_qk_norm": facts.has("attn_q_norm.weight")},
        modules=_ONE_NORM,
        orders=_TURNED,
        folded=_FOLDED,
    ),
    "cohere2": Architecture(
        "cohere2", keys={"logit_scale": "logit_scale"}, more=fourth_sees_all, modules=_ONE_NORM, orders=_TURNED
    ),
}
