"""What a picture says about its matrices in words: what they are, of what size, and where they came from."""

import unicodedata

from rich.cells import cell_len

from attnviz.errors import one_line
from attnviz.names import PATHS
from attnviz.output.labels import parts_that_differ
from attnviz.output.terminal.lines import KIND_NAMES, renormalized_words, wrapped
from attnviz.output.terminal.screen import Screen
from attnviz.trace.attention import Attention

LABEL_WIDTH = 20
FOOT = Screen(width=100, color=None, ascii=False)


def quantity(attention: Attention) -> str:
    """``self-attention weights``, ``self-attention rollout``."""
    what = {"zeroing": "value zeroing", "distances": "weights"}.get(attention.what, attention.what)
    return f"{KIND_NAMES[attention.kind]} {attention.reduce if attention.reduce in PATHS else what}"


def unit(what: str, reduce: str) -> str:
    """What one number is."""
    names = {"zeroing": "share", "distances": "jsd"}
    return "share" if reduce in PATHS else names.get(what, what.removesuffix("s"))


def sides(attention: Attention) -> tuple[str, str]:
    """What a row is, and what a column is."""
    if attention.what == "distances":
        return "head", "head"
    return (f"token of layer {attention.layers[-1]}", "input token") if attention.reduce in PATHS else ("query", "key")


def size(attention: Attention) -> str:
    """How many rows and columns, and what became of the others."""
    n_queries, n_keys = len(attention.queries), len(attention.keys)
    row, column = sides(attention)
    if attention.what == "distances":
        return f"{n_queries} × {several(column, n_keys)}, similar ones together"
    found = f"{several(row, n_queries)} × {several(column, n_keys - (attention.rest is not None))}"
    found += " (words)" * attention.words + ", special tokens hidden" * attention.hidden
    return found + (renormalized_words(attention.reduce) if attention.renormalized else "")


def several(name: str, n: int) -> str:
    """``1 query``, ``2 queries``, ``3 tokens of layer 2``."""
    noun, of, more = name.partition(" of ")
    plural = "queries" if noun == "query" else f"{noun}s"
    return f"{n} {noun if n == 1 else plural}{of}{more}"


def overview_title(attention: Attention) -> str:
    """Which layers and heads."""
    both = "B less A, " * (attention.what == "changes") + f"{attention.layers_in_words}, {attention.heads_in_words}"
    return both + {"none": "", "mean-heads": " (mean)"}.get(attention.reduce, f" ({attention.reduce})")


def foot(attention: Attention) -> str:
    """The lines at the foot: what was compared, of long texts the part where they differ; where numbers came from."""
    *texts, (name, weights) = [(name, printable(one_line(text))) for name, text in attention.origin]
    if [name for name, _ in texts[:2]] == ["A", "B"]:
        parts = parts_that_differ(texts[0][1], texts[1][1], FOOT.width - len("A: "))
        texts[:2] = zip("AB", parts, strict=True)
    lines = [shorten(f"{name}: {text}", FOOT.width) for name, text in texts]
    return "\n".join([*lines, *wrapped(f"{name}: {weights}", FOOT)])


def shorten(label: str, width: int = LABEL_WIDTH) -> str:
    """The label cut to a width in terminal cells, with ``…`` where something is missing."""
    if cell_len(label) <= width:
        return label
    kept = ""
    for character in label:
        if cell_len(kept + character) >= width:
            break
        kept += character
    return kept + "…"


def printable(text: str) -> str:
    """The text with what no font and no file format can hold (controls, line separators, lone surrogates) as escapes.

    Labels come so already; this holds for those that another program made.
    """
    return "".join(one_line(c) if unicodedata.category(c) in ("Cc", "Cs", "Cn", "Zl", "Zp") else c for c in text)
