"""Attention that another program computed, or attnviz itself: arrays and JSON to results."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from attnviz.checkpoints.arrays import NPY_MAGIC, ZIP_MAGIC, binary_array, listed_array, parse_json, read_file
from attnviz.errors import InputError, one_line
from attnviz.text.labels import printable
from attnviz.trace import Attention, ModelInfo, Result, Token, Tokens

_EXPECTED = "expected attention as .npy, .npz or JSON"
_TOLERANCE = 2e-3  # half precision sums a row of a few hundred weights this well
_KINDS = {"attention": "encoder", "decoder_attention": "decoder", "cross_attention": "cross"}
_MASKS = {"encoder": "masked", "decoder": "decoder_masked", "cross": "cross_masked"}


@dataclass(frozen=True)
class Source:
    """What a reader is told besides the data: the file's name, labels for its tokens, whether it holds scores."""

    name: str
    labels: Sequence[str] | None = None
    scores: bool = False


def read_attention(
    source: str | Path | BinaryIO,
    *,
    name: str | None = None,
    token_labels: Sequence[str] | None = None,
    scores: bool = False,
) -> Iterator[Result]:
    """The attention of a file or a stream, one result a text; its content says which format it has.

    Arrays have 2 to 4 dimensions: one head, the heads of a layer, layers of heads. JSON is such an array as nested
    lists, an object with ``attention`` and perhaps ``tokens`` (or ``queries`` and ``keys``), or attnviz's own lines.
    Matrices that are not square are taken for cross-attention.

    Args:
        source: a path, or a binary stream.
        name: what messages and titles call it; the file's name by default.
        token_labels: labels for the tokens, instead of those of the file.
        scores: whether the numbers are scores (before softmax), whose rows need not sum to 1.

    Raises:
        InputError: data that cannot be read, with the exact place of what is wrong.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        stream: BinaryIO = BytesIO(read_file(path, _EXPECTED))
        told = Source(name or path.name, token_labels, scores)
    else:
        stream, told = source, Source(name or "stream", token_labels, scores)
    first = stream.readline()
    while first and not first.strip():
        first = stream.readline()
    if not first:
        raise InputError(f"{one_line(told.name)}: it is empty; {_EXPECTED}")
    if first.startswith((NPY_MAGIC, ZIP_MAGIC)):
        data = first + stream.read()
        yield _foreign({"attention": binary_array(data, one_line(told.name), "attention")}, data, told)
        return
    yield from _json_results(first, stream, told)


def _json_results(first: bytes, stream: BinaryIO, told: Source) -> Iterator[Result]:
    """One object a line, or one value over several lines."""
    where = one_line(told.name)
    if first.rstrip().endswith(b"}"):
        for number, line in enumerate(_lines(first, stream), start=1):
            if line.strip():
                yield _result(parse_json(line, f"{where}, line {number}"), line, told)
        return
    data = first + stream.read()
    yield _result(parse_json(data, where), data, told)


def _lines(first: bytes, stream: BinaryIO) -> Iterator[bytes]:
    yield first
    yield from stream


def _result(value: object, data: bytes, told: Source) -> Result:
    where = one_line(told.name)
    if isinstance(value, list):
        value = {"attention": value}
    if not isinstance(value, dict):
        raise InputError(f"{where}: it is {one_line(value)[:40]}; expected lists, or an object with 'attention'")
    if "edges" in value:
        raise InputError(f"{where}: it holds edges (--top), which are no matrices; expected 'attention'")
    found = [name for name in _KINDS if name in value]
    if not found:
        raise InputError(f"{where}: it has no 'attention'; expected lists, or an object with 'attention'")
    null = -np.inf if told.scores or value.get("values") == "scores" else None
    for name in found:
        value[name] = listed_array(value[name], where, name, null=null).astype(np.float32)
    return _own(value, found, told) if value.get("schema") == "attnviz/1" else _foreign(value, data, told)


def _foreign(value: Mapping[str, object], data: bytes, told: Source) -> Result:
    """Another program's matrices: one kind, and labels where there are any."""
    where = one_line(told.name)
    name = next(name for name in _KINDS if name in value)
    matrices = _four_axes(value[name], where)
    n_queries, n_keys = matrices.shape[2:]
    kind = _KINDS[name] if name != "attention" or n_queries == n_keys else "cross"
    given_keys = told.labels or value.get("keys") or value.get("tokens")
    given_queries = value.get("queries") or value.get("target_tokens") or (given_keys if n_queries == n_keys else None)
    if n_queries != n_keys and told.labels and len(told.labels) == n_queries:
        given_queries, given_keys = told.labels, value.get("keys") or value.get("tokens")
    model = ModelInfo(
        name=told.name,
        weights=f"sha256:{hashlib.sha256(data).hexdigest()}",
        config={"n_layers": matrices.shape[0], "n_heads": matrices.shape[1]},
    )
    attention = Attention(
        matrices=matrices,
        queries=_tokens(given_queries, n_queries, "queries", where),
        keys=_tokens(given_keys, n_keys, "keys", where),
        layers=tuple(range(matrices.shape[0])),
        heads=tuple(range(matrices.shape[1])),
        model=model,
        kind=kind,
        what="scores" if told.scores or value.get("values") == "scores" else "weights",
    )
    _check_numbers(attention, where, _TOLERANCE)
    masked = np.isneginf(attention.matrices).all(axis=1)
    if masked.any():
        attention = _with_mask(attention, masked)
    text = value.get("text")
    return Result(
        text=text if isinstance(text, str) else None,
        views={kind: attention},
        model=model,
        tokens=attention.keys,
        target_tokens=attention.queries if kind == "cross" else (),
    )


def _own(value: Mapping[str, object], found: list[str], told: Source) -> Result:
    """One of attnviz's own objects, read back whole."""
    where = one_line(told.name)
    try:
        origin = dict(value["model"])
        model = ModelInfo(str(origin.pop("name")), str(origin.pop("weights")), origin)
        layers, heads = tuple(map(int, value["layers"])), tuple(map(int, value["heads"]))
        source, target = _own_tokens(value, ""), _own_tokens(value, "target_")
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: its {one_line(error)} is missing or wrong; expected attnviz's JSON") from error
    views = {}
    for name in found:
        kind, reduce = _KINDS[name], value.get("reduce", "none")
        matrices = np.asarray(value[name])
        matrices = matrices[:, None] if reduce == "mean-heads" else _four_axes(matrices, where)
        queries, keys = target if kind != "encoder" else source, target if kind == "decoder" else source
        expected = (
            1 if reduce in ("mean", "max") else len(layers),
            1 if reduce != "none" else len(heads),
            len(queries),
            len(keys),
        )
        if matrices.shape != expected:
            raise InputError(f"{where}: {name} has the shape {matrices.shape}; expected {expected} by its own labels")
        what = value.get("values", "weights")
        attention = Attention(matrices, queries, keys, layers, heads, model, kind, what, reduce)
        if _MASKS[kind] in value:
            attention = _with_mask(attention, np.asarray(value[_MASKS[kind]], dtype=bool))
        if reduce != "max":
            rounding = 10.0 ** -value["precision"] * len(keys) if "precision" in value else 0.0
            _check_numbers(attention, where, _TOLERANCE + rounding)
        views[kind] = attention
    order = ("encoder", "decoder", "cross")
    return Result(
        text=value.get("text"),
        views={kind: views[kind] for kind in order if kind in views},
        model=model,
        pair=value.get("pair"),
        target=value.get("target"),
        tokens=source,
        target_tokens=target,
    )


def _own_tokens(value: Mapping[str, object], prefix: str) -> Tokens:
    pieces = value.get(f"{prefix}tokens") or []
    n = len(pieces)
    ids = value.get(f"{prefix}token_ids") or [None] * n
    labels = value.get(f"{prefix}labels") or [printable(piece) for piece in pieces]
    offsets = value.get(f"{prefix}offsets") or [(0, 0)] * n
    special = value.get(f"{prefix}special") or [False] * n
    segments = value.get(f"{prefix}segments") or [0] * n
    return tuple(
        Token(
            text="" if hidden else piece,
            label=printable(label),
            start=start,
            end=end,
            id=number,
            piece=piece,
            special=bool(hidden),
            segment=segment,
        )
        for piece, label, (start, end), number, hidden, segment in zip(
            pieces, labels, offsets, ids, special, segments, strict=True
        )
    )


def _four_axes(array: object, where: str) -> np.ndarray:
    array = np.asarray(array)
    if not 2 <= array.ndim <= 4 or not array.size:
        raise InputError(f"{where}: its shape is {array.shape}; expected (layers, heads, queries, keys), or less axes")
    return array.reshape((1,) * (4 - array.ndim) + array.shape)


def _tokens(labels: object, n: int, what: str, where: str) -> Tokens:
    if labels is None:
        labels = [f"x{i}" for i in range(n)]
    if not isinstance(labels, Sequence) or isinstance(labels, str) or not all(isinstance(x, str) for x in labels):
        raise InputError(f"{where}: its tokens are no list of texts; expected {n} texts")
    if len(labels) != n:
        raise InputError(f"{where}: there are {len(labels)} tokens, and the matrices have {n} {what}; expected {n}")
    return tuple(Token(text=label, label=printable(label), piece=label) for label in labels)


def _with_mask(attention: Attention, masked: np.ndarray) -> Attention:
    shape = (attention.matrices.shape[0], *attention.matrices.shape[2:])
    try:
        return Attention(**{**vars(attention), "masked": np.broadcast_to(masked, shape)})
    except ValueError as error:
        raise InputError(f"{attention.model.name}: its mask has the shape {masked.shape}; expected {shape}") from error


def _check_numbers(attention: Attention, where: str, tolerance: float) -> None:
    """Weights are from 0 to 1 and their rows sum to 1, or to 0 where every key is masked; nothing is NaN."""
    values = attention.matrices
    wrong = np.isnan(values) | np.isposinf(values)
    if attention.what == "weights":
        wrong |= (values < -tolerance) | (values > 1 + tolerance)
    hint = None if attention.what == "scores" else "scores before softmax are shown with --values scores"
    if wrong.any():
        i, j, query, key = np.argwhere(wrong)[0]
        raise InputError(
            f"{where}: layer {i}, head {j}, row {query}, column {key} is {values[i, j, query, key]:.6g}; "
            f"expected {'numbers from 0 to 1' if hint else 'finite numbers'}",
            hint=hint,
        )
    sums = values.astype(np.float64).sum(axis=-1)
    if attention.what == "weights" and ((np.abs(sums - 1) > tolerance) & (sums != 0)).any():
        i, j, query = np.argwhere((np.abs(sums - 1) > tolerance) & (sums != 0))[0]
        raise InputError(
            f"{where}: layer {i}, head {j}, row {query} sums to {sums[i, j, query]:.6g}; expected 1", hint=hint
        )
