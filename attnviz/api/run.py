"""One text at a time: its attention, or one of its query tokens step by step."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from attnviz.analysis.matrices.selection import AS_PEOPLE_SEE, Choice, Request, select_one
from attnviz.analysis.matrices.spelling import find_word, last_word
from attnviz.encoder.stack import cross_geometry, self_geometry
from attnviz.encoder.stack import run as run_stack
from attnviz.errors import AttnvizError, UsageError
from attnviz.model import Model, PathOrText, load
from attnviz.numbers import parse_heads
from attnviz.sweeps.corpus import Corpus
from attnviz.sweeps.preparation import prepare, prepare_vectors
from attnviz.sweeps.prepared import Prepared
from attnviz.sweeps.runs import kinds_of, run_prepared, runs
from attnviz.trace.result import Result
from attnviz.trace.tokens import Tokens, token_numbers

if TYPE_CHECKING:
    from attnviz.encoder.attention import Geometry
    from attnviz.encoder.config.block import Block
    from attnviz.encoder.parameters.params import DType, Params
    from attnviz.trace.steps import Explanation, Place


def run(
    text: str | None = None,
    *,
    pair: str | None = None,
    target: str | None = None,
    vectors: np.ndarray | None = None,
    tokens: Iterable[str] | None = None,
    model: Model | PathOrText | None = None,
    layers: str | int | tuple[int, ...] = "all",
    heads: str | int | tuple[int, ...] = "all",
    kinds: tuple[str, ...] | None = None,
    values: str | None = None,
    reduce: str = "none",
    words: bool = False,
    hide_special: bool = False,
    renormalize: bool = False,
    rows: str | None = None,
    columns: str | None = None,
    blocks: bool = False,
    keep: Iterable[str] = (),
    pad_to: int | None = None,
    generate: int | None = None,
    stop: str | None = None,
    **model_options: Any,  # each of its own type: paths, texts, numbers, truth values
) -> Result:
    """The attention of one text.

    Args:
        text: the text; or give ``vectors``.
        pair: a second segment.
        target: a target text: also runs the decoder, whose cross-attention looks from the target at ``text``. A
            trained decoder is fed a start token first, and the target without its last one.
        vectors: (n, d_model) instead of a text, one row a token.
        tokens: labels for ``vectors``.
        model: what ``load`` gave, or a folder, a file or an id for it; by default ``load(**model_options)``, and
            without any the bundled one.
        layers: ``all``, a number, several, or ``"0,2-3,-1"``.
        heads: which heads, in the same forms as ``layers``, or by name: ``"L2H8,L1H7"``.
        kinds: which attention: ``encoder``, ``decoder``, ``cross``; by default all there are.
        values: ``weights`` (unless asked otherwise), ``scores``, ``norms``, or ``zeroing`` (one matrix a layer, so that
            its axis of heads has length 1).
        reduce: ``none``, ``mean-heads``, ``mean``, ``max``; ``rollout``, ``flow`` (of layers 0 to the last selected).
        words: merge the pieces of words: attention to a word is the sum over them, from it the mean.
        hide_special: leave out special tokens; what each row gave them is in ``rest``.
        renormalize: divide what is left of each row by its sum.
        rows: only these queries: words, numbers, ranges, ``special``, ``pair``, ``text``, separated by commas.
        columns: only these keys; what a row gave to others is in ``rest``.
        blocks: sum attention between the text, its pair, and special tokens.
        keep: names of ``LayerTrace``'s arrays to keep in ``result.trace``, for the selected layers.
        pad_to: fill the text up to so many tokens; no query attends to the filling.
        generate: let the model write up to so many tokens: a decoder continues the text, an encoder-decoder writes a
            target. They are ``generated`` in the result's tokens.
        stop: a text that ends what it writes.
        model_options: ``weights``, ``tokenizer``, ``config``, and fields of ``EncoderConfig`` (``seed=0, n_heads=8``).

    Raises:
        UsageError: options that do not fit, a layer or head that is not there.
        InputError: a text, file or number that is invalid.
    """
    parts: dict[str, Any] = {"pair": pair, "target": target, "pad_to": pad_to, "generate": generate, "stop": stop}
    if not isinstance(model, Model):
        if vectors is not None and model is None and "weights" not in model_options:
            model_options.setdefault("d_model", np.shape(vectors)[-1])
        model = load(model=model, **model_options, decoder=target is not None)
    elif model_options:
        raise UsageError(f"run: a model and {', '.join(model_options)} are given; expected one of them")
    chosen: dict[str, Any] = {"rows": rows, "columns": columns, "blocks": blocks}
    request = Request(layers, heads, kinds, values, reduce, words, hide_special, renormalize, frozenset(keep), **chosen)
    return run_prepared(model, _prepared(model, text, vectors, tokens, parts), request)


def _prepared(
    model: Model,
    text: str | None,
    vectors: np.ndarray | None,
    tokens: Iterable[str] | None,
    parts: Mapping[str, Any],
) -> Prepared:
    """The text with its parts, or the vectors with their labels, ready for the model."""
    if vectors is not None:
        if text is not None or any(part is not None for part in parts.values()):
            raise UsageError("vectors: a text is given too; expected one of them")
        return prepare_vectors(model, vectors, tokens)
    if tokens is not None:
        raise UsageError("tokens: labels are for vectors, and a text has its own; expected one of them")
    if text is None:
        raise UsageError("run: nothing to run on; expected a text or vectors")
    return prepare(model, text, **parts)


def explain(
    model: Model,
    prepared: Prepared,
    *,
    query: str | int | None = None,
    layer: str | int | None = None,
    head: str | int | None = None,
    kind: str | None = None,
    keys: Iterable[str | int] = (),
) -> "Explanation":
    """One head and one query token, step by step, with the numbers of the run.

    Args:
        model: what ``load`` gave.
        prepared: what ``prepare`` or ``prepare_vectors`` gave.
        query: a token's text or number; by default that of the head's link that says most (``strongest_telling``),
            of a word of several tokens the one that gives the link most; where no link says anything, the last word.
        layer: one layer; by default that of the head that says most about the text.
        head: one head; by default the one that says most of the query, or without one of the text, in the layer if
            that is given.
        kind: ``encoder``, ``decoder`` or ``cross``; by default cross where there is a target, else encoder.
        keys: texts or numbers of keys to compare; by default the strongest key and the strongest other word.

    Raises:
        UsageError: a layer, head, kind or token that is not there.
    """
    from attnviz.analysis import explanation
    from attnviz.analysis.key_groups import compared_keys
    from attnviz.trace.steps import Explanation, Place

    kind = kind or ("encoder" if prepared.target is None else "cross")
    kinds_of(Request(kinds=(kind,)), prepared)
    sides = prepared.sides(kind)
    number = None if query is None else find_word(str(query), sides[0], "query")
    first_keys = [find_word(str(key), sides[1], "key") for key in keys]
    at_layer, at_head, link = _telling_place(model, prepared, layer, head, kind, number)
    config = model.config.of_kind(kind)
    needed = explanation.explanation_addresses(config, kind, at_layer)
    trace = run_stack(model.params, model.config, needed, prepared.source, prepared.target)
    arrays = trace[kind, at_layer]
    q, weights = cast("np.ndarray", arrays.q), cast("np.ndarray", arrays.weights)[at_head]  # both are needed
    number = _query_of(link, weights, sides) if number is None else number
    place = Place(kind, at_layer, at_head, number)
    stack = model.params if kind == "encoder" else model.params.at("decoder")
    geometry = _geometry(config, stack, prepared, place, q.dtype)
    return Explanation(
        place=place,
        queries=sides[0],
        keys=sides[1],
        weights=weights[number],
        model=model.info,
        steps=explanation.explain(config, stack.at(f"layers.{place.layer}"), trace, place, geometry),
        text=prepared.text,
        target=prepared.target_text,
        where=prepared.where,
        compared=compared_keys(sides[1], weights[number], first_keys),
    )


def explanations(texts: Corpus, **options: Any) -> "Iterator[Explanation]":
    """The explanation of each text, in order; the model loads when the first is asked for.

    Args:
        texts: with a model to run.
        options: see ``explain``.

    Raises:
        UsageError: attention from elsewhere, which has no model; or a layer, head, kind or token that is not there.
        InputError: a text that cannot be used.
    """
    model, prepared = texts.prepared()
    for one in prepared:
        try:
            yield explain(model, one, **options)
        except AttnvizError as error:
            raise error.at(one.where) from error


def _telling_place(
    model: Model, prepared: Prepared, layer: str | int | None, head: str | int | None, kind: str, query: int | None
) -> tuple[int, int, tuple[int, int] | None]:
    """The layer and head that are given, or else those that say most: of the query where one is given, else of all.

    Without a query also the tokens of the link that says most.
    """
    from attnviz.analysis.one_word import WordQuestion, word_attention
    from attnviz.analysis.telling import overview, strongest_telling

    layers, heads = _choice(model, layer, head, kind)
    if isinstance(layers, int) and isinstance(heads, int) and query is not None:
        return layers, heads, None
    request = replace(AS_PEOPLE_SEE, layers=layers, heads=heads, kinds=(kind,))  # as ``attnviz show`` prints it
    (matrices,) = runs(model, [prepared], request)
    if query is not None and not prepared.sides(kind)[0][query].special:
        by_telling = word_attention(matrices.parts(), WordQuestion(str(query), "from")).heads
        best = next((one for one in by_telling if one.beats_rest), by_telling[0])
        return cast("int", best.layer), cast("int", best.head), None
    said = overview(matrices.parts())
    matrix, first = said.matrix, said.heads[0]
    link = strongest_telling(matrix)
    if link is None:
        return first.layer, first.head, None
    tokens = token_numbers(matrix.queries)[link.query], token_numbers(matrix.keys)[link.key]
    return first.layer, first.head, tokens


def _choice(model: Model, layer: str | int | None, head: str | int | None, kind: str) -> tuple[str | int, str | int]:
    """The layer and the head that are given, as numbers; ``all`` where one is not."""
    if isinstance(head, str) and parse_heads(head) is not None:
        request = Request("all" if layer is None else layer, head)
        every_head = Choice.of(request, model.config.layers_of(kind), model.config.heads_of(kind)).every_head
        if len(every_head) > 1:
            raise UsageError(f"head: {head} names {len(every_head)} heads; expected one")
        return every_head[0]
    layers = "all" if layer is None else select_one(layer, model.config.layers_of(kind), "layer")
    heads = "all" if head is None else select_one(head, model.config.heads_of(kind), "head")
    return layers, heads


def _query_of(link: tuple[int, int] | None, weights: np.ndarray, sides: tuple[Tokens, Tokens]) -> int:
    """The token of the link's query that gives most to the link's key, as both may be words of several tokens.

    Without a link it is the last word.
    """
    from attnviz.analysis.key_groups import word_of

    if link is None:
        return last_word(sides[0])
    queries, keys = (word_of(tokens, index) for tokens, index in zip(sides, link, strict=True))
    return queries[int(weights[np.ix_(queries, keys)].sum(axis=-1).argmax())]


def _geometry(config: "Block", stack: "Params", prepared: Prepared, place: "Place", dtype: "DType") -> "Geometry":
    """Positions and masks of the kind and layer of a place, for scores of a float type."""
    if place.kind == "cross":
        return cross_geometry(prepared.source, len(prepared.target_tokens))
    is_decoder = place.kind == "decoder"
    sequence = prepared.target if is_decoder and prepared.target is not None else prepared.source
    return self_geometry(config, stack, sequence, dtype, place.layer, causal=is_decoder)
