"""Models that attnviz refuses with the reason: most have no attention matrix, or one in some layers only."""

from collections.abc import Mapping
from typing import NamedTuple


class Refusal(NamedTuple):
    """Why a model is refused: what it is instead of one that loads, and what is expected."""

    reason: str
    expected: str = "a transformer"


_STATE_SPACE = Refusal("a state-space model, which has no attention matrix")
_RECURRENT = Refusal("a recurrent network, which has no attention matrix")
_HYBRID = Refusal(
    "a mixture of attention and layers that have no attention matrix (state-space, recurrent or convolutions)"
)

_REFUSALS: Mapping[str, Refusal] = {
    **dict.fromkeys(("falcon_mamba", "mamba", "mamba2"), _STATE_SPACE),
    **dict.fromkeys(("rwkv", "xlstm"), _RECURRENT),
    "fnet": Refusal("a Fourier mixer, which has no attention matrix"),
    **dict.fromkeys(("bamba", "falcon_h1", "granitemoehybrid", "jamba", "lfm2", "lfm2_moe", "minimax"), _HYBRID),
    "nllb-moe": Refusal("NLLB with experts, which attnviz does not compute", "a transformer without them"),
    **dict.fromkeys(("nemotron_h", "qwen3_next", "recurrent_gemma", "zamba", "zamba2"), _HYBRID),
}


def refusal_of(model_type: object) -> Refusal | None:
    """The refusal of a model; None for any other ``model_type``."""
    return _REFUSALS.get(model_type) if isinstance(model_type, str) else None
