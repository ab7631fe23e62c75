"""Makes rope.json beside it: the rotary frequencies that transformers computes of many settings.

    python tests/checkpoints/golden/make_rope.py

Made with torch 2.13.0 (CPU) and transformers 5.23.0. Each case has the settings of a ``config.json``, the length of a
text, and of ``modeling_rope_utils`` the frequencies (float32) and the attention factor.
"""

import json
from pathlib import Path

import torch
import transformers
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

FILE = Path(__file__).parent / "rope.json"
SIZES = {
    "hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 2, "intermediate_size": 8, "vocab_size": 9,
    "max_position_embeddings": 4096,
}  # fmt: skip
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 1024}
LONG = {
    "rope_type": "longrope", "original_max_position_embeddings": 1024,
    "short_factor": [1.0, 1.0, 1.05, 1.1, 1.2, 1.3, 1.5, 1.9],
    "long_factor": [1.0, 1.2, 2.0, 3.5, 5.0, 9.0, 17.0, 31.0],
}  # fmt: skip
CASES = [
    ({"rope_type": "linear", "factor": 3.0}, {}, 5),
    *(({"rope_type": "dynamic", "factor": 3.0}, {}, n) for n in (5, 4096, 4097, 10000)),
    ({"rope_type": "dynamic", "factor": 3.0, "rope_theta": 5e5}, {"head_dim": 12}, 6000),
    (
        {
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192, "rope_theta": 5e5,
        },
        {"head_dim": 64},
        5,
    ),
    (YARN, {}, 5),
    (YARN | {"truncate": False}, {"head_dim": 64}, 5),
    (YARN | {"rope_theta": 1e6, "beta_fast": 8.0, "beta_slow": 2.0}, {"head_dim": 128}, 5),
    (YARN | {"beta_fast": 0, "beta_slow": None}, {"head_dim": 32}, 5),
    (YARN | {"attention_factor": 0.8}, {}, 5),
    (YARN | {"mscale": 1.0, "mscale_all_dim": 0.5}, {}, 5),
    (YARN | {"mscale": 1.0}, {}, 5),
    (YARN | {"mscale": 0.707, "mscale_all_dim": 0.707, "factor": 40}, {"head_dim": 64}, 5),
    (YARN | {"factor": None}, {}, 5),
    ({"rope_type": "yarn", "factor": 4.0}, {}, 5),
    (YARN | {"original_max_position_embeddings": 5}, {}, 5),
    (YARN | {"original_max_position_embeddings": 3}, {}, 5),
    (YARN | {"factor": 1.0}, {}, 5),
    (YARN, {"original_max_position_embeddings": 2048}, 5),
    *((LONG, {}, n) for n in (5, 1024, 1025, 4000)),
    *((LONG, {"original_max_position_embeddings": 512}, n) for n in (512, 513)),
    (LONG | {"factor": 32.0}, {}, 2000),
    (LONG | {"attention_factor": 1.1}, {}, 2000),
    (LONG | {"factor": 1.0}, {}, 5),
    ({"rope_type": "proportional"}, {}, 5),
    ({"rope_type": "proportional", "factor": 2.0, "partial_rotary_factor": 0.25}, {"head_dim": 24}, 5),
    ({"rope_type": "proportional", "partial_rotary_factor": 0.6, "rope_theta": 1e6}, {"head_dim": 20}, 5),
]  # fmt: skip


def case(rope, more, n):
    """One case; ``rope_scaling`` is the spelling of files from before transformers 5."""
    rope = {"rope_theta": 10000.0} | rope
    values = SIZES | more | {"rope_scaling": rope}
    config = transformers.LlamaConfig(**json.loads(json.dumps(values)))
    frequencies, factor = ROPE_INIT_FUNCTIONS[rope["rope_type"]](config, torch.device("cpu"), seq_len=n)
    return {
        "settings": {"model_type": "llama"} | values,
        "n": n,
        "frequencies": [float(f"{f:.8g}") for f in frequencies],
        "attention_factor": float(factor),
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps([case(*one) for one in CASES], indent=0, separators=(",", ":")) + "\n")
    print(len(CASES), "cases,", FILE.stat().st_size, "bytes")
