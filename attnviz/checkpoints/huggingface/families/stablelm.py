"""StableLM (Bellagente et al. 2024): Llama with layer norms, of which part of each head is rotated."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama, phi
from attnviz.checkpoints.huggingface.settings import Settings, number_from, switch_from

_parallel = switch_from("use_parallel_residual", default=False)


def _heads(settings: Settings) -> dict[str, object]:
    """Part of each head is rotated; with ``qk_layernorm`` each has norms of its own, without a bias."""
    normed = switch_from("qk_layernorm", default=False)(settings)
    return phi.partly_rotary(settings) | ({"qk_norm": True, "qk_norm_width": "each"} if normed else {})


def _shared_norm(settings: Settings) -> dict[str, str]:
    """Side by side, both parts share one norm."""
    return {"layers.{}.norm2": "layers.{}.input_layernorm"} if _parallel(settings) else {}


FAMILY = replace(
    llama.FAMILY,
    name="StableLM",
    paper="Bellagente et al. 2024",
    example="stabilityai/stablelm-2-1_6b",
    fields={name: rule for name, rule in llama.FIELDS.items() if name not in ("norm", "d_head")}
    | {
        "norm_eps": number_from("layer_norm_eps", 1e-5),
        "norm_bias": True,
        "qkv_bias": switch_from("use_qkv_bias", default=False),
        "parallel": _parallel,
    },
    more=_heads,
    modules=llama.MODULES
    | {f"layers.{{}}.attn.{part}_norm": f"layers.{{}}.self_attn.{part}_layernorm.norms.{{head}}" for part in "qk"},
    more_modules=_shared_norm,
    zero=tuple(f"layers.{{}}.attn.{part}_norm.bias" for part in "qk"),
    defaults={"partial_rotary_factor": 0.25},
    ignored={"rope_pct": (0.25,)},  # partial_rotary_factor is read
    irrelevant=("norm_eps", "rotary_scaling_factor"),
    classes="StableLm",
)
