"""What the page says of a text: its sides and its sets of matrices, as JSON has them."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypedDict

from attnviz.analysis.matrices.levels import has_other_words
from attnviz.analysis.matrices.spelling import raw_spelled
from attnviz.analysis.matrices.words import merged, word_starts
from attnviz.errors import one_line
from attnviz.names import SHARES
from attnviz.output.rendering import Document
from attnviz.output.words import KIND_NAMES, escaped, model_words
from attnviz.records import dataclass
from attnviz.trace.attention import Attention, Matrix
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.result import Result
from attnviz.trace.tokens import Tokens, token_numbers

_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # what follows is read from right to left
_DIGITS = 12  # of a digest
_SET_NAMES = {"mean-heads": "mean of heads", "mean": "mean", "max": "maximum", "rollout": "rollout", "flow": "flow"}
_OF_VALUES = {"zeroing": "value zeroing", "changes": "B - A"}


class Start(TypedDict):
    """What the page shows first, as JSON has it."""

    text: int
    set: int
    head: int
    side: str
    query: int | None
    key: int | None
    words: bool
    special: bool


@dataclass(frozen=True, eq=False)
class TextContent:
    """One text of the page.

    Attributes:
        document: as JSON has it, without its sets.
        sets: as JSON has them; chunks are counted from this text's first.
        chunks: base64.
        start: what is shown first.
        first: the matrix of the head that is shown first, for readers without scripts.
        precision: its decimals.
    """

    document: dict[str, object]
    sets: list[Document]
    chunks: tuple[bytes, ...]
    start: Start
    first: Matrix
    precision: int


def text_page_fields(
    result: Result,
    sides: Sequence[Document],
    *,
    command: str = "",
    other: Result | None = None,
) -> dict[str, object]:
    """One text.

    Args:
        result: the text and the model; its matrices are not looked at.
        sides: of ``side_fields``.
        command: the command that prints it in the terminal.
        other: B's text and model, of a difference.
    """
    infos = [one.model for one in (result, other) if one is not None]
    return {
        "text": _printable(result.text),
        "target": _printable(result.target),
        "pair": _printable(result.pair),
        "other": None if other is None else _printable(other.text),
        "where": result.where,
        "model": _both([model_words(info) for info in infos]),
        "digest": _both([_digest(info) for info in infos]),
        "random": any(info.is_random for info in infos),
        "command": command,
        "sides": list(sides),
    }


def _printable(text: str | None) -> str | None:
    """The text with control characters, which a drawing (XML) cannot hold, and marks that turn a line as escapes."""
    return None if text is None else _TURNS.sub(lambda match: one_line(match[0]), escaped(text))


def _both(phrases: list[str]) -> str:
    return (
        phrases[0]
        if len(set(phrases)) == 1
        else "; ".join(f"{name} {one}" for name, one in zip("AB", phrases, strict=True))
    )


def _digest(info: ModelInfo) -> str:
    name, colon, digits = info.weights.partition(":")
    return f"{name}{colon}{digits[:_DIGITS]}"


def side_fields(
    name: str,
    tokens: Tokens,
    text: Mapping[int, str | None],
    *,
    merges: bool = True,
    raw: bool = False,
) -> dict[str, object]:
    """The tokens of a side, and their words where these differ from tokens.

    Args:
        name: ``text``, ``source`` or ``target``.
        tokens: of the matrices.
        text: the text of each segment, where it is known.
        merges: whether words may be merged.
        raw: label tokens in the tokenizer's own spelling.
    """
    starts = word_starts(tokens)
    has_words = merges and has_other_words(tokens)
    counts = [[start, end - start] for start, end in pairwise([*starts, len(tokens)])]
    return {
        "name": name,
        "tokens": _list(raw_spelled(tokens, raw=raw), text),
        "words": _list(raw_spelled(merged(tokens), raw=raw), text) if has_words else None,
        "pieces": counts if has_words else None,
    }


def _list(tokens: Tokens, text: Mapping[int, str | None]) -> dict[str, object]:
    has_ordinary = any(not token.special for token in tokens)
    return {
        "labels": [token.label for token in tokens],
        "numbers": token_numbers(tokens),
        "special": [int(has_ordinary and (token.special or token.padding)) for token in tokens],
        "segments": [token.segment for token in tokens],
        "spaces": [int(_follows_space(i, tokens, text)) for i in range(len(tokens))],
    }


def _follows_space(i: int, tokens: Tokens, text: Mapping[int, str | None]) -> bool:
    token = tokens[i]
    segment = text.get(token.segment)
    if segment is None:
        return i > 0
    if token.special:
        return False
    return segment[max(0, token.start - 1) : token.start].isspace() or token.text[:1].isspace()


def set_name(values: str, reduce: str, kind: str | None) -> str:
    """The name of a set in the menu: ``weights``, ``rollout``, ``cross-attention norms``.

    Args:
        values: one of ``VALUES``, or ``changes``.
        reduce: one of ``REDUCTIONS``.
        kind: of a text with several kinds of attention.
    """
    name = _OF_VALUES.get(values, values)
    if reduce != "none":
        reduction = _SET_NAMES[reduce]
        name = reduction if values == "weights" else f"{name}, {reduction}"
    return name if kind is None else f"{KIND_NAMES[kind]} {name}"


def head_titles(attention: Attention) -> list[tuple[str, str]]:
    """The name of each matrix, and its title where that says more: ``L0mean``, ``layer 0, mean of heads 0-3``."""
    return [(matrix.name, "" if matrix.title == matrix.name else matrix.title) for matrix in attention]


def axis_names(attention: Attention) -> tuple[list[str], list[str]]:
    """The names of the rows and the columns of the grid of heads; one empty name of a reduced axis."""
    if attention.by_name:
        return list(attention.head_names), [""]
    rows = list(attention.layer_names) if "layer" in attention.axes else [""]
    return rows, list(attention.head_names) if "head" in attention.axes else [""]


def is_share(attention: Attention | Matrix) -> bool:
    """Whether the numbers are shares of 1, which the terminal prints in percent."""
    return attention.values in SHARES
