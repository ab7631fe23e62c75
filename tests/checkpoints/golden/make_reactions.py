"""Makes rxnmapper.npz and rxnfp.npz: what transformers makes of two trained models of chemistry.

    python tests/checkpoints/golden/make_reactions.py RXNMAPPER RXNFP

The folders are ``rxnmapper/models/transformers/albert_heads_8_uspto_all_1310k`` of rxnmapper 0.4.3 and
``rxnfp/models/transformers/bert_ft_10k_25s`` of rxnfp 0.1.0: weights in files of PyTorch from before 1.6, a
``vocab.txt``, and tokens by a regular expression. Made with torch 2.13.0 (CPU), transformers 5.23.0, numpy 2.4.6.

Each file has ``pattern``, the packages' own expression; ``texts``; for each text ``t0_ids`` (n), and ``t0_attention``
(layers, n_heads, n, n) of the layers in ``layers``, float32, eager.
"""

import re
import sys
from pathlib import Path

import numpy as np
import torch
import transformers

HERE = Path(__file__).parent
PATTERN = (  # of rxnmapper/smiles_utils.py and of rxnfp/tokenization.py
    r"(\%\([0-9]{3}\)|\[[^\]]+]|Br?|Cl?|N|O|S|P|F|I|b|c|n|o|s|p|\||\(|\)|\.|=|#|-|\+|\\|\/|:|~|@|\?|>>?|\*|\$"
    r"|\%[0-9]{2}|[0-9])"
)
TEXTS = ("CCO.CC(=O)O>>CC(=O)OCC", "[Na+].ClCBr")
LAYERS = (0, 10)
LIMIT = 50_000


@torch.no_grad()
def make(name, folder):
    """One file."""
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    words = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    arrays = {"pattern": np.array(PATTERN), "texts": np.array(TEXTS), "layers": np.array(LAYERS)}
    for i, text in enumerate(TEXTS):
        pieces = ["[CLS]", *re.findall(PATTERN, text), "[SEP]"]
        ids = [words.index(piece) if piece in words else words.index("[UNK]") for piece in pieces]
        attention = model(input_ids=torch.tensor([ids]), output_attentions=True).attentions
        arrays |= {f"t{i}_ids": np.array(ids), f"t{i}_attention": torch.cat(attention).numpy()[list(LAYERS)]}
    np.savez_compressed(HERE / f"{name}.npz", **arrays)
    size = (HERE / f"{name}.npz").stat().st_size
    print(name, [len(arrays[key]) for key in arrays if key.endswith("_ids")], size, "bytes")
    assert size < LIMIT


if __name__ == "__main__":
    make("rxnmapper", Path(sys.argv[1]))
    make("rxnfp", Path(sys.argv[2]))
