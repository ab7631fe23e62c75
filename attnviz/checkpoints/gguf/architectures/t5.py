"""T5 and what is made like it: an encoder and a decoder, whose layers have names of their own."""

from dataclasses import replace

from attnviz.checkpoints.gguf.architecture import GATED, Architecture, Facts


def _stack(native: str, stored: str, *, cross: bool) -> dict[str, str]:
    """The names of a stack's modules; a decoder has a part between its two others, and a third norm."""
    layer, names = f"{native}layers.{{}}", f"{stored}.blk.{{}}"
    modules = {f"{layer}.attn.{part}": f"{names}.attn_{part}" for part in "qkvo"}
    modules |= {f"{layer}.ffn.{own}": f"{names}.ffn_{name}" for own, name in GATED}
    norms = ("attn_norm", "cross_attn_norm", "ffn_norm") if cross else ("attn_norm", "ffn_norm")
    modules |= {f"{layer}.norm{i}": f"{names}.{norm}" for i, norm in enumerate(norms, start=1)}
    if cross:
        modules |= {f"{layer}.cross.{part}": f"{names}.cross_attn_{part}" for part in "qkvo"}
    return modules | {
        f"{layer}.attn.relative": f"{names}.attn_rel_b",
        f"{native}embed.relative": f"{stored}.blk.0.attn_rel_b",
        f"{native}final_norm": f"{stored}.output_norm",
    }


def _settings(facts: Facts) -> dict[str, object]:
    gated = facts.has("ffn_gate.weight")
    return {"head_dim": facts.d_head, "feed_forward_proj": "gated-gelu" if gated else "relu"}


def _t5_or_umt5(facts: Facts) -> Architecture:
    """UMT5 has a table of relative positions in each layer."""
    return replace(_T5, family="umt5") if "enc.blk.1.attn_rel_b.weight" in facts.file.shapes else _T5


_T5 = Architecture(
    "t5",
    keys={
        "context_length": "n_positions",
        "feed_forward_length": "d_ff",
        "attention.relative_buckets_count": "relative_attention_num_buckets",
        "decoder_block_count": "num_decoder_layers",
        "decoder_start_token_id": "decoder_start_token_id",
        "attention.head_count_kv": "",
    },
    more=_settings,
    modules=_stack("", "enc", cross=False) | _stack("decoder.", "dec", cross=True),
    unused=("*.cross_attn_rel_b.*",),
    rotary=False,
    irrelevant=("attention.head_count_kv",),
    first="enc.blk.0",
)

ENCODER_DECODERS = {name: replace(_T5, variant=_t5_or_umt5) for name in ("t5", "t5encoder")}
