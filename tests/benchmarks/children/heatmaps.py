"""144 heads of 24 tokens: ``write_heatmaps`` against one new Matplotlib figure with labels per head.

``heatmaps.py ROUNDS`` times both in turn, in one process, and prints JSON: the seconds of each round.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from attnviz.output.pictures.figures import write_heatmaps
from attnviz.output.pictures.style import PictureStyle
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token

LAYERS, HEADS = 12, 12
WORDS = "The animal didn't cross the street because it was too tired to go on , and then a big red car came by ."


def attention() -> Attention:
    """Seeded random attention weights with real words as labels."""
    tokens = tuple(Token(word, word) for word in WORDS.split())
    scores = np.random.default_rng(0).normal(0, 2, (LAYERS, HEADS, len(tokens), len(tokens)))
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    return Attention(weights, tokens, tokens, tuple(range(LAYERS)), tuple(range(HEADS)), ModelInfo("toy", "seed:0"))


def naive(view: Attention, folder: Path) -> None:
    """What everybody writes first: a new figure with labels, colour bar and title for each head."""
    for matrix in view:
        figure = Figure(figsize=(6.5, 6.8), dpi=150)
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        image = axes.imshow(matrix.numbers, vmin=0, vmax=1)
        axes.set_xticks(range(len(view.keys)), [token.label for token in matrix.keys], rotation=90, parse_math=False)
        axes.set_yticks(range(len(view.keys)), [token.label for token in matrix.queries], parse_math=False)
        axes.set(title=matrix.title, xlabel="key", ylabel="query")
        figure.colorbar(image)
        figure.savefig(folder / f"{matrix.name}.png")


def seconds(work, view: Attention) -> float:
    """How long one run takes, into a fresh folder."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        work(view, Path(folder))
        return time.perf_counter() - start


def main() -> None:
    """Alternates, after a run that loads fonts and modules."""
    view = attention()
    seconds(lambda v, f: write_heatmaps(v, f, PictureStyle(), overview_only=True), view)
    ours, theirs = [], []
    for _ in range(int(sys.argv[1])):
        ours.append(seconds(lambda v, f: write_heatmaps(v, f, PictureStyle()), view))
        theirs.append(seconds(naive, view))
    json.dump({"heads": LAYERS * HEADS, "tokens": len(view.keys), "ours": ours, "naive": theirs}, sys.stdout)


if __name__ == "__main__":
    main()
