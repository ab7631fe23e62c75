"""Attention saved by another program, and PyTorch's numbers for the three vectors.

Made by ``python samples/make_with_pytorch.py``, which needs torch (2.13.0); attnviz itself never does.
``from-pytorch.npy`` and ``from-pytorch.json`` hold what ``torch.nn.MultiheadAttention``, with random weights, attends
to: 3 heads, 7 tokens. ``three-vectors/pytorch.json`` holds scores, weights and weighted sums.
"""

import json
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent
TOKENS = ["the", "cat", "sat", "on", "the", "mat", "."]


def main() -> None:
    """Writes the three files beside this script."""
    torch.manual_seed(0)
    attention = torch.nn.MultiheadAttention(12, 3, batch_first=True)
    x = 2 * torch.randn(1, len(TOKENS), 12)
    _, weights = attention(x, x, x, average_attn_weights=False)
    array = weights[0].detach().numpy()
    np.save(HERE / "from-pytorch.npy", array)
    lists = [[[float(f"{value:.9g}") for value in row] for row in head] for head in array]
    (HERE / "from-pytorch.json").write_text(json.dumps({"tokens": TOKENS, "attention": lists}) + "\n")

    vectors = torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]], dtype=torch.float64)
    with np.load(HERE / "three-vectors" / "weights.npz") as file:
        q, k, v = (vectors @ torch.from_numpy(file[f"layers.0.attn.w{name}"]) for name in "qkv")
    scores = q @ k.T / 3**0.5
    numbers = {
        "torch": torch.__version__,
        "scores": scores.tolist(),
        "weights": torch.softmax(scores, dim=-1).tolist(),
        "z": torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None])[0].tolist(),
    }
    (HERE / "three-vectors" / "pytorch.json").write_text(json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()
