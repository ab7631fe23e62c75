"""Checks of a document's numbers: the first that cannot be attention is named with its place."""

from collections.abc import Mapping
from itertools import islice

import numpy as np

from attnviz.errors import InputError, one_line
from attnviz.names import SHARES
from attnviz.trace.attention import Attention

_ROW_SUM = 2e-3  # what rounding to bfloat16 can do to a row's sum
_NEARLY = 0.1  # by which a row's sum may be off without looking like that of scores
_SCORES = "scores, as they are before softmax, are read by show and heatmap, with --values scores"
_ONE = 1e-5  # what float32 arithmetic can do to a weight of 1
_LARGEST = np.finfo(np.float64).max


def check_numbers(attention: Attention, fields: Mapping[str, object], where: str) -> None:
    """Shares are from 0 to 1, and a row's sum is 1, or 0 where every key is masked; norms and scores are finite.

    Norms are not negative, and masked scores are -inf.
    """
    values, are_shares = attention.matrices, attention.values in SHARES
    least, most = {"scores": (-np.inf, _LARGEST), "norms": (0, _LARGEST)}.get(attention.values, (0, 1 + _ONE))
    wrong = ~((values >= least) & (values <= most))  # so that NaN is wrong too
    expected = {"scores": "a finite number, or -inf where it is masked", "norms": "a finite number from 0"}.get(
        attention.values, "a number from 0 to 1"
    )
    if wrong.any():
        cell, value = _first_cell(attention, wrong)
        hint = _SCORES if attention.values == "weights" and np.isfinite(value) else None
        raise InputError(f"{where}: {cell}; expected {expected}", hint)
    if attention.masked is not None and attention.values != "scores":
        wrong = attention.masked[:, None] & (values != 0)
        if wrong.any():
            cell, _ = _first_cell(attention, wrong)
            raise InputError(f"{where}: {cell}, and masked; expected 0 where it is masked")
    if not are_shares or attention.reduce == "max":
        return
    sums = values.sum(axis=-1, dtype=np.float64)
    if attention.rest is not None:
        sums += attention.rest
    wrong = (np.abs(sums - 1) > _ROW_SUM + _rounding(fields, where) * (values.shape[-1] + 1)) & (sums != 0)
    if wrong.any():
        i, j, query = np.argwhere(wrong)[0]
        raise InputError(
            f"{where}: {_place(attention, i, j)}, row {query} sums to {sums[i, j, query]:.6g}; expected 1",
            _reason(values, sums) if attention.values == "weights" else None,
        )


def _first_cell(attention: Attention, wrong: np.ndarray) -> tuple[str, float]:
    """The first of these cells with its value, in words, and the value."""
    i, j, query, key = np.argwhere(wrong)[0]
    value = attention.matrices[i, j, query, key]
    return f"{_place(attention, i, j)}, row {query}, column {key} is {value:.6g}", value


def _reason(values: np.ndarray, sums: np.ndarray) -> str | None:
    """A likely reason why rows of weights do not sum to 1, as a hint."""
    if np.abs(values.sum(axis=-2, dtype=np.float64) - 1).max() < _ROW_SUM:
        return "its columns sum to 1: rows are queries, columns are the keys that they look at"
    return _SCORES if np.abs(sums - 1).max() > _NEARLY else None


def _rounding(fields: Mapping[str, object], where: str) -> float:
    """The largest change of a number by rounding to the document's decimals."""
    decimals = fields.get("precision")
    if decimals is None:
        return 0.0
    if type(decimals) is not int or not 0 <= decimals <= 20:
        raise InputError(f"{where}: its precision is {one_line(decimals)[:40]!r}; expected decimals from 0 to 20")
    return 0.5 * 10.0**-decimals


def _place(attention: Attention, i: int, j: int) -> str:
    title = next(islice(attention, int(i * attention.matrices.shape[1] + j), None)).title
    return title if attention.kind == "encoder" else f"{attention.kind} attention, {title}"
