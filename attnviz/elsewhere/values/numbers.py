"""Checks of a document's numbers: the first that cannot be attention is named with its place."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

import numpy as np

from attnviz.elsewhere.read_options import ReadOptions
from attnviz.elsewhere.values.absent_rows import with_masked_scores, without_nan_rows
from attnviz.elsewhere.values.blocks import head_blocks
from attnviz.elsewhere.values.padding_masks import mask_padding
from attnviz.elsewhere.values.rounding import EXACT, Rounding, roundings_of
from attnviz.elsewhere.values.row_reasons import likely_reason, row_facts
from attnviz.elsewhere.values.row_scan import RowScan, scan_rows
from attnviz.errors import InputError, brief
from attnviz.names import SHARES
from attnviz.trace.attention import Attention

_NOTED = 1e-4  # what a row misses more than that is worth a note
_LARGEST = np.finfo(np.float64).max
_EXPECTED = {"scores": "a finite number, or -inf where it is masked", "norms": "a finite number from 0"}


def clean_numbers(attention: Attention, fields: Mapping[str, object], options: ReadOptions, where: str) -> Attention:
    """Attention whose numbers are checked, without NaN, and with its masked keys and its padding masked.

    Raises:
        InputError: numbers that cannot be attention.
    """
    scan = scan_rows(attention.matrices)
    clean = without_nan_rows(attention, scan, options.note)
    clean = with_masked_scores(clean, scan, options.note)
    if "schema" not in fields or options.padding is not None:  # attnviz says what is masked
        clean = mask_padding(clean, options.note)
    if clean.matrices is not attention.matrices:
        scan = scan_rows(clean.matrices)
    return _checked(clean, scan, fields, options, where)


def _checked(
    attention: Attention, scan: RowScan, fields: Mapping[str, object], options: ReadOptions, where: str
) -> Attention:
    """Attention whose shares are from 0 to 1, and whose rows sum to 1, or to 0 where every key is masked.

    A sum may differ from 1 by what the rounding can do that all numbers show, or that the document states. With
    ``partial`` rows may sum to less, and their ``rest`` is what they miss. Norms are finite and from 0. Scores are
    finite, or -inf where they are masked.

    Raises:
        InputError: numbers that are none of this.
    """
    _check_range(attention, scan, where)
    if attention.values not in SHARES:
        if options.partial:
            options.note(f"--partial changes nothing: these are {attention.values}")
        return attention
    _check_masked(attention, where)
    if attention.reduce == "max":
        return attention
    if options.partial and attention.rest is None:
        attention = _with_rest(attention, scan)
    sums = scan.sums if attention.rest is None else scan.sums + attention.rest
    stated = _stated_error(fields, where) * (attention.matrices.shape[-1] + 1)
    misses = np.where(sums != 0, np.abs(sums - 1), 0)
    wrong = misses > EXACT + stated
    rounding = None
    if wrong.any() or ("schema" not in fields and not stated and (misses > _NOTED).any()):
        rounding = _rounding(attention, sums)
    if rounding is not None:
        ends = dict.fromkeys(f"{end:.4g}" for end in (sums[sums != 0].min(), sums[sums != 0].max()))
        options.note(f"{attention.values} are {rounding.name}: rows sum to {' to '.join(ends)}")
    elif wrong.any():
        i, j, query = np.argwhere(wrong)[0]
        raise InputError(
            f"{where}: {_place(attention, i, j)}, row {query} sums to {sums[i, j, query]:.6g}; expected 1",
            _reason(attention),
        )
    return attention


def _check_range(attention: Attention, scan: RowScan, where: str) -> None:
    """Refuses numbers that no values of this name have."""
    most = {"scores": _LARGEST, "norms": _LARGEST}.get(attention.values, 1 + _most_above_one(attention, scan))
    least = -np.inf if attention.values == "scores" else 0
    good = (scan.least >= least) & (scan.most <= most)  # so that NaN is not
    if good.all():
        return
    for i, j, block in head_blocks(attention.matrices):
        wrong = ~((block >= least) & (block <= most))
        if wrong.any():
            cell, value = _first_cell(attention, (i, j), block, wrong)
            hint = None if np.isnan(value) or np.isposinf(value) else _reason(attention)
            expected = _EXPECTED.get(attention.values, "a number from 0 to 1")
            raise InputError(f"{where}: {cell}; expected {expected}", hint)


def _most_above_one(attention: Attention, scan: RowScan) -> float:
    """How far a weight may be above 1: as far as the sum of its row may."""
    if not (scan.most > 1 + EXACT).any():
        return EXACT
    rounding = _rounding(attention, scan.sums) if np.isfinite(scan.sums).all() else None
    return EXACT if rounding is None else rounding.share + rounding.unit


def _check_masked(attention: Attention, where: str) -> None:
    """Refuses numbers at places that are masked."""
    if attention.masked is None:
        return
    for i, j, block in head_blocks(attention.matrices):
        wrong = attention.masked[i] & (block != 0)
        if wrong.any():
            cell, _ = _first_cell(attention, (i, j), block, wrong)
            raise InputError(f"{where}: {cell}, and masked; expected 0 where it is masked")


def _with_rest(attention: Attention, scan: RowScan) -> Attention:
    """Attention whose rows have a rest: what they miss of 1; a row of zeros looks at nothing."""
    short = np.where(scan.sums > 0, np.maximum(1 - scan.sums, 0), 0).astype(np.float32)
    return replace(attention, rest=short)


def _rounding(attention: Attention, sums: np.ndarray) -> Rounding | None:
    """The rounding of all numbers by which every row can have summed to 1."""
    kinds = roundings_of(block for _, _, block in head_blocks(attention.matrices))
    if not kinds:
        return None
    positive = np.zeros(sums.shape, dtype=np.int64)
    for i, j, block in head_blocks(attention.matrices):
        positive[i, j : j + len(block)] = (block > 0).sum(axis=-1)
    n_keys, looks = attention.matrices.shape[-1], positive > 0
    return next((kind for kind in kinds if (kind.allows(sums, positive, n_keys) | ~looks).all()), None)


def _reason(attention: Attention) -> str | None:
    """A likely reason why numbers are not weights, as a hint."""
    if attention.values != "weights" or attention.reduce != "none" or attention.rest is not None:
        return None  # with a rest, what rows miss is known already
    blocks = (block for _, _, block in head_blocks(attention.matrices))
    return likely_reason(row_facts(blocks, attention.matrices.shape))


def _first_cell(
    attention: Attention, start: tuple[int, int], block: np.ndarray, wrong: np.ndarray
) -> tuple[str, float]:
    """The first of these cells of a block of heads with its value, in words, and the value."""
    head, query, key = np.argwhere(wrong)[0]
    value = block[head, query, key]
    place = _place(attention, start[0], start[1] + int(head))
    return f"{place}, row {query}, column {key} is {value:.6g}", float(value)


def _stated_error(fields: Mapping[str, object], where: str) -> float:
    """The largest change of a number by rounding to the document's decimals."""
    decimals = fields.get("precision")
    if decimals is None:
        return 0.0
    if type(decimals) is not int or not 0 <= decimals <= 20:
        raise InputError(f"{where}: its precision is {brief(decimals)!r}; expected decimals from 0 to 20")
    return 0.5 * 10.0**-decimals


def _place(attention: Attention, i: int, j: int) -> str:
    title = next(islice(attention, int(i * attention.matrices.shape[1] + j), None)).title
    return title if attention.kind == "encoder" else f"{attention.kind} attention, {title}"
