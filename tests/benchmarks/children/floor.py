"""The least that one sentence through a BERT-like model costs: ``floor.py MODEL TEXT [--digest]``.

Python's start, NumPy and the tokenizers library, the tokenizer's file, the sentence's rows of the embedding, the
weights of the layers, and their matrix products: no command line, no norms, no softmax, no result. With ``--digest``
also the SHA-256 of the weights' file, in a thread beside.
"""

import hashlib
import json
import sys
import threading
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

_LAYER = "encoder.layer.{}.{}.weight"
_PROJECTIONS = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense")


def tensors(file: Path) -> dict[str, np.ndarray]:
    """The matrices of a safetensors file in float32, mapped: a page is read when a product needs it."""
    mapped = np.memmap(file, np.uint8, "r")
    size = int(mapped[:8].view("<u8")[0])
    header = json.loads(mapped[8 : 8 + size].tobytes())
    data = mapped[8 + size :]
    return {
        name: data[slice(*one["data_offsets"])].view("<f4").reshape(one["shape"])
        for name, one in header.items()
        if name.endswith(".weight") and one["dtype"] == "F32"
    }


def products(x: np.ndarray, weights: dict[str, np.ndarray], n_layers: int, n_heads: int) -> np.ndarray:
    """Of every layer: q, k, v, scores and weighted sums of all heads, the output, the feed-forward's two."""
    n, d_model = x.shape
    for layer in range(n_layers):
        wq, wk, wv, wo = (weights[_LAYER.format(layer, name)] for name in _PROJECTIONS)
        q, k, v = ((x @ w.T).reshape(n, n_heads, -1).swapaxes(0, 1) for w in (wq, wk, wv))  # (n_heads, n, d_head)
        z = (q @ k.swapaxes(1, 2)) @ v
        x = z.swapaxes(0, 1).reshape(n, d_model) @ wo.T
        up, down = (weights[_LAYER.format(layer, name)] for name in ("intermediate.dense", "output.dense"))
        x = x @ up.T @ down.T * 1e-3  # without norms the numbers would grow beyond float32
    return x


def sha256(file: Path) -> str:
    """Of a file that is mapped into memory."""
    return hashlib.sha256(np.memmap(file, np.uint8, "r")).hexdigest()


def main() -> None:
    """Prints how many tokens the sentence has."""
    folder, text, *more = Path(sys.argv[1]), *sys.argv[2:]
    digest = threading.Thread(target=sha256, args=(folder / "model.safetensors",))
    if "--digest" in more:
        digest.start()
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    ids = Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids.no_padding()
    rows = ids.encode(text).ids
    weights = tensors(folder / "model.safetensors")
    x = weights["embeddings.word_embeddings.weight"][rows]
    products(x, weights, config["num_hidden_layers"], config["num_attention_heads"])
    if "--digest" in more:
        digest.join()
    json.dump({"tokens": len(rows)}, sys.stdout)


if __name__ == "__main__":
    main()
