"""The figures in the documentation: those of the newest run of each part, kept in a file, and the page made of them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from machine import in_words
from processes import ROOT
from results import Comparison, markdown_table

PAGE = ROOT / "attnviz" / "docs" / "speed.md"
FIGURES = Path(__file__).resolve().parent / "figures.json"
HEADING = "## Figures"  # what follows it on the page is made here
PARTS = {  # in the page's order: what is compared, and how
    "sentence": "Whole processes, from start to end. The floor starts Python and imports NumPy and tokenizers. It "
    "reads the tokenizer, the sentence's rows and the layers, and multiplies them.",
    "startup": "Whole processes. Importing Typer, NumPy and rich is what any program of this kind does first.",
    "corpus": "Sentences of 3 to 35 words. Rates leave loading out: attnviz's time less that of a file of one line. "
    "PyTorch runs at its best of several batch sizes, numbers of threads and of processes.",
    "long": "Six layers of 12 heads, d_model 384, random weights. transformers gives all attention with `eager`, and "
    "none with `sdpa`. The products alone are NumPy's `matmul` of the same sizes, one thread.",
    "heatmap": "One process, without loading. A new figure for each head is what one writes first.",
    "forward": "Batches through all blocks of the model, one thread.",
    "gguf": "Whole processes. transformers reads the same file, all of it into float32.",
    "big": "Whole processes, models of random numbers in bfloat16 with the shapes of known ones. transformers computes "
    "in float32.",
    "page": "CPU time of the page's main thread in headless Chromium, scaled to one machine.",
}


def keep(part: str, comparisons: Sequence[Comparison], told: Mapping[str, Any], *, figures: Path = FIGURES) -> None:
    """Puts the figures of a part in the place of its older ones."""
    kept = json.loads(figures.read_text(encoding="utf-8")) if figures.exists() else {}
    kept[part] = {"told": dict(told), "comparisons": [one.as_dict() for one in comparisons]}
    ordered = {name: kept[name] for name in PARTS if name in kept}
    figures.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_page(*, figures: Path = FIGURES, page: Path = PAGE) -> None:
    """Writes the tables of all parts that are kept under the page's last heading."""
    kept = json.loads(figures.read_text(encoding="utf-8"))
    before, _, _ = page.read_text(encoding="utf-8").partition(f"\n{HEADING}\n")
    page.write_text(f"{before}\n{HEADING}\n\n{_tables(kept)}", encoding="utf-8", newline="\n")


def _tables(kept: Mapping[str, Mapping[str, Any]]) -> str:
    """Each part's table under what it compares; where it was measured is said once for parts of the same commit."""
    texts, said = [], ""
    for name, part in kept.items():
        place = in_words(part["told"])
        measured = "" if place == said else f"Medians. {place}.\n\n"
        said = place
        table = markdown_table([Comparison.of(one) for one in part["comparisons"]], name)
        texts.append(f"{measured}{PARTS[name]}\n\n{table}\n")
    return "\n".join(texts)
