"""Models that attnviz refuses with the reason: most have no attention matrix, or one in some layers only."""

from collections.abc import Mapping

_STATE_SPACE = "a state-space model, which has no attention matrix"
_RECURRENT = "a recurrent network, which has no attention matrix"
_HYBRID = "a mixture of attention and layers that have no attention matrix (state-space, recurrent or convolutions)"

_REASONS: Mapping[str, str] = {
    **dict.fromkeys(("falcon_mamba", "mamba", "mamba2"), _STATE_SPACE),
    **dict.fromkeys(("rwkv", "xlstm"), _RECURRENT),
    "fnet": "a Fourier mixer, which has no attention matrix",
    **dict.fromkeys(("bamba", "falcon_h1", "granitemoehybrid", "jamba", "lfm2", "lfm2_moe", "minimax"), _HYBRID),
    "nllb-moe": "NLLB with experts, which attnviz does not compute",
    **dict.fromkeys(("nemotron_h", "qwen3_next", "recurrent_gemma", "zamba", "zamba2"), _HYBRID),
}


def reason_to_refuse(model_type: object) -> str | None:
    """What a model is instead of one that loads; None for any other ``model_type``."""
    return _REASONS.get(model_type) if isinstance(model_type, str) else None
