"""One document of attention, by the names of ``show --json``, to a result; everything in it is checked.

The steps, each in a room of its own: a file becomes documents (``files``), their arrays get names, axes and kinds
(``shapes``), their numbers are checked and masked (``values``), their tokens are named (``tokens``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from attnviz.elsewhere.read_options import ReadOptions
from attnviz.elsewhere.shapes.matrices import kinds_by_shape, matrices_of, token_counts
from attnviz.elsewhere.tokens.document_tokens import index_list, relabelled, text_of, tokens_of
from attnviz.elsewhere.values.masks import mask_of, rest_of, with_likely_mask
from attnviz.elsewhere.values.numbers import clean_numbers
from attnviz.errors import InputError, one_line
from attnviz.names import ATTENTION_KEYS, KINDS, REDUCTIONS, SCHEMA_NAME, VALUES, axes_of
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.result import Result
from attnviz.trace.tokens import Tokens

_ORIGIN = re.compile("seed:[0-9]+|sha256:[0-9a-f]{64}")
_EXPECTED = "expected lists, or an object with 'attention'"

Fields = Mapping[str, object]
_T = TypeVar("_T", str, bool)


@dataclass(frozen=True)
class _Statements:
    """What a document states about all of its matrices."""

    values: str
    reduce: str
    words: bool
    hidden: bool
    renormalized: bool

    @classmethod
    def of(cls, fields: Fields, options: ReadOptions, where: str) -> "_Statements":
        return cls(
            values=_choice(fields, "values", VALUES, "scores" if options.scores else "weights", where),
            reduce=_choice(fields, "reduce", REDUCTIONS, "none", where),
            words=_choice(fields, "words", (False, True), False, where),
            hidden=_choice(fields, "hidden", ("nothing", "special"), "nothing", where) == "special",
            renormalized=_choice(fields, "renormalized", (False, True), False, where),
        )

    @property
    def axes(self) -> tuple[str, ...]:
        return axes_of(self.values, self.reduce)


def read_document(document: object, origin: ModelInfo, where: str, options: ReadOptions) -> Result:
    """The attention that a document holds.

    Args:
        document: nested lists, or an object whose matrices are nested lists or arrays.
        origin: what to call it if it does not say where its numbers came from.
        where: for the messages.
        options: what the user says about it.

    Raises:
        InputError: something that is not as the document itself says, or not as attention is, with its place.
    """
    fields = _fields(document, where)
    stated = _Statements.of(fields, options, where)
    arrays = kinds_by_shape(
        {
            kind: matrices_of(fields, key, stated.values, stated.axes, where)
            for kind, key in ATTENTION_KEYS.items()
            if key in fields
        },
        fields,
    )
    n_source, n_target = token_counts(arrays)
    if options.token_labels is not None:
        fields = relabelled(fields, options.token_labels, n_source, n_target, where)
    text, pair, target_text = (text_of(fields, key, where) for key in ("text", "pair", "target"))
    source = tokens_of(fields, "", n_source, (text, pair), options, where)
    target = tokens_of(fields, "target_", n_target, (target_text,), options, where)
    model = _model(fields, where)
    views = _views(fields, stated, arrays, (source, target), model, options, where)
    if model is None:
        n_layers, n_heads = next(iter(arrays.values())).shape[:2]
        model = replace(origin, config={"n_layers": n_layers, "n_heads": n_heads})
    views = {kind: with_likely_mask(fields, replace(view, model=model), options) for kind, view in views.items()}
    return Result(text, views, model, source, target, pair, target_text)


def _views(
    fields: Fields,
    stated: _Statements,
    arrays: Mapping[str, np.ndarray],
    sides: tuple[Tokens, Tokens],
    model: ModelInfo | None,
    options: ReadOptions,
    where: str,
) -> dict[str, Attention]:
    """The matrices of each kind with their tokens, layers and heads."""
    source, target = sides
    n_layers, n_heads = next(iter(arrays.values())).shape[:2]
    layers = index_list(fields, "layers", n_layers if "layer" in stated.axes else None, where) or range(n_layers)
    decoder_layers = index_list(fields, "decoder_layers", None, where) or layers
    heads = index_list(fields, "heads", n_heads if "head" in stated.axes else None, where) or range(n_heads)
    views = {}
    for kind in (kind for kind in KINDS if kind in arrays):
        queries, keys = (source if kind == "encoder" else target), (target if kind == "decoder" else source)
        numbers = layers if kind == "encoder" or "encoder" not in arrays else decoder_layers
        n_layers = len(numbers) if "layer" in stated.axes else 1
        _check_shape(kind, arrays[kind].shape, (n_layers, n_heads, len(queries), len(keys)), where)
        view = Attention(
            matrices=arrays[kind],
            queries=queries,
            keys=keys,
            layers=tuple(numbers),
            heads=tuple(heads),
            model=model or ModelInfo("", ""),
            kind=kind,
            values=stated.values,
            reduce=stated.reduce,
            masked=mask_of(fields, kind, arrays[kind], where),
            words=stated.words,
            hidden=stated.hidden,
            renormalized=stated.renormalized,
            rest=rest_of(fields, kind, arrays[kind], stated.axes, where),
        )
        views[kind] = clean_numbers(view, fields, options, where)
    return views


def _check_shape(kind: str, shape: tuple[int, ...], expected: tuple[int, ...], where: str) -> None:
    if shape != expected:
        raise InputError(f"{where}: {ATTENTION_KEYS[kind]} has the shape {shape}; expected {expected}, to fit the rest")


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


def _choice(fields: Fields, key: str, choices: tuple[_T, ...], default: _T, where: str) -> _T:
    value = fields.get(key, default)
    if type(value) is not type(default) or value not in choices:
        expected = ", ".join(str(choice).lower() for choice in choices)
        raise InputError(f"{where}: {key} {one_line(value)[:40]!r} is not known; expected one of {expected}")
    return value


def _model(fields: Fields, where: str) -> ModelInfo | None:
    """The origin of its numbers that the document states, if it does."""
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
