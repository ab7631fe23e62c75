"""JSON: one object per text, one line each, as ``attnviz schema`` describes it.

Numbers are written in the shortest form that reads back to the same float; NaN and infinity cannot occur, but for
masked scores, which are -inf here and ``null`` there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import orjson

from attnviz.analysis.choices.received import received as received_of
from attnviz.analysis.choices.segments import are_segments
from attnviz.errors import InputError, UsageError
from attnviz.memory import memory_fault
from attnviz.names import ATTENTION_KEYS, MASK_KEYS, MODEL_KEYS, RECEIVED_KEYS, REST_KEYS, SCHEMA_NAME
from attnviz.trace.attention import Attention, of_all
from attnviz.trace.heads import head_name
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.result import Result
from attnviz.trace.tokens import Tokens, token_numbers

if TYPE_CHECKING:
    from attnviz.trace.steps import Explanation, Step

_MANY, _WRITTEN = 2**20, 32  # numbers; bytes for each while the text grows
_FEWER = "expected fewer layers or heads (--layer, --head), or --top"


def dump(document: Mapping[str, object]) -> bytes:
    """One JSON object on one line, with its line end."""
    n_numbers = sum(value.size for value in document.values() if isinstance(value, np.ndarray))
    # Where memory runs out the library ends the process.
    if n_numbers > _MANY and (fault := memory_fault(_WRITTEN * n_numbers)):
        raise InputError(f"json: {n_numbers} numbers: writing them {fault}; {_FEWER}")
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE)


def edges_document(
    bare: Result, parts: Iterator[Attention], *, precision: int | None = None, top: int, received: bool = False
) -> dict[str, object]:
    """As ``result_document`` with ``top``, of matrices of one kind that come a part at a time.

    Args:
        bare: the result without matrices.
        parts: each of one layer, in the order of layers and heads.
        precision: as of ``result_document``.
        top: as in ``result_document``.
        received: as in ``result_document``.
    """
    edges: list[dict[str, object]] = []
    rests: list[np.ndarray] = []
    means: list[np.ndarray] = []
    taken: list[Attention] = []
    for part in parts:
        edges += _edges(part, top, precision, _key_places(bare, part))
        means += [received_of(part).shares.reshape(-1, len(part.keys))] if received else []
        rests += [] if part.rest is None else [part.rest.reshape(-1, part.rest.shape[-1])]
        taken.append(part.bare)
    common = of_all(taken)
    n_layers = len(common.layers) if "layer" in common.axes else 1
    rest = np.concatenate(rests).reshape(n_layers, -1, len(common.queries)) if rests else None
    found = replace(bare, views={common.kind: replace(common, rest=rest)})
    document = _described_result(found, precision)
    if means:
        shares = np.concatenate(means).reshape(n_layers, -1, len(common.keys))
        document[RECEIVED_KEYS[common.kind]] = _unreduced(common, shares, precision)
    return document | {"top": top, "edges": edges}


def result_document(
    result: Result, *, precision: int | None = None, top: int | None = None, received: bool = False
) -> dict[str, object]:
    """A run's result as the object that ``show --json`` prints.

    Args:
        result: what a run, or a file, gave.
        precision: decimals to round to; the object says so. By default numbers read back to the same float.
        top: instead of matrices, each row's strongest keys as ``edges``.
        received: also the means of the columns.

    Raises:
        UsageError: means of scores; matrices of heads that were chosen by name, which have no axes of layers and heads.
    """
    document = _described_result(result, precision)
    views = result.views.values()
    for view in views if received else ():
        document[RECEIVED_KEYS[view.kind]] = _unreduced(view, received_of(view).shares, precision)
    if top is not None:
        edges = [edge for view in views for edge in _edges(view, top, precision, _key_places(result, view))]
        return document | {"top": top, "edges": edges}
    for attention in views:
        if attention.by_name:
            raise UsageError(
                f"head: matrices of {attention.selection_in_words} have no axes of layers and heads; expected a grid "
                "of layers and heads, or edges (top)"
            )
        matrices = _unreduced(attention, attention.matrices, precision)
        document |= {ATTENTION_KEYS[attention.kind]: matrices} | _masked(attention)
    return document


def _described_result(result: Result, precision: int | None) -> dict[str, object]:
    """All but the matrices themselves."""
    first = next(iter(result.views.values()))
    document: dict[str, object] = {"schema": SCHEMA_NAME, **text_fields(result)}
    document |= _token_fields(result)
    document |= {
        "model": model_document(result.model, model_info=True),
        "values": first.values,
        "axes": first.axes,
        **head_fields(first),
    }
    last = list(result.views.values())[-1]
    if last.layers != first.layers:  # the decoder has more or fewer than the encoder
        document["decoder_layers"] = last.layers
    if last.heads != first.heads:
        document["decoder_heads"] = last.heads
    if first.reduce != "none":
        document["reduce"] = first.reduce
    document |= arranged_fields(first) | _chosen_fields(result, first)
    if precision is not None:
        document["precision"] = precision
    for kind, attention in result.views.items():
        if attention.rest is not None:
            document[REST_KEYS[kind]] = _unreduced(attention, attention.rest, precision)
    return document


def _chosen_fields(result: Result, attention: Attention) -> dict[str, object]:
    """The rows and the columns that were chosen, as places among the tokens of their side; nothing where all are."""
    rows, columns = _key_places(result, attention)
    fields: dict[str, object] = {}
    if len(rows) != len(_side(result, attention, 0)):
        fields["rows"] = rows
    if len(columns) != len(_side(result, attention, 1)):
        fields["columns"] = columns
    return fields


def _key_places(result: Result, attention: Attention) -> tuple[list[int], list[int]]:
    """The places of the queries and of the keys among the tokens of their side."""
    places = []
    for side, tokens in enumerate((attention.queries, attention.keys)):
        at = {number: i for i, number in enumerate(token_numbers(_side(result, attention, side)))}
        places.append([at.get(number, i) for i, number in enumerate(token_numbers(tokens))])
    return places[0], places[1]


def _side(result: Result, attention: Attention, side: int) -> Tokens:
    """The tokens of the text that the queries (0) or the keys (1) are of."""
    is_target = attention.kind == "decoder" or (attention.kind == "cross" and side == 0)
    return result.target_tokens if is_target else result.tokens


def text_fields(result: Result, where: str = "") -> dict[str, object]:
    """The text, its second segment and its target, where there are any, and its place among several."""
    texts = (("pair", result.pair), ("target", result.target), ("where", where or None))
    return {"text": result.text, **{name: text for name, text in texts if text is not None}}


def arranged_fields(attention: Attention) -> dict[str, object]:
    """How the tokens were arranged before the matrices were shown or measured; nothing where they were not."""
    fields: dict[str, object] = {
        "words": attention.words,
        "blocks": are_segments(attention.queries),
        "hidden": "special" * attention.hidden,
        "renormalized": attention.renormalized,
    }
    return {name: value for name, value in fields.items() if value}


def head_fields(attention: Attention) -> dict[str, object]:
    """The layers and the heads, each once; of heads that were chosen by name, the names too, in their order."""
    if not attention.by_name:
        return {"layers": attention.layers, "heads": attention.heads}
    names = [head_name(*place) for place in attention.every_head]
    return {"layers": sorted(set(attention.layers)), "heads": sorted(set(attention.heads)), "head_names": names}


def explanation_document(
    explanation: "Explanation", *, precision: int | None = None, model_info: bool = False
) -> dict[str, object]:
    """An explanation as the object that ``explain --json`` prints: masked scores are null."""
    place = explanation.place
    return {
        "schema": SCHEMA_NAME,
        "text": explanation.text,
        **({} if explanation.target is None else {"target": explanation.target}),
        "model": model_document(explanation.model, model_info=model_info),
        "kind": place.kind,
        "layer": place.layer,
        "head": place.head,
        "query": place.query,
        "queries": [token.piece for token in explanation.queries],
        "keys": [token.piece for token in explanation.keys],
        **({} if precision is None else {"precision": precision}),
        "steps": [_step(step, precision) for step in explanation.steps],
    }


def _step(step: "Step", precision: int | None) -> dict[str, object]:
    return {
        "name": step.name,
        "title": step.title,
        "formula": step.formula,
        "meaning": step.meaning,
        "quantities": [
            {
                "symbol": quantity.symbol,
                "meaning": quantity.meaning,
                "axes": quantity.axes,
                "shape": quantity.values.shape,
                "values": np.ascontiguousarray(rounded(quantity.values, precision)),
            }
            for quantity in step.quantities
        ],
    }


def model_document(model: ModelInfo, *, model_info: bool = False) -> dict[str, object]:
    """Where the numbers came from: the model's name, its weights' origin, and its sizes.

    Args:
        model: the model.
        model_info: all fields of its block, not only the sizes.
    """
    document = {"name": model.name, "weights": model.weights, **model.config}
    return document if model_info else short_model(document)


def short_model(document: Mapping[str, object]) -> dict[str, object]:
    """A model's object without all that is not its name, its weights' origin or a size."""
    return {name: value for name, value in document.items() if name in MODEL_KEYS}


def _token_fields(result: Result) -> dict[str, object]:
    fields = _described("", result.tokens)
    fields["special"] = [token.special for token in result.tokens]
    if result.pair is not None:
        fields["segments"] = [token.segment for token in result.tokens]
    if any(token.special for token in result.target_tokens):
        fields["target_special"] = [token.special for token in result.target_tokens]
    for prefix, tokens in (("", result.tokens), ("target_", result.target_tokens)):
        for name in ("padding", "generated"):
            if any(getattr(token, name) for token in tokens):
                fields[f"{prefix}{name}"] = [getattr(token, name) for token in tokens]
    return fields | (_described("target_", result.target_tokens) if result.target_tokens else {})


def _described(prefix: str, tokens: Tokens) -> dict[str, object]:
    """A text's tokens; ids and offsets where a tokenizer gave them, labels where they differ from the tokens.

    Words that were merged have offsets, and the pieces they were made of; tokens say which word they belong to where
    several share one.
    """
    merged = any(token.pieces and token.word is not None for token in tokens)
    gathered = merged or any(token.pieces for token in tokens)
    known = not gathered and all(token.id is not None for token in tokens)
    fields: dict[str, object] = {
        f"{prefix}tokens": [token.piece for token in tokens],
        f"{prefix}token_ids": [token.id for token in tokens] if known else None,
        f"{prefix}offsets": [(token.start, token.end) for token in tokens] if known or merged else None,
    }
    fields |= position_fields(prefix, tokens)
    if gathered:
        fields[f"{prefix}pieces"] = [token.pieces or (token.piece,) for token in tokens]
    words = [(token.segment, token.word) for token in tokens if token.word is not None]
    if not merged and len(set(words)) < len(words):
        fields[f"{prefix}word_ids"] = [token.word for token in tokens]
    if any(token.label != token.piece for token in tokens):
        fields[f"{prefix}labels"] = [token.label for token in tokens]
    return fields


def position_fields(prefix: str, tokens: Tokens) -> dict[str, object]:
    """The tokens' numbers, where their places in the list do not say them: some were merged or left out."""
    numbers = token_numbers(tokens)
    return {} if numbers == list(range(len(tokens))) else {f"{prefix}positions": numbers}


def _unreduced(attention: Attention, values: np.ndarray, precision: int | None) -> np.ndarray:
    """The numbers (n_layers, n_heads, ...) without the axes that a reduction, or names of heads, took away."""
    if "layer" not in attention.axes:
        values = values[0, 0]
    elif "head" not in attention.axes or attention.by_name:
        values = values[:, 0]
    return np.ascontiguousarray(rounded(values, precision))


def rounded(values: np.ndarray, precision: int | None) -> np.ndarray:
    """The values with so many decimals: in float64, where no score overflows, and without -0."""
    if precision is None:
        return values
    return (np.round(values.astype(np.float64), precision) + 0.0).astype(values.dtype)


def _masked(attention: Attention) -> dict[str, object]:
    """What is masked, [query][key], or [layer][query][key] where layers differ; nothing where nothing is."""
    masked = attention.masked
    if masked is None:
        return {}
    same = (masked == masked[:1]).all()
    return {MASK_KEYS[attention.kind]: np.ascontiguousarray(masked[0] if same else masked)}


def _edges(
    attention: Attention, top: int, precision: int | None, places: tuple[list[int], list[int]]
) -> Iterator[dict[str, object]]:
    """Each row's ``top`` strongest keys, the strongest first, masked ones left out.

    ``places``: the places of queries and keys among the tokens of their side.
    """
    for i, j in np.ndindex(*attention.matrices.shape[:2]):
        layer, head = attention.head_at(i, j)
        place = {name: number for name, number in (("layer", layer), ("head", head)) if name in attention.axes}
        values = attention.matrices[i, j]
        order = _strongest_keys(values, top)
        best = rounded(np.take_along_axis(values, order, axis=-1), precision)
        hidden = np.isneginf(values) if attention.masked is None else attention.masked[i] | np.isneginf(values)
        for query, keys in enumerate(order):
            for key, weight in zip(keys, best[query], strict=True):
                if not hidden[query, key]:
                    tokens = attention.queries[query].piece, attention.keys[key].piece
                    yield _edge(attention.kind, place, places[0][query], places[1][key], tokens, weight)


def _strongest_keys(values: np.ndarray, top: int) -> np.ndarray:
    """Each row's largest values' places, the largest first and of equal ones the first: (n_queries, top or fewer)."""
    n_queries, n_keys = values.shape
    if 8 * top > n_keys:
        return np.argsort(-values, axis=-1, kind="stable")[:, :top]
    order = np.empty((n_queries, top), dtype=np.int64)
    least = np.partition(values, -top, axis=-1)[:, -top]  # which is far quicker than sorting all
    for row, bound, places in zip(values, least, order, strict=True):
        found = np.flatnonzero(row >= bound)
        places[:] = found[np.argsort(-row[found], kind="stable")[:top]]
    return order


def _edge(
    kind: str, place: dict[str, int], query: int, key: int, tokens: tuple[str, str], weight: float
) -> dict[str, object]:
    edge: dict[str, object] = {} if kind == "encoder" else {"kind": kind}
    ends = {"query": query, "key": key, "query_token": tokens[0], "key_token": tokens[1]}
    return edge | place | ends | {"weight": weight}
