"""Makes the sample checkpoints, by ``python samples/make.py``.

``tiny.safetensors`` is a small seeded block with a decoder; ``three-vectors/weights.npz`` is the smallest block there
is: one layer, one head, three numbers a token, no positions, no feed-forward, and W_O is 1, so that z is not mixed.
"""

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


def main() -> None:
    """Writes both files beside this script."""
    write_native(HERE / "tiny.safetensors", TINY, SeededParams(TINY, 11, decoder=True), decoder=True, overwrite=True)
    tensors = {name: np.array(values, dtype=np.float64) for name, values in THREE_TENSORS.items()}
    write_native(HERE / "three-vectors" / "weights.npz", THREE, ArrayParams(tensors), overwrite=True)


if __name__ == "__main__":
    main()
