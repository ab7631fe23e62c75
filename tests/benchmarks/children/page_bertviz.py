"""BertViz's two pages of the attention in ``attention.npz``.

``page_bertviz.py FOLDER`` writes ``head.html`` and ``model.html`` and prints JSON: the MB of each.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from bertviz import head_view, model_view

VIEWS = {"head": head_view, "model": model_view}
DOCUMENT = '<!doctype html><html><head><meta charset="utf-8"><title>{}</title></head><body>{}</body></html>'


def main() -> None:
    """Writes what BertViz returns into a document, as its own documentation does."""
    folder = Path(sys.argv[1])
    with np.load(folder / "attention.npz") as stored:
        layers = [torch.from_numpy(layer[None].astype(np.float32)) for layer in stored["attention"]]
        tokens = stored["tokens"].tolist()
    sizes = {}
    for name, view in VIEWS.items():
        page = DOCUMENT.format(name, view(layers, tokens, html_action="return").data)
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
        sizes[f"BertViz's {name} view"] = {"file": (folder / f"{name}.html").stat().st_size / 1e6}
    json.dump(sizes, sys.stdout)


if __name__ == "__main__":
    main()
