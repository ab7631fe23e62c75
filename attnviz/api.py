"""attnviz as a library: load a model, run it on a text. The command line is a thin skin over this.

>>> import attnviz
>>> result = attnviz.run("The cat sat", seed=0)
>>> result.attention.shape
(2, 4, 3, 3)
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from attnviz.analysis.matrices.selection import Request, select_one
from attnviz.elsewhere.special_labels import is_special_label
from attnviz.encoder.stack import Sequence, cross_geometry, self_geometry
from attnviz.encoder.stack import run as run_stack
from attnviz.errors import InputError, UsageError
from attnviz.model import Model, load
from attnviz.sweep.runs import Prepared, kinds_of, run_prepared
from attnviz.text.labels import printable
from attnviz.text.reading import check_text
from attnviz.text.tokenizer import pad
from attnviz.trace.result import Result
from attnviz.trace.tokens import Token, Tokens

if TYPE_CHECKING:
    from attnviz.trace.steps import Explanation


def run(
    text: str | None = None,
    *,
    pair: str | None = None,
    target: str | None = None,
    vectors: np.ndarray | None = None,
    tokens: Iterable[str] | None = None,
    model: Model | None = None,
    layers: str | int | tuple[int, ...] = "all",
    heads: str | int | tuple[int, ...] = "all",
    kinds: tuple[str, ...] | None = None,
    values: str | None = None,
    reduce: str = "none",
    words: bool = False,
    hide_special: bool = False,
    renormalize: bool = False,
    keep: Iterable[str] = (),
    pad_to: int | None = None,
    **model_options: object,
) -> Result:
    """The attention of one text.

    Args:
        text: the text; or give ``vectors``.
        pair: a second segment.
        target: a target text: also runs the decoder, whose cross-attention looks from the target at ``text``.
        vectors: (n, d_model) instead of a text, one row a token.
        tokens: labels for ``vectors``.
        model: what ``load`` gave; by default ``load(**model_options)``, and without any the bundled one.
        layers: ``all``, a number, several, or ``"0,2-3,-1"``.
        heads: likewise.
        kinds: which attention: ``encoder``, ``decoder``, ``cross``; by default all there are.
        values: ``weights`` (unless asked otherwise), ``scores``, ``norms``, or ``zeroing`` (one matrix a layer, so that
            its axis of heads has length 1).
        reduce: ``none``, ``mean-heads``, ``mean``, ``max``; ``rollout``, ``flow`` (of layers 0 to the last selected).
        words: merge the pieces of words: attention to a word is the sum over them, from it the mean.
        hide_special: leave out special tokens; what each row gave them is in ``rest``.
        renormalize: divide what is left of each row by its sum.
        keep: names of ``LayerTrace``'s arrays to keep in ``result.trace``, for the selected layers.
        pad_to: fill the text up to so many tokens; no query attends to the filling.
        model_options: ``weights``, ``tokenizer``, ``config``, and fields of ``EncoderConfig`` (``seed=0, n_heads=8``).

    Raises:
        UsageError: options that do not fit, a layer or head that is not there.
        InputError: a text, file or number that is invalid.
    """
    if model is None:
        if vectors is not None and "weights" not in model_options:
            model_options.setdefault("d_model", np.shape(vectors)[-1])
        model = load(**model_options, decoder=target is not None)
    elif model_options:
        raise UsageError(f"run: a model and {', '.join(model_options)} are given; expected one of them")
    request = Request(layers, heads, kinds, values, reduce, words, hide_special, renormalize, frozenset(keep))
    if vectors is not None:
        if (text, pair, target, pad_to) != (None, None, None, None):
            raise UsageError("vectors: a text is given too; expected one of them")
        return run_prepared(model, prepare_vectors(model, vectors, tokens), request)
    if tokens is not None:
        raise UsageError("tokens: labels are for vectors, and a text has its own; expected one of them")
    if text is None:
        raise UsageError("run: nothing to run on; expected a text or vectors")
    return run_prepared(model, prepare(model, text, pair=pair, target=target, pad_to=pad_to), request)


def prepare(
    model: Model, text: str, *, pair: str | None = None, target: str | None = None, pad_to: int | None = None
) -> Prepared:
    """Tokenizes a text, and the target text if there is one.

    Raises:
        InputError: a text without tokens, or one longer than ``n_ctx``; a target without a decoder.
    """
    source, tokens = _sequence(model, "text", text, pair, pad_to)
    if target is None:
        return Prepared(source, tokens, text, pair)
    if not model.has_decoder:
        raise InputError(
            f"{model.info.name}: these weights have no decoder; expected one for a target text",
            hint="attnviz weights init --decoder writes one",
        )
    target_sequence, target_tokens = _sequence(model, "target", target, None, None)
    return Prepared(source, tokens, text, pair, target, target_sequence, target_tokens)


def prepare_vectors(model: Model, vectors: np.ndarray, labels: Iterable[str] | None = None) -> Prepared:
    """Vectors (n, d_model), one row a token, made ready for the stack.

    Raises:
        InputError: a shape that does not fit the model, numbers that are not finite, or labels of another count.
    """
    vectors = np.asarray(vectors)
    if vectors.ndim != 2 or not vectors.size or vectors.shape[1] != model.config.d_model:
        raise InputError(
            f"vectors: the shape is {vectors.shape}; expected (tokens, d_model) with d_model {model.config.d_model}"
        )
    with np.errstate(over="ignore"):
        vectors = vectors.astype(model.params["layers.0.attn.wq"].dtype)
    if not np.isfinite(vectors).all():
        raise InputError(f"vectors: some numbers are not finite as {vectors.dtype}; expected smaller numbers")
    n = len(vectors)
    names = [f"x{i}" for i in range(n)] if labels is None else list(labels)
    if len(names) != n:
        raise InputError(f"tokens: there are {len(names)}, and {n} vectors; expected one each")
    _check_length(model, "vectors", n)
    return Prepared(Sequence(vectors=vectors), labelled(names))


def labelled(names: Iterable[str]) -> Tokens:
    """Tokens of vectors, which have only names; some names are those of special tokens."""
    return tuple(
        Token(text="" if special else name, label=printable(name), piece=name, special=special)
        for name, special in ((name, is_special_label(name)) for name in names)
    )


def explain(
    model: Model,
    prepared: Prepared,
    *,
    query: str | int | None = None,
    layer: str | int = 0,
    head: str | int = 0,
    kind: str | None = None,
) -> "Explanation":
    """One head and one query token, step by step, with the numbers of the run.

    Args:
        model: what ``load`` gave.
        prepared: what ``prepare`` or ``prepare_vectors`` gave.
        query: a token's text or number; by default the last word.
        layer: one layer.
        head: one head.
        kind: ``encoder``, ``decoder`` or ``cross``; by default cross where there is a target, else encoder.

    Raises:
        UsageError: a layer, head, kind or token that is not there.
    """
    from attnviz.analysis import explanation  # noqa: PLC0415 (start-up time)
    from attnviz.trace.steps import Explanation, Place  # noqa: PLC0415

    kind = kind or ("encoder" if prepared.target is None else "cross")
    kinds_of(Request(kinds=(kind,)), prepared)
    queries, keys = prepared.sides(kind)
    place = Place(
        kind,
        select_one(layer, model.config.n_layers, "layer"),
        select_one(head, model.config.n_heads, "head"),
        explanation.find_query(None if query is None else str(query), queries),
    )
    trace = run_stack(
        model.params,
        model.config,
        explanation.wanted_arrays(model.config, kind, place.layer),
        prepared.source,
        prepared.target,
    )
    own = trace[kind, place.layer]
    stack = model.params if kind == "encoder" else model.params.at("decoder")
    if kind == "cross":
        geometry = cross_geometry(prepared.source, len(queries))
    else:
        sequence = prepared.source if kind == "encoder" else prepared.target
        geometry = self_geometry(model.config, stack, sequence, own.q.dtype, place.layer, causal=kind == "decoder")
    return Explanation(
        place=place,
        queries=queries,
        keys=keys,
        weights=own.weights[place.head, place.query],
        model=model.info,
        steps=explanation.explain(model.config, stack.at(f"layers.{place.layer}"), trace, place, geometry),
        text=prepared.text,
        target=prepared.target_text,
    )


def _sequence(model: Model, where: str, text: str, pair: str | None, pad_to: int | None) -> tuple[Sequence, Tokens]:
    check_text(text, where)
    tokens = model.tokenizer.encode(text, pair, n_vocab=model.config.n_vocab)
    if pad_to is not None:
        if pad_to < len(tokens):
            raise UsageError(f"pad-to: {pad_to} is less than the text's {len(tokens)} tokens; expected as many or more")
        if pad_to > model.config.n_ctx:
            n_ctx = model.config.n_ctx
            raise UsageError(f"pad-to: {pad_to} is more than n_ctx, which is {n_ctx}; expected at most {n_ctx}")
        tokens = pad(tokens, pad_to, model.tokenizer.padding_token(model.config.n_vocab))
    _check_length(model, where, len(tokens))
    padding = np.array([token.padding for token in tokens]) if pad_to is not None else None
    return Sequence(np.array([token.id for token in tokens]), None, padding, _type_ids(model, tokens)), tokens


def _type_ids(model: Model, tokens: Tokens) -> np.ndarray | None:
    """Each token's row of the segment table; None where the model has none."""
    n = model.config.embedding.n_segments
    if not n:
        return None
    type_ids = np.array([token.type_id for token in tokens])
    if type_ids.max() >= n:
        raise InputError(
            f"pair: its segment has the number {type_ids.max()}, and n_segments is {n}; expected a model with more"
        )
    return type_ids


def _check_length(model: Model, where: str, n: int) -> None:
    if n > model.config.n_ctx:
        raise InputError(
            f"{where}: {n} tokens, and n_ctx is {model.config.n_ctx}; expected at most {model.config.n_ctx}",
            hint="shorten the text"
            if model.config.position.kind == "learned" and not model.info.is_random
            else f"shorten the text, or allow more with --n-ctx {n}",
        )
