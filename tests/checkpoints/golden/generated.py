"""The language heads that golden folders leave out, drawn alike where transformers runs and where the tests do."""

import hashlib

import numpy as np

UNLIKE = {"no_repeat_ngram_size": 1, "min_new_tokens": 12}
# Settings that change what these models write: after the text t0 llama goes on with 10, 314, 379, 342, 328, 306, ...
RULED: dict[str, list[dict]] = {
    "llama": [
        {"eos_token_id": [342, 5]},
        {"repetition_penalty": 1.7},
        {"repetition_penalty": 0.5},
        {"no_repeat_ngram_size": 2, "repetition_penalty": 0.4},
        {"bad_words_ids": [[314], [379, 342], [10, 331, 7]]},
        {"eos_token_id": 314, "min_length": 19},
        {"eos_token_id": [314, 379], "min_new_tokens": 6},
        {"forced_eos_token_id": 9},
        {"eos_token_id": 379, "exponential_decay_length_penalty": [2, 1.3]},
        {"suppress_tokens": [10, 379]},
        {"begin_suppress_tokens": [10, 314]},
    ]
}


def head_tensor(name, shape):
    """Numbers of a missing tensor, by its name: uniform, of the size that a trained head's have; exact in float32."""
    size = int(np.prod(shape))
    stream = b"".join(hashlib.blake2b(f"{name}/{i}".encode()).digest() for i in range(-(-size // 64)))
    values = np.frombuffer(stream[:size], np.uint8).astype(np.float32) / 128 - 1
    scale = 0.25 if len(shape) == 1 else 2.0 * shape[-1] ** -0.5
    plus = 1 if name.endswith("norm.weight") else 0
    return (values.reshape(shape) * np.float32(scale) + np.float32(plus)).astype(np.float32)
