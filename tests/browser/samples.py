"""The pages that the tests open, each as the words of an ``attnviz html`` command."""

import json
import os
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
SENTENCE = "The animal didn't cross the street because it was too tired."
HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil",
    "nul\0nul",
    "<!--",
    "x" * 300,
    "]]>",
    "{{data}}",
    "a\nb\tc",
    "&lt;",
    "\u2028",
)
# Hebrew, Arabic, Chinese, Japanese, a combining accent, and a picture of two joined characters.
SCRIPTS = (
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd \u0645\u0631\u062d\u0628\u0627 "
    "\u4f60\u597d \u4e16\u754c \u306d\u3053 e\u0301 \U0001f9d1\u200d\U0001f680 mixed"
)


def words(n: int) -> str:
    """A text of n words that differ from their neighbours."""
    cycle = SENTENCE.rstrip(".").replace("'t", "").split()
    return " ".join(cycle[i % len(cycle)] for i in range(n))


def weights(n_layers: int, n_heads: int, n: int) -> np.ndarray:
    """Attention of rows that sum to 1, always the same."""
    drawn = np.random.default_rng(7).gamma(0.3, size=(n_layers, n_heads, n, n)) + 1e-6
    return drawn / drawn.sum(axis=-1, keepdims=True)


SAMPLES: dict[str, tuple[str, ...]] = {
    "sentence": (SENTENCE,),
    "values": (SENTENCE, "--values", "weights,scores,norms", "--reduce", "none,rollout,mean-heads"),
    "pair": ("The animal was tired.", "--pair", "It didn't cross the street."),
    "cross": ("The cat drank the milk", "--target", "The old cat"),
    "causal": (SENTENCE, "--seed", "0", "--mask", "causal"),
    "diff": (SENTENCE, "The animal didn't cross the street because it was too wide."),
    "texts": ("--file", "texts.txt"),
    "one token": ("--attention", "one.npy", "--tokens", "alone"),
    "one head": (SENTENCE, "-H", "L2H8"),
    "named heads": (SENTENCE, "-H", "L2H8,L1H7,L0H2"),
    "many heads": ("--attention", "many.npy", "--tokens", "a b c d e f"),
    "long": (words(510), "--seed", "0", "--n-layers", "6", "--n-heads", "12", "--d-model", "384"),
    "hostile": ("--attention", "hostile.json"),
    "scripts": (SCRIPTS, "--seed", "0", "--tokenizer", "whitespace"),
    "pieces": ("Unbelievable antidisestablishmentarianism astonishes philosophers.",),
    "inside": ("Unbelievable antidisestablishmentarianism astonishes philosophers.", "--no-words", "--from", "3"),
    "special": (SENTENCE, "--show-special", "--no-words", "--from", "it"),
    "renormalized": (SENTENCE, "--renormalize"),
    "scores": (SENTENCE, "--values", "scores"),
    "two decimals": (SENTENCE, "--precision", "2"),
}


def write_inputs(folder: Path) -> None:
    """The files that some commands read."""
    lines = [SENTENCE, "The cat sat on the table.", "A dog"]
    (folder / "texts.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    np.save(folder / "one.npy", np.ones((1, 1, 1, 1)))
    np.save(folder / "many.npy", weights(32, 32, 6))
    attention = weights(2, 3, len(HOSTILE)).tolist()
    document = {"tokens": HOSTILE, "attention": attention}
    (folder / "hostile.json").write_text(json.dumps(document), encoding="utf-8")


def command(name: str, file: str) -> list[str]:
    """The program and arguments that write a sample."""
    return [sys.executable, "-m", "attnviz", "html", *SAMPLES[name], "-o", file]


def environment() -> dict[str, str]:
    """The variables of the programs that tests start: this working tree, and no setting of attnviz."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATTNVIZ_")}
    return kept | {"PYTHONPATH": str(ROOT)}
