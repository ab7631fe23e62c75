"""DeepSeek-V3 and what is made like it: keys and values of all heads are made of one vector."""

import math

from attnviz.checkpoints.gguf.architecture import STACKED_EXPERTS, Architecture, Facts
from attnviz.checkpoints.huggingface.families import deepseek_v3
from attnviz.checkpoints.huggingface.family import Fused

_LATENT = Fused("blk.{}.attn_kv_a_mqa", ("layers.{}.attn.kvl", "layers.{}.attn.kr"))
# Older files have both in one, head by head.
_BOTH = Fused("blk.{}.attn_kv_b", ("layers.{}.attn.k", "layers.{}.attn.v"), groups=lambda block: block.n_heads)


def _settings(facts: Facts) -> dict[str, object]:
    keys = facts.keys
    keys.one_of("expert_gating_func", {2: "sigmoid"}, 1)  # 1, a softmax, is DeepSeek-V2's
    turned = keys.number("rope.dimension_count", 64, least=1)
    width = keys.number("attention.key_length_mla", keys.number("attention.key_length", 0))
    v_width = keys.number("attention.value_length_mla", keys.number("attention.value_length", 0))
    return {
        "qk_rope_head_dim": turned,
        "qk_nope_head_dim": width - turned,
        "v_head_dim": v_width,
        "q_lora_rank": keys.get("attention.q_lora_rank"),
        "norm_topk_prob": bool(keys.get("expert_weights_norm", False)),
        "n_group": keys.number("expert_group_count", 1, least=1),
        "topk_group": keys.number("expert_group_used_count", 1, least=1),
    }


def _stretched(facts: Facts) -> dict[str, object]:
    """YaRN makes scores larger here, and not q and k; its key has a tenth of the published number."""
    keys = facts.keys
    share, factor = (
        keys.number("rope.scaling.yarn_log_multiplier", 0.0, float),
        keys.number("rope.scaling.factor", 1.0, float),
    )
    width = keys.number("attention.key_length_mla", keys.number("attention.key_length", 1), least=1)
    grown = share * math.log(max(factor, 1.0)) + 1
    return {"score_scale": width**-0.5 * grown**2, "rotary_magnitude": 1.0}


def _modules(facts: Facts) -> dict[str, str]:
    """q is made of x itself in the smaller models."""
    small = not facts.has("attn_q_b.weight")
    parts = {"q": "attn_q" if small else "attn_q_b", "k": "attn_k_b", "v": "attn_v_b", "ql": "attn_q_a"}
    return {f"layers.{{}}.attn.{part}": f"blk.{{}}.{name}" for part, name in parts.items()}


DEEPSEEK = {
    "deepseek2": Architecture(
        "deepseek_v3",
        keys={
            "attention.kv_lora_rank": "kv_lora_rank",
            "leading_dense_block_count": "first_k_dense_replace",
            "expert_count": "n_routed_experts",
            "expert_used_count": "num_experts_per_tok",
            "expert_shared_count": "n_shared_experts",
            "expert_feed_forward_length": "moe_intermediate_size",
            "expert_weights_scale": "routed_scaling_factor",
            "attention.head_count_kv": "",
        },
        more=_settings,
        fields=_stretched,
        modules={
            "layers.{}.attn.q_latent_norm": "blk.{}.attn_q_a_norm",
            "layers.{}.attn.kv_latent_norm": "blk.{}.attn_kv_a_norm",
        },
        more_modules=_modules,
        fused=lambda facts: (_LATENT, _BOTH) if facts.has("attn_kv_b.weight") else (_LATENT,),
        stacked=STACKED_EXPERTS,
        tensors={"layers.{}.ffn.bc": "blk.{}.exp_probs_b.bias"},
        orders=deepseek_v3.FAMILY.orders,
        # With latent vectors they are those of the vectors.
        irrelevant=("attention.head_count_kv", "attention.key_length", "attention.value_length"),
        latent=True,
    )
}
