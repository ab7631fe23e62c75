"""Encoders: every token sees every token, or all those near it."""

from attnviz.checkpoints.gguf.architecture import FUSED_GATE_AND_UP, FUSED_QKV, Architecture, Facts
from attnviz.checkpoints.gguf.layers import first_sees_all, window_layers

_AFTER = {"layers.{}.norm1": "blk.{}.attn_output_norm", "layers.{}.norm2": "blk.{}.layer_output_norm"}


def _segments(facts: Facts) -> dict[str, object]:
    return {"n_segments": facts.file.shapes.get("token_types.weight", (0,))[0]}


def _modern(facts: Facts) -> dict[str, object]:
    """Every third layer sees all, the first one too; the window is that of both sides."""
    windows = window_layers(facts, first_sees_all, 3)
    return {name: value // 2 if isinstance(value, int) else value for name, value in windows.items()}


def _near_base(facts: Facts) -> dict[str, object]:
    base = facts.keys.number("rope.freq_base", 10000.0, float)
    has_window = bool(facts.keys.number("attention.sliding_window", 0))
    return {"window_rotary_base": facts.keys.number("rope.freq_base_swa", base, float)} if has_window else {}


ENCODERS = {
    "bert": Architecture("bert", fields=_segments, modules=_AFTER, rotary=False),
    "nomic-bert": Architecture("nomic_bert", fields=_segments, modules=_AFTER),
    "modern-bert": Architecture(
        "modernbert",
        keys={"hidden_act": "hidden_activation", "hidden_activation": "hidden_activation"},
        more=_modern,
        fields=_near_base,
        fused=lambda facts: (FUSED_QKV, FUSED_GATE_AND_UP),  # noqa: ARG005
    ),
    "eurobert": Architecture("eurobert"),
}
