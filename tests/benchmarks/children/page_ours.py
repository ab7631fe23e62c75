"""attnviz's page of a text of N tokens, and the attention in it, for BertViz.

``page_ours.py MODEL N FOLDER`` writes ``attnviz.html`` and ``attention.npz`` and prints JSON: the page's MB, and the
seconds that it took after the run.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

import attnviz

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from texts import long_text

START = "The animal didn't cross the street because it was too tired."


def text_of(model: attnviz.Model, n: int) -> str:
    """A text of n tokens, special ones included: as many words as fit, and the word a until it is full."""
    words = [*START.split(), *long_text(n).split()]
    least, most = 1, len(words)
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if n_tokens(model, words[:middle]) <= n else (least, middle)
    kept = words[:least]
    while n_tokens(model, kept) < n:
        kept.append("a")
    return " ".join(kept)


def n_tokens(model: attnviz.Model, words: list[str]) -> int:
    """Tokens of the words as one text, special ones included."""
    return len(model.tokenizer.encode(" ".join(words), None, n_vocab=model.config.n_vocab))


def main() -> None:
    """Writes both files."""
    model, n, folder = attnviz.load(model=sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    result = attnviz.run(text_of(model, n), model=model)
    attnviz.html(attnviz.run(START, model=model))  # modules
    start = time.perf_counter()
    (folder / "attnviz.html").write_text(attnviz.html(result), encoding="utf-8")
    seconds = time.perf_counter() - start
    np.savez(folder / "attention.npz", attention=result.attention, tokens=[token.label for token in result.tokens])
    size = (folder / "attnviz.html").stat().st_size / 1e6
    json.dump({"attnviz": {"file": size, "write": seconds}}, sys.stdout)


if __name__ == "__main__":
    main()
