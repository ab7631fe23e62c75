"""What every view says about matrices in words: what they are, of what size, and where they came from."""

import re
import unicodedata
from collections.abc import Sequence

from attnviz.analysis.choices.segments import are_segments
from attnviz.errors import one_line
from attnviz.names import PATHS, SHARES
from attnviz.output.labels import cut, parts_that_differ, wrapped
from attnviz.trace.attention import Attention, Matrix
from attnviz.trace.model_info import ModelInfo

_TURNING = "\u202a\u202b\u202c\u202d\u202e"  # embeddings and overrides of direction
FOOT_WIDTH, TEXT_WIDTH = 100, 300

KIND_NAMES = {"encoder": "self-attention", "decoder": "decoder self-attention", "cross": "cross-attention"}

VALUE_NAMES = {
    "weights": "attention weights",
    "scores": "attention scores",
    "norms": "norms",
    "zeroing": "value zeroing",
}
_MEANINGS = {
    "norms": ("weight x length of what the head moves",),
    "zeroing": ("share of what a row changes by without a key's value",),
}
# The joiners of letters and emoji, and the flags of regions, which are a black flag with letters that have no shape.
_JOINING = re.compile("([\u200c\u200d]|\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]+\U000e007f)")


def reading(matrix: Matrix) -> tuple[str, ...]:
    """Which way to read a matrix, and what its values are where their name does not say it."""
    if matrix.name in PATHS:
        sides = f"rows: tokens of layer {matrix.last_layer}, columns: input tokens"
    else:
        sides = "rows: queries, columns: keys"
    if matrix.kind == "cross":
        sides = "rows: queries (target), columns: keys (source)"
    both = ", both of the target" * (matrix.kind == "decoder")
    return (sides + both, *_MEANINGS.get(matrix.values, ()))


def model_words(model: ModelInfo) -> str:
    """``tiny (3 layers x 12 heads)``; of random weights that they mean nothing."""
    origin = one_line(model.origin)
    remark = "any pattern is chance" if model.is_random else model.size
    return f"{origin} ({remark})" if remark else origin


def caption(matrix: Matrix) -> str:
    """Whose matrix it is, and how to read it: ``L2H8 of tiny (3 layers x 12 heads): rows look at columns, in percent``.

    It says that patterns of random weights mean nothing.
    """
    looks = _looks(matrix.kind, matrix.last_layer)
    kind = "" if matrix.kind == "encoder" else f", {KIND_NAMES[matrix.kind]}"
    more = ", special tokens hidden" * (matrix.hidden and matrix.rest is None)
    more += renormalized_words(matrix.name) if matrix.renormalized else ""
    return f"{matrix.title} of {model_words(matrix.model)}{kind}: {looks}, in percent{more}"


def best_relation(matrix: Matrix) -> str:
    """What its head finds best in a treebank: ``subject -> verb 0.60``; empty where that is not known."""
    labels, is_head = matrix.model.labels, matrix.reduce == "none" and len(matrix.layers) == len(matrix.heads) == 1
    if labels is None or not is_head or matrix.kind != "encoder":
        return ""
    found = labels.of(matrix.layers[0], matrix.heads[0])
    return str(found[0]) if found else ""


def set_caption(attention: Attention) -> str:
    """How to read each of several matrices: ``rows look at columns, in percent``."""
    looks = _looks(attention.kind, attention.layers[-1] if attention.reduce in PATHS else None)
    meaning = ", ".join(_MEANINGS.get(attention.values, ()))
    unit_words = ", in percent" * (attention.values in SHARES) + f": {meaning}" * bool(meaning)
    if attention.values == "changes":
        unit_words = ", B less A: positive where B has more"
    return looks + unit_words + (renormalized_words(attention.reduce) if attention.renormalized else "")


def _looks(kind: str, last_layer: int | None) -> str:
    rows, columns = ("target rows", "source columns") if kind == "cross" else ("rows", "columns")
    if last_layer is not None:  # of rollout and flow
        rows, columns = f"rows (tokens of layer {last_layer})", "columns (input tokens)"
    return f"{rows} look at {columns}"


def corner_words(matrix: Matrix) -> str:
    """What the rows' labels are, and what the columns'."""
    return f"L{matrix.last_layer}\\input" if matrix.name in PATHS else "query\\key"


def value_words(matrix: Matrix) -> str:
    """What the values are, in words: nothing of rollout and flow, whose title says it."""
    return "" if matrix.name in PATHS else f"{VALUE_NAMES[matrix.values]}, "


def renormalized_words(reduce: str) -> str:
    """The remark that rows were divided by their sums; those of a maximum do not sum to 1 again."""
    return ", rows renormalized" + " before the maximum" * (reduce == "max")


def quantity(attention: Attention) -> str:
    """``self-attention weights``, ``self-attention rollout``."""
    name = {"zeroing": "value zeroing", "distances": "weights"}.get(attention.values, attention.values)
    return f"{KIND_NAMES[attention.kind]} {attention.reduce if attention.reduce in PATHS else name}"


def unit(values: str, reduce: str) -> str:
    """What one number is."""
    names = {"zeroing": "share", "distances": "jsd"}
    return "share" if reduce in PATHS else names.get(values, values.removesuffix("s"))


def sides(attention: Attention) -> tuple[str, str]:
    """What a row is, and what a column is."""
    if attention.values == "distances":
        return "head", "head"
    if attention.reduce in PATHS:
        return f"token of layer {attention.layers[-1]}", "input token"
    return ("query", "key") if attention.kind != "cross" else ("query (target)", "key (source)")


def extent(attention: Attention) -> str:
    """How many rows and columns, and which tokens are hidden."""
    n_queries, n_keys = len(attention.queries), len(attention.keys)
    row, column = (name.partition(" (")[0] for name in sides(attention))
    if are_segments(attention.queries):
        return _segment_names(attention)
    if attention.values == "distances":
        return f"{n_queries} × {several(column, n_keys)}, similar ones together"
    found = f"{several(row, n_queries)} × {several(column, n_keys)}"
    found += " (words)" * has_merged(attention) + ", special tokens hidden" * attention.hidden
    return found + (renormalized_words(attention.reduce) if attention.renormalized else "")


def _segment_names(attention: Attention) -> str:
    """``rows and columns: text, pair, special``."""
    rows, columns = (", ".join(token.label for token in side) for side in (attention.queries, attention.keys))
    return f"rows and columns: {rows}" if rows == columns else f"rows: {rows}; columns: {columns}"


def rest_word(attention: Attention | Matrix) -> str:
    """The name of the column of keys that are left out: ``special`` where they are special tokens."""
    return "special" if attention.hidden and not attention.keys_chosen else "rest"


def has_merged(attention: Attention | Matrix) -> bool:
    """Whether some of its words are several tokens."""
    return attention.words and any(len(token.pieces) > 1 for token in (*attention.queries, *attention.keys))


def several(name: str, n: int) -> str:
    """``1 query``, ``2 queries``, ``3 tokens of layer 2``."""
    noun, of, more = name.partition(" of ")
    plural = "queries" if noun == "query" else f"{noun}s"
    return f"{n} {noun if n == 1 else plural}{of}{more}"


def provenance_words(provenance: str) -> str:
    """``model: tiny, 3 layers x 12 heads``."""
    return f"model: {one_line(provenance)}"


def kind_words(kind: str, target: str | None) -> str:
    """``cross-attention of the target: Le chat dort``."""
    return KIND_NAMES[kind] + ("" if target is None else f" of the target: {one_line(target)}")


def overview_title(attention: Attention) -> str:
    """Which layers and heads."""
    both = "B less A, " * (attention.values == "changes") + attention.selection_in_words
    return both + {"none": "", "mean-heads": " (mean)"}.get(attention.reduce, f" ({attention.reduce})")


def foot(attention: Attention, texts: Sequence[tuple[str, str]] = ()) -> str:
    """The lines at the foot: texts, of two that are compared the part where they differ; where numbers came from.

    ``texts``: those whose attention it is, each with its name, where the attention does not say them itself.
    """
    *texts, (name, weights) = [(name, _in_one_line(text)) for name, text in (*texts, *attention.origin)]
    is_pair = [name for name, _ in texts[:2]] == ["A", "B"]
    if is_pair:
        parts = parts_that_differ(texts[0][1], texts[1][1], FOOT_WIDTH - len("A: "))
        texts[:2] = zip("AB", parts, strict=True)
    lines = [cut(f"{name}: {text}", FOOT_WIDTH if is_pair else TEXT_WIDTH) for name, text in texts]
    return "\n".join([*lines, *wrapped(f"{name}: {weights}", FOOT_WIDTH)])


def _in_one_line(text: str) -> str:
    """The text with escapes for controls and other characters without a shape, but for those that join letters."""
    parts = _JOINING.split(text)
    return "".join(part if i % 2 else escaped(one_line(part)) for i, part in enumerate(parts))


def escaped(text: str) -> str:
    """The text with what no font and no file format can hold (controls, line separators, lone surrogates) as escapes.

    So is what would turn the letters around it. Labels come so already; this holds for those that another program made.
    """
    categories = ("Cc", "Cs", "Cn", "Zl", "Zp")
    return "".join(one_line(c) if unicodedata.category(c) in categories or c in _TURNING else c for c in text)
