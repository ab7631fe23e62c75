"""DeepSeek-V3 (DeepSeek-AI 2024): latent attention, and experts in groups, chosen by scores with a bias."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama, qwen2_moe
from attnviz.checkpoints.huggingface.family import Fused
from attnviz.checkpoints.huggingface.rules.interleaved import deinterleaved
from attnviz.checkpoints.huggingface.rules.rotary import rope_settings, rotary, yarn_growth
from attnviz.checkpoints.huggingface.settings import Settings, causal, number_from, size_from, switch_from
from attnviz.encoder.config.block import Block
from attnviz.errors import CheckpointError
from attnviz.numbers import spans


def _widths(settings: Settings) -> tuple[int, int]:
    """The numbers of a head's q and k that are turned, and those that are not."""
    return settings.number("qk_rope_head_dim", 64, least=1), settings.number("qk_nope_head_dim", 128, least=1)


def _fields(settings: Settings) -> dict[str, object]:
    turned, still = _widths(settings)
    heads = settings.number("num_attention_heads", least=1)
    if settings.number("num_key_value_heads", heads) != heads:
        raise CheckpointError(
            f"{settings.where}: num_key_value_heads is not num_attention_heads ({heads}); expected the same number"
        )
    rank = None if settings.is_null("q_lora_rank") else settings.number("q_lora_rank", 1536, least=1)
    settings.get("q_lora_rank")
    return {
        "d_head": turned + still,
        "d_v": settings.number("v_head_dim", 128, least=1),
        "q_latent": rank,
        "score_scale": (turned + still) ** -0.5 * _mscale(settings),
        **rotary(settings, turned),
        **_experts(settings),
    }


def _mscale(settings: Settings) -> float:
    """What YaRN multiplies scores by: ``mscale_all_dim`` of the logarithm of its factor, squared."""
    rope = rope_settings(settings)
    share = rope.number("mscale_all_dim", 0.0, float)
    if not share or rope.get("rope_type", rope.get("type", "default")) == "default":
        return 1.0
    return yarn_growth(rope.number("factor", kind=float), share) ** 2


def _experts(settings: Settings) -> dict[str, object]:
    n_layers, dense = settings.number("num_hidden_layers", least=1), settings.number("first_k_dense_replace", 3)
    layers, width = range(dense, min(n_layers, 2**14)), settings.number("moe_intermediate_size", 2048, least=1)
    fields = {
        "n_experts": settings.number("n_routed_experts", 256, least=1),
        "experts_per_token": settings.number("num_experts_per_tok", 8, least=1),
        "d_expert": width,
        "d_shared": width * settings.number("n_shared_experts", 1),
        "router": "sigmoid",
        "router_norm": switch_from("norm_topk_prob", default=True)(settings),
        "router_scale": settings.number("routed_scaling_factor", 2.5, float),
        "router_choice_bias": True,
        "router_groups": settings.number("n_group", 8, least=1),
        "groups_per_token": settings.number("topk_group", 4, least=1),
    }
    return fields | {"expert_layers": spans(tuple(layers))} if layers else {"n_experts": 0}


def _modules(settings: Settings) -> dict[str, str]:
    """q is made of x itself where ``q_lora_rank`` is null."""
    return {"layers.{}.attn.q": "layers.{}.self_attn.q_proj"} if settings.is_null("q_lora_rank") else {}


def _of_heads(config: Block) -> tuple[int, ...]:
    """The numbers of a head in the block's order: the turned ones, which are the file's last, come first."""
    turned = config.position.rotary_dims
    still = config.d_head - turned
    return (*(still + i for i in deinterleaved(turned, turned)), *range(still))


def _n_heads(config: Block) -> int:
    return config.n_heads


def _shared(config: Block) -> tuple[int, ...]:
    return deinterleaved(config.position.rotary_dims, config.position.rotary_dims)


FAMILY = replace(
    llama.FAMILY,
    name="DeepSeek-V3",
    paper="DeepSeek-AI 2024",
    example="deepseek-ai/DeepSeek-V3",
    fields={name: rule for name, rule in llama.FIELDS.items() if name not in ("d_head", "n_kv_heads")}
    | {
        "mask": causal,
        "norm_eps": number_from("rms_norm_eps", 1e-6),
        "kv_latent": size_from("kv_lora_rank", 512),
        "latent_eps": 1e-6,
        "latent_bias": switch_from("attention_bias", default=False),
        "out_bias": switch_from("attention_bias", default=False),
    },
    more=_fields,
    modules=llama.MODULES
    | qwen2_moe.EXPERTS
    | {
        "layers.{}.attn.ql": "layers.{}.self_attn.q_a_proj",
        "layers.{}.attn.q_latent_norm": "layers.{}.self_attn.q_a_layernorm",
        "layers.{}.attn.q": "layers.{}.self_attn.q_b_proj",
        "layers.{}.attn.kv_latent_norm": "layers.{}.self_attn.kv_a_layernorm",
        **{
            f"layers.{{}}.ffn.shared.{own}": f"layers.{{}}.mlp.shared_experts.{theirs}"
            for own, theirs in (("g", "gate_proj"), ("1", "up_proj"), ("2", "down_proj"))
        },
    },
    more_modules=_modules,
    fused=(
        Fused("layers.{}.self_attn.kv_a_proj_with_mqa", ("layers.{}.attn.kvl", "layers.{}.attn.kr")),
        Fused(
            "layers.{}.self_attn.kv_b_proj",
            ("layers.{}.attn.k", "layers.{}.attn.v"),
            groups=lambda block: block.n_heads,
        ),
    ),
    orders={"layers.{}.attn.q": _of_heads, "layers.{}.attn.kr": _shared},
    tensors={"layers.{}.ffn.bc": "layers.{}.mlp.gate.e_score_correction_bias"},
    required={"rope_interleave": (True,), "scoring_func": ("sigmoid",), "topk_method": ("noaux_tc",)}
    | {"moe_layer_freq": (1,)},
    aliases={"num_local_experts": "n_routed_experts"},
    irrelevant=(
        *(*qwen2_moe.LOSSES, "aux_loss_alpha", "ep_size", "seq_aux", "head_dim", "qk_head_dim", "pretraining_tp"),
        *("num_nextn_predict_layers", "num_mtp_layers"),
    ),
    unused=(*llama.FAMILY.unused, "layers.61.*"),  # of a further layer, which predicts more than one token
    classes="DeepseekV3",
)
