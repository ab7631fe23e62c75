"""What pictures of an attention say in words: file names, titles, the lines under them, one sentence for each."""

import numpy as np

from attnviz.names import PATHS
from attnviz.output.scale import short_number, strongest_choice
from attnviz.output.words import escaped, unit
from attnviz.trace.attention import Attention, Matrix
from attnviz.trace.tokens import token_numbers

_VERBS = {
    "weights": "attends most to",
    "scores": "has the largest value for",
    "norms": "takes most from",
    "zeroing": "changes most without",
    "changes": "changed most towards",
}
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
"""Where not all words have a label, every so many have one."""


def every_nth(step: int) -> str:
    """``every 2nd``, ``every 5th``: of a step in ``STEPS``."""
    return f"every {step}{'nd' if step == 2 else 'th'}"


def file_stem(attention: Attention, index: int, prefix: str = "") -> str:
    """A matrix's file name without its ending: ``L00H03``, ``L01mean``, ``L01zeroing``, ``mean``, ``cross-L00H03``."""
    i, j = divmod(index, attention.matrices.shape[1])
    if "head" in attention.axes:
        layer, head = attention.head_at(i, j)
        name = f"L{layer:02d}H{head:02d}"
    elif "layer" in attention.axes:
        name = f"L{attention.layers[i]:02d}{'mean' if attention.reduce == 'mean-heads' else attention.values}"
    else:
        name = attention.reduce
    return prefix + name


def sentence(matrix: Matrix, strongest: tuple[float, int, int] | None = None) -> str:
    """One sentence: what attends most to what; ``strongest``: of ``strongest_choice``, where that is known."""
    value, query, key = strongest or strongest_choice(matrix)
    title = capital(matrix.title)
    if not np.isfinite(value):
        return f"{title}: every key is masked."
    is_path = matrix.name in PATHS
    verb = "comes most from" if is_path else _VERBS[matrix.values]
    queries, keys = token_numbers(matrix.queries), token_numbers(matrix.keys)
    query_name, key_name = ("token", "input token") if is_path else ("query", "key")
    return (
        f"{title}: {query_name} {queries[query]} “{escaped(matrix.queries[query].label)}” {verb} "
        f"{key_name} {keys[key]} “{escaped(matrix.keys[key].label)}” "
        f"({unit(matrix.values, matrix.name)} {short_number(matrix.numbers[query, key])})."
    )


def has_masked(attention: Attention) -> bool:
    """Whether some key could not be attended to."""
    masked = attention.masked is not None and bool(attention.masked.any())
    return masked or not bool(np.isfinite(attention.matrices).all())


def capital(title: str) -> str:
    """The title with a capital."""
    return title[:1].upper() + title[1:]
