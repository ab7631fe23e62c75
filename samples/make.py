"""Makes the sample checkpoints, by ``python samples/make.py``.

``tiny.safetensors`` is a small seeded block with a decoder; ``three-vectors/weights.npz`` is the smallest block there
is: one layer, one head, three numbers a token, no positions, no feed-forward, and W_O is 1, so that z is not mixed.
``translation/weights.npz`` is as small and has a decoder. All its attentions have one W_Q, W_K and W_V. W_O is 0 and
every vector has a mean square of 1, so that no part and no norm changes a word's vector.
"""

import json
from pathlib import Path

import numpy as np

from attnviz.checkpoints.formats.native import write_native
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.parameters.params import ArrayParams
from attnviz.encoder.parameters.seeded import SeededParams

HERE = Path(__file__).parent

TINY = EncoderConfig(n_layers=2, n_heads=2, d_model=16, d_ff=32, n_vocab=256, n_ctx=64)
THREE = EncoderConfig(
    n_layers=1, n_heads=1, d_model=3, d_ff=0, n_vocab=1, n_ctx=16, position="none", bias=False, norm_eps=0.0
)
THREE_TENSORS = {
    "embed.tokens": [[0.0, 0.0, 0.0]],
    "layers.0.attn.wq": [[2.0, 0.0, 1.0], [0.0, 3.0, 0.0], [1.0, 0.0, 2.0]],
    "layers.0.attn.wk": [[1.0, 2.0, 0.0], [0.0, 1.0, 3.0], [2.0, 0.0, 1.0]],
    "layers.0.attn.wv": [[1.0, 0.0, 2.0], [0.0, 1.0, 0.0], [3.0, 0.0, 1.0]],
    "layers.0.attn.wo": np.eye(3),
    "layers.0.norm1.gain": [1.0, 1.0, 1.0],
}

TRANSLATION = EncoderConfig(
    n_layers=1, n_heads=1, d_model=3, d_ff=0, n_vocab=8, n_ctx=16, position="none", norm="rms", norm_placement="pre",
    bias=False, norm_eps=0.0,
)  # fmt: skip
WORDS = {
    "[UNK]": [-1.0, -1.0, 1.0],
    "the": [-1.0, -1.0, -1.0],
    "cat": [1.0, 1.0, -1.0],
    "sleeps": [1.0, -1.0, 1.0],
    "le": [-1.0, 1.0, 1.0],
    "chat": [-1.0, -1.0, 1.0],
    "noir": [1.0, -1.0, -1.0],
    "dort": [-1.0, 1.0, -1.0],
}
ATTENTION = {
    "wq": [[0.0, 0.0, -1.0], [2.0, 0.0, 0.0], [0.0, -1.0, 0.0]],
    "wk": [[-1.0, 0.0, 2.0], [-1.0, 1.0, 0.0], [0.0, 2.0, 0.0]],
    "wv": [[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 1.0, 1.0]],
    "wo": np.zeros((3, 3)),
}
TRANSLATION_TENSORS = {
    "embed.tokens": list(WORDS.values()),
    **{
        f"{part}.{name}": values
        for part in ("layers.0.attn", "decoder.layers.0.attn", "decoder.layers.0.cross")
        for name, values in ATTENTION.items()
    },
    **{
        f"{norm}.gain": np.ones(3)
        for stack, norms in (("", ("norm1",)), ("decoder.", ("norm1", "norm2")))
        for norm in (f"{stack}final_norm", *(f"{stack}layers.0.{name}" for name in norms))
    },
}
TRANSLATION_TOKENIZER = {
    "version": "1.0",
    "normalizer": {"type": "Lowercase"},
    "pre_tokenizer": {"type": "Whitespace"},
    "model": {"type": "WordLevel", "vocab": {word: i for i, word in enumerate(WORDS)}, "unk_token": "[UNK]"},
}


def main() -> None:
    """Writes the files beside this script."""
    write_native(HERE / "tiny.safetensors", TINY, SeededParams(TINY, 11, decoder=True), decoder=True, overwrite=True)
    tensors = {name: np.array(values, dtype=np.float64) for name, values in THREE_TENSORS.items()}
    write_native(HERE / "three-vectors" / "weights.npz", THREE, ArrayParams(tensors), overwrite=True)
    tensors = {name: np.array(values, dtype=np.float64) for name, values in TRANSLATION_TENSORS.items()}
    write_native(
        HERE / "translation" / "weights.npz",
        TRANSLATION,
        ArrayParams(tensors),
        decoder=True,
        tokenizer_json=json.dumps(TRANSLATION_TOKENIZER),
        overwrite=True,
    )


if __name__ == "__main__":
    main()
