"""One document of attention, by the names of ``show --json``, to a result; nothing in it is believed unchecked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

import numpy as np

from attnviz.elsewhere.document_tokens import index_list, relabelled, text_of, tokens_of
from attnviz.elsewhere.lists import listed_array
from attnviz.errors import InputError, one_line
from attnviz.names import ATTENTION_KEYS, KINDS, MASK_KEYS, REDUCTIONS, REST_KEYS, SCHEMA_NAME, SHARES, VALUES, axes_of
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.result import Result

_ORIGIN = re.compile("seed:[0-9]+|sha256:[0-9a-f]{64}")
_ROW_SUM = 2e-3  # what rounding to bfloat16 can do to a row's sum
_NEARLY = 0.1  # by which a row's sum may be off without looking like that of scores
_SCORES = "scores, as they are before softmax, are read by show and heatmap, with --values scores"
_ONE = 1e-5  # what float32 arithmetic can do to a weight of 1
_FEW = 3  # tokens, below which zeros above the diagonal say nothing
_LARGEST = np.finfo(np.float64).max
_EXPECTED = "expected lists, or an object with 'attention'"

Fields = Mapping[str, object]
T = TypeVar("T", str, bool)


def result_of(
    document: object, origin: ModelInfo, where: str, *, labels: Sequence[str] | None = None, scores: bool = False
) -> Result:
    """The attention that a document holds.

    Args:
        document: nested lists, or an object whose matrices are nested lists or arrays.
        origin: what to call it if it does not say where its numbers came from.
        where: for the messages.
        labels: for its tokens, instead of its own.
        scores: whether its numbers are scores, unless it says what they are.

    Raises:
        InputError: something that is not as the document itself says, or not as attention is, with its place.
    """
    fields = _fields(document, where)
    what = _choice(fields, "values", VALUES, "scores" if scores else "weights", where)
    reduce = _choice(fields, "reduce", REDUCTIONS, "none", where)
    axes = axes_of(what, reduce)
    arrays = {kind: _matrices(fields, key, what, axes, where) for kind, key in ATTENTION_KEYS.items() if key in fields}
    arrays = _cross_if_named_so(arrays, fields)
    n_source, n_target = _sizes(arrays)
    if labels is not None:
        fields = relabelled(fields, labels, n_source, n_target, where)
    text, pair, target_text = (text_of(fields, key, where) for key in ("text", "pair", "target"))
    source = tokens_of(fields, "", n_source, (text, pair), where)
    target = tokens_of(fields, "target_", n_target, (target_text,), where)
    n_layers, n_heads = next(iter(arrays.values())).shape[:2]
    layers = index_list(fields, "layers", n_layers if "layer" in axes else None, where) or range(n_layers)
    heads = index_list(fields, "heads", n_heads if "head" in axes else None, where) or range(n_heads)
    model = _model(fields, where) or replace(origin, config={"n_layers": n_layers, "n_heads": n_heads})
    views = {}
    for kind in (kind for kind in KINDS if kind in arrays):
        queries, keys = (source if kind == "encoder" else target), (target if kind == "decoder" else source)
        if arrays[kind].shape != (expected := (n_layers, n_heads, len(queries), len(keys))):
            shape = arrays[kind].shape
            raise InputError(
                f"{where}: {ATTENTION_KEYS[kind]} has the shape {shape}; expected {expected}, to fit the rest"
            )
        view = Attention(
            matrices=arrays[kind],
            queries=queries,
            keys=keys,
            layers=tuple(layers),
            heads=tuple(heads),
            model=model,
            kind=kind,
            what=what,
            reduce=reduce,
            masked=_masked(fields, kind, arrays[kind], where),
            words=_choice(fields, "words", (False, True), False, where),
            hidden=_choice(fields, "hidden", ("nothing", "special"), "nothing", where) == "special",
            renormalized=_choice(fields, "renormalized", (False, True), False, where),
            rest=_rest(fields, kind, arrays[kind], axes, where),
        )
        _check_numbers(view, fields, where)
        views[kind] = view
    return Result(text, views, model, source, target, pair, target_text)


def causal_where_it_seems_so(document: object, result: Result) -> Result:
    """The same result, with what lies above the diagonal masked where its attention looks like a causal model's.

    That is where no query of any layer and head gives anything to a later token (exactly 0), and some give to an
    earlier one; of two tokens that is chance. A document that tells its mask, as attnviz's own do, is believed.
    """
    if isinstance(document, dict) and "schema" in document:
        return result
    views = {
        kind: replace(
            view, masked=np.broadcast_to(np.triu(np.ones(view.matrices.shape[2:], bool), 1), _mask_shape(view))
        )
        if _seems_causal(view)
        else view
        for kind, view in result.views.items()
    }
    return result if all(views[kind] is view for kind, view in result.views.items()) else replace(result, views=views)


def _seems_causal(attention: Attention) -> bool:
    n_queries, n_keys = attention.matrices.shape[2:]
    if attention.kind == "cross" or attention.what != "weights" or attention.masked is not None or n_keys < _FEW:
        return False
    looks = attention.matrices.any(axis=(0, 1))
    return n_queries == n_keys and not np.triu(looks, 1).any() and bool(np.tril(looks, -1).any())


def _mask_shape(attention: Attention) -> tuple[int, int, int]:
    return attention.matrices.shape[:1] + attention.matrices.shape[2:]


def _fields(document: object, where: str) -> Fields:
    fields = {"attention": document} if isinstance(document, list) else document
    if not isinstance(fields, dict):
        raise InputError(f"{where}: it is one {'text' if isinstance(fields, str) else 'value'}; {_EXPECTED}")
    if fields.get("schema", SCHEMA_NAME) != SCHEMA_NAME:
        raise InputError(f"{where}: its schema is {one_line(fields['schema'])[:40]!r}; expected {SCHEMA_NAME}")
    if "edges" in fields:
        raise InputError(
            f"{where}: it has edges (--top), which are no matrices; expected 'attention'",
            hint="write it without --top",
        )
    if not any(key in fields for key in ATTENTION_KEYS.values()):
        raise InputError(f"{where}: it has no 'attention'; {_EXPECTED}")
    return fields


def _choice(fields: Fields, key: str, choices: tuple[T, ...], default: T, where: str) -> T:
    value = fields.get(key, default)
    if type(value) is not type(default) or value not in choices:
        expected = ", ".join(str(choice).lower() for choice in choices)
        raise InputError(f"{where}: {key} {one_line(value)[:40]!r} is not known; expected one of {expected}")
    return value


def _matrices(fields: Fields, key: str, what: str, axes: tuple[str, ...], where: str) -> np.ndarray:
    """(n_layers, n_heads, n_queries, n_keys), with length 1 for axes that the document has not."""
    value = fields[key]
    if isinstance(value, np.ndarray):
        array = value
    else:
        array = listed_array(value, f"{where}: {key}", axes=4, null=-np.inf if what == "scores" else None)
        with np.errstate(over="ignore"):
            array = array.astype(np.float32)
    if not 2 <= array.ndim <= len(axes) or not array.size:
        names = f"({', '.join(axes)})" + (" or its last axes" if len(axes) > 2 else "")
        hint = "of a batch, save one text: without the axis of the batch" if array.ndim == len(axes) + 1 else None
        raise InputError(f"{where}: {key} has the shape {array.shape}; expected {names}", hint)
    said, held = fields.get("axes"), list(axes[-array.ndim :])
    if said is not None and said != held:
        raise InputError(f"{where}: its axes are {one_line(said)[:60]}; expected {held} for the shape {array.shape}")
    array = array.reshape((1,) * (len(axes) - array.ndim) + array.shape)
    return {4: array, 3: array[:, None], 2: array[None, None]}[array.ndim]


def _cross_if_named_so(arrays: dict[str, np.ndarray], fields: Fields) -> dict[str, np.ndarray]:
    """``attention`` alone is cross-attention where it is not square, or where its queries have names of their own."""
    if set(arrays) != {"encoder"}:
        return arrays
    n_queries, n_keys = arrays["encoder"].shape[2:]
    own_queries = fields.get("queries") is not None and fields["queries"] != fields.get("keys", fields.get("tokens"))
    return {"cross": arrays["encoder"]} if n_queries != n_keys or own_queries else arrays


def _sizes(arrays: Mapping[str, np.ndarray]) -> tuple[int | None, int | None]:
    """How many tokens the text and the target have; None where no matrix says so."""
    shapes = {kind: array.shape for kind, array in arrays.items()}
    source = next((shapes[kind][-1] for kind in ("encoder", "cross") if kind in shapes), None)
    target = next((shapes[kind][-2] for kind in ("cross", "decoder") if kind in shapes), None)
    return source, target


def _model(fields: Fields, where: str) -> ModelInfo | None:
    """Where the document says its numbers came from, if it does."""
    model = fields.get("model")
    if model is None:
        return None
    if not isinstance(model, dict) or not all(isinstance(model.get(key), str) for key in ("name", "weights")):
        raise InputError(f"{where}: its model has no name or no weights; expected an object with both")
    if not _ORIGIN.fullmatch(model["weights"]):
        raise InputError(
            f"{where}: its model's weights are {one_line(model['weights'])[:40]!r}; expected seed:N or sha256:..."
        )
    rest = {key: value for key, value in model.items() if key not in ("name", "weights")}
    return ModelInfo(one_line(model["name"]), model["weights"], rest)


def _masked(fields: Fields, kind: str, array: np.ndarray, where: str) -> np.ndarray | None:
    """(n_layers, n_queries, n_keys): as the document says, else where all scores are -inf."""
    key, shape = MASK_KEYS[kind], (array.shape[0], *array.shape[2:])
    if fields.get(key) is None:
        hidden: np.ndarray = np.isneginf(array).all(axis=1)
        return hidden if hidden.any() else None
    try:
        masked = np.array(fields[key])
    except ValueError:  # ragged
        masked = np.array(None)
    if masked.dtype != bool or masked.shape not in (shape, shape[1:]):
        raise InputError(f"{where}: {key} is not a list of true and false of the shape {shape[1:]}; expected that")
    return np.broadcast_to(masked, shape)


def _rest(fields: Fields, kind: str, array: np.ndarray, axes: tuple[str, ...], where: str) -> np.ndarray | None:
    """(n_layers, n_heads, n_queries): what each row gave to keys that are left out, if the document says so."""
    key = REST_KEYS[kind]
    if fields.get(key) is None:
        return None
    shape = array.shape[:3]
    told = shape if "head" in axes else (shape[0], shape[2]) if "layer" in axes else shape[2:]
    rest = listed_array(fields[key], f"{where}: {key}", axes=3)
    if rest.shape != told or not (np.isfinite(rest).all() and (rest >= 0).all()):
        raise InputError(f"{where}: {key} is not a list of numbers from 0 of the shape {told}; expected that")
    return rest.reshape(shape).astype(np.float32)


def _check_numbers(attention: Attention, fields: Fields, where: str) -> None:
    """Shares are from 0 to 1, and a row's sum is 1, or 0 where every key is masked; norms and scores are finite.

    Norms are not negative, and masked scores are -inf.
    """
    values, are_shares = attention.matrices, attention.what in SHARES
    least, most = {"scores": (-np.inf, _LARGEST), "norms": (0, _LARGEST)}.get(attention.what, (0, 1 + _ONE))
    wrong = ~((values >= least) & (values <= most))  # so that NaN is wrong too
    expected = {"scores": "a finite number, or -inf where it is masked", "norms": "a finite number from 0"}.get(
        attention.what, "a number from 0 to 1"
    )
    if wrong.any():
        cell, value = _first_cell(attention, wrong)
        hint = _SCORES if attention.what == "weights" and np.isfinite(value) else None
        raise InputError(f"{where}: {cell}; expected {expected}", hint)
    if attention.masked is not None and attention.what != "scores":
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
            _reason(values, sums) if attention.what == "weights" else None,
        )


def _first_cell(attention: Attention, wrong: np.ndarray) -> tuple[str, float]:
    """The first of these cells with its value, in words, and the value."""
    i, j, query, key = np.argwhere(wrong)[0]
    value = attention.matrices[i, j, query, key]
    return f"{_place(attention, i, j)}, row {query}, column {key} is {value:.6g}", value


def _reason(values: np.ndarray, sums: np.ndarray) -> str | None:
    """What may be wrong with weights whose rows do not sum to 1, as a hint."""
    if np.abs(values.sum(axis=-2, dtype=np.float64) - 1).max() < _ROW_SUM:
        return "its columns sum to 1: rows are queries, columns are the keys that they look at"
    return _SCORES if np.abs(sums - 1).max() > _NEARLY else None


def _rounding(fields: Fields, where: str) -> float:
    """What rounding to the decimals that the document tells can do to a number."""
    decimals = fields.get("precision")
    if decimals is None:
        return 0.0
    if type(decimals) is not int or not 0 <= decimals <= 20:
        raise InputError(f"{where}: its precision is {one_line(decimals)[:40]!r}; expected decimals from 0 to 20")
    return 0.5 * 10.0**-decimals


def _place(attention: Attention, i: int, j: int) -> str:
    title = next(islice(attention, int(i * attention.matrices.shape[1] + j), None)).title
    return title if attention.kind == "encoder" else f"{attention.kind} attention, {title}"
