"""A file's documents of attention to results; everything in them is checked.

The steps, each in a room of its own: a file becomes documents (``files``), their arrays get names, axes and kinds
(``shapes``), their numbers are checked and masked (``values``), their tokens are named (``tokens``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from attnviz.elsewhere.files.documents import FileDocument
from attnviz.elsewhere.read_options import ReadOptions
from attnviz.elsewhere.shapes.matrices import KindMatrices, document_matrices, token_counts
from attnviz.elsewhere.shapes.parts import whole_document
from attnviz.elsewhere.statements import Statements, stated_model
from attnviz.elsewhere.tokens.document_tokens import index_list, note_missing_special, relabelled, text_of, tokens_of
from attnviz.elsewhere.tokens.sides import of_generation, with_sides
from attnviz.elsewhere.tokens.token_fields import of_one_text
from attnviz.elsewhere.values.masks import mask_of, rest_of, with_likely_mask
from attnviz.elsewhere.values.numbers import clean_numbers
from attnviz.errors import InputError, one_line
from attnviz.names import KINDS, MASK_KEYS
from attnviz.records import dataclass
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.result import Result
from attnviz.trace.tokens import Tokens

Fields = Mapping[str, object]
_Arrays = Mapping[str, KindMatrices]


@dataclass(frozen=True, eq=False)
class _Text:
    """What a document holds about one text.

    Attributes:
        where: its place, for the messages.
        fields: what is said of its tokens and numbers.
        arrays: its matrices by kind, (layer, head, query, key).
        stated: what the document says about all matrices.
    """

    where: str
    fields: Fields
    arrays: _Arrays
    stated: Statements

    @property
    def counts(self) -> tuple[int | None, int | None]:
        """How many tokens the text and the target have."""
        return token_counts({kind: one.matrices.shape for kind, one in self.arrays.items()})


def read_document(document: FileDocument, name: str, options: ReadOptions) -> Iterator[Result]:
    """The attention of each text that a document holds.

    Args:
        document: nested lists, or an object whose matrices are nested lists or arrays.
        name: of the file, where the document does not say where its numbers came from.
        options: what the user says about it.

    Raises:
        InputError: something that is not as the document itself says, or not as attention is, with its place.
    """
    content, held = whole_document(document.content, document.where)
    fields, arrays, stated = document_matrices(content, options, document.where)
    origin = ModelInfo(one_line(name), f"sha256:{document.digest}", is_file=True)
    n_texts = max(len(one.matrices) for one in arrays.values())
    for number in range(n_texts):
        where = f"{document.where}, text {number + 1}" if n_texts > 1 else document.where
        of_text = {kind: one.of_text(number) for kind, one in arrays.items()}
        text = _Text(where, of_one_text(fields, number, n_texts, where), of_text, stated)
        yield held.narrowed_result(_result(_with_labels(text, options), origin, options))


def _with_labels(text: _Text, options: ReadOptions) -> _Text:
    """The text with the user's labels, and with the fields that its matrices bring about."""
    source, target = text.counts
    fields = dict(text.fields)
    for kind, one in text.arrays.items():
        if one.is_causal:
            n = one.matrices.shape[-1]
            fields = of_generation(fields, n, options)
            fields.setdefault(MASK_KEYS[kind], np.triu(np.ones((n, n), bool), 1).tolist())
    fields = with_sides(fields, tuple(text.arrays), (source, target), options, text.where)
    if options.token_labels is not None:
        fields = relabelled(fields, options.token_labels, source, target, text.where)
    return replace(text, fields=fields)


def _result(text: _Text, origin: ModelInfo, options: ReadOptions) -> Result:
    """The result of a text whose fields are complete."""
    fields, where = text.fields, text.where
    n_source, n_target = text.counts
    sentence, pair, target_text = (text_of(fields, key, where) for key in ("text", "pair", "target"))
    source = tokens_of(fields, "", n_source, (sentence, pair), options, where)
    of_target = options.of_target(has_source=n_source is not None)
    target = tokens_of(fields, "target_", n_target, (target_text,), of_target, where)
    note_missing_special((*source, *target), options)
    model = stated_model(fields, where) or replace(origin, config=_sizes(text.arrays))
    views = {}
    for kind in (kind for kind in KINDS if kind in text.arrays):
        queries, keys = (source if kind == "encoder" else target), (target if kind == "decoder" else source)
        view = _view(text, kind, (queries, keys), model)
        views[kind] = with_likely_mask(fields, clean_numbers(view, fields, options, where), options)
    return Result(sentence, views, model, source, target, pair, target_text)


def _sizes(arrays: _Arrays) -> dict[str, object]:
    """The layers and heads of a file's matrices, with the decoder's where they differ."""
    shapes = [arrays[kind].matrices.shape[:2] for kind in KINDS if kind in arrays]
    first, last = shapes[0], shapes[-1]
    sizes: dict[str, object] = {"n_layers": first[0], "n_heads": first[1]}
    of_decoder = zip(("decoder_layers", "decoder_heads"), first, last, strict=True)
    return sizes | {name: of_last for name, of_first, of_last in of_decoder if of_last != of_first}


def _view(text: _Text, kind: str, sides: tuple[Tokens, Tokens], model: ModelInfo) -> Attention:
    """The matrices of one kind with their tokens, layers and heads."""
    fields, stated, matrices, where = text.fields, text.stated, text.arrays[kind].matrices, text.where
    layers, heads, by_name = _numbers(text, kind)
    queries, keys = sides
    n_layers = len(layers) if "layer" in stated.axes else 1
    n_heads = 1 if by_name or "head" not in stated.axes else len(heads)
    _check_shape(text.arrays[kind].name, matrices.shape, (n_layers, n_heads, len(queries), len(keys)), where)
    rest = text.arrays[kind].rest
    return Attention(
        matrices=matrices,
        queries=queries,
        keys=keys,
        layers=layers,
        heads=heads,
        by_name=by_name,
        model=model,
        kind=kind,
        values=stated.values,
        reduce=stated.reduce,
        masked=mask_of(fields, kind, matrices, where),
        words=stated.words,
        hidden=stated.hidden,
        renormalized=stated.renormalized,
        rest=rest_of(fields, kind, matrices, stated.axes, where) if rest is None else rest,
    )


def _numbers(text: _Text, kind: str) -> tuple[tuple[int, ...], tuple[int, ...], bool]:
    """The numbers of the layers and of the heads, and whether heads are chosen by name."""
    fields, where, named = text.fields, text.where, text.arrays[kind]
    if named.by_name:
        return named.layers, named.heads, True
    n_layers, n_heads = next(iter(text.arrays.values())).matrices.shape[:2]
    layers = index_list(fields, "layers", n_layers if "layer" in text.stated.axes else None, where)
    heads = index_list(fields, "heads", n_heads if "head" in text.stated.axes else None, where)
    of_layers, of_heads = layers, heads
    if kind != "encoder" and "encoder" in text.arrays:  # the decoder may have more or fewer
        of_layers = index_list(fields, "decoder_layers", None, where) or layers
        of_heads = index_list(fields, "decoder_heads", None, where) or heads
    own_layers, own_heads = named.matrices.shape[:2]
    return (
        tuple(of_layers or named.layers or range(own_layers if layers is None else n_layers)),
        tuple(of_heads or named.heads or range(own_heads if heads is None else n_heads)),
        False,
    )


def _check_shape(name: str, shape: tuple[int, ...], expected: tuple[int, ...], where: str) -> None:
    if shape != expected:
        raise InputError(f"{where}: {name} has the shape {shape}; expected {expected}, to fit the rest")
