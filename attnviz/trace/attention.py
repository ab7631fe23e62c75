"""Attention matrices with their labels and their origin."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from attnviz.names import PATHS, axes_of
from attnviz.numbers import spans
from attnviz.records import dataclass
from attnviz.trace.heads import HeadAxes, head_name
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Tokens, n_real


@dataclass(frozen=True, eq=False)
class Matrix:
    """One attention matrix as a view shows it.

    Attributes:
        numbers: (n_queries, n_keys).
        queries: the rows' tokens.
        keys: the columns' tokens.
        masked: (n_queries, n_keys), True where a key could not be attended to; None when nothing is masked.
        name: short and unique: ``L0H3``, ``L1mean``, ``mean``.
        title: the name in words: ``L0H3``, ``layer 1, mean of heads 0-3``.
        kind: ``encoder``, ``decoder`` or ``cross``.
        values: what the numbers are, one of ``VALUES``.
        model: where the numbers came from.
        words: whether queries and keys are words, merged from their pieces.
        hidden: whether special tokens are left out.
        renormalized: whether rows were then divided by what is left of them.
        rest: (n_queries,), what each row gave to keys that are left out; None where that is not known, or nothing.
        keys_chosen: whether the keys were chosen, so that those that are left out are not only special tokens.
        last_layer: of rollout and flow, the layer whose tokens the rows are.
        layers: the number of its layer; of a reduction, those that it was made of.
        heads: the number of its head; of a reduction, those that it was made of.
        reduce: what it was reduced by, as in ``Attention``.
    """

    numbers: np.ndarray
    queries: Tokens
    keys: Tokens
    name: str
    title: str
    model: ModelInfo
    masked: np.ndarray | None = None
    kind: str = "encoder"
    values: str = "weights"
    words: bool = False
    hidden: bool = False
    renormalized: bool = False
    rest: np.ndarray | None = None
    keys_chosen: bool = False
    last_layer: int | None = None
    layers: tuple[int, ...] = ()
    heads: tuple[int, ...] = ()
    reduce: str = "none"


@dataclass(frozen=True, eq=False)
class Attention(HeadAxes):
    """The matrices of the selected layers and heads of one kind, with their labels and their origin.

    Attributes:
        matrices: (n_layers, n_heads, n_queries, n_keys) of the selected layers and heads, in that order. A reduced
            axis (see ``reduce``) has length 1, and so has that of heads where there is one matrix per layer (zeroing).
        queries: the rows' tokens.
        keys: the columns' tokens.
        layers: the layers' numbers in the model; a reduction over layers still lists what it was made of.
        heads: the heads' numbers in the model; a reduction over heads still lists what it was made of.
        by_name: whether each row is one head, chosen by its name, so that the axis of heads has length 1 and ``heads``
            has the head of each row.
        model: where the numbers came from.
        kind: ``encoder``, ``decoder`` or ``cross``.
        values: what the numbers are: ``weights``, ``scores`` (masked ones are -inf), ``norms`` or ``zeroing``.
        reduce: ``none``, ``mean-heads`` (one matrix a layer), ``mean``, ``max``, ``rollout`` or ``flow`` (one in all).
            The rows of the last two are tokens of the last of these layers, the columns are those of the input.
        masked: (n_layers, n_queries, n_keys), True where a key could not be attended to; None when nothing is masked.
        words: whether queries and keys are words, merged from their pieces.
        hidden: whether special tokens are left out.
        renormalized: whether rows were then divided by what is left of them.
        rest: (n_layers, n_heads, n_queries), what each row gave to keys that are left out; None where that is not known
            (scores, norms, maxima), where rows were divided by what is left of them, and where nothing is left out.
        keys_chosen: whether the keys were chosen, so that those that are left out are not only special tokens.
    """

    matrices: np.ndarray
    queries: Tokens
    keys: Tokens
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    model: ModelInfo
    kind: str = "encoder"
    values: str = "weights"
    reduce: str = "none"
    masked: np.ndarray | None = None
    words: bool = False
    hidden: bool = False
    renormalized: bool = False
    rest: np.ndarray | None = None
    by_name: bool = False
    keys_chosen: bool = False

    @property
    def axes(self) -> tuple[str, ...]:
        """What each axis counts, without those that a reduction took away."""
        return axes_of(self.values, self.reduce)

    @property
    def bare(self) -> "Attention":
        """The same without a number: what is left to keep, or to send, where the matrices have been looked at."""
        return replace(self, matrices=self.matrices[:0, :0, :0, :0].copy(), masked=None, rest=None)

    @property
    def n_rows(self) -> int:
        """How many queries are tokens of the text, and do not only fill the length."""
        return n_real(self.queries)

    def __len__(self) -> int:
        n_layers, n_heads = self.matrices.shape[:2]
        return int(n_layers * n_heads)

    def __iter__(self) -> Iterator[Matrix]:
        """Each matrix by itself, layer by layer and head by head."""
        for i in range(self.matrices.shape[0]):
            for j in range(self.matrices.shape[1]):
                name, title = self._names(i, j)
                is_layer, is_head = "layer" in self.axes, "head" in self.axes
                layer, head = self.head_at(i, j) if is_head else (self.layers[i], 0)
                yield Matrix(
                    numbers=self.matrices[i, j],
                    queries=self.queries,
                    keys=self.keys,
                    name=name,
                    title=title,
                    model=self.model,
                    masked=None if self.masked is None else self.masked[i],
                    kind=self.kind,
                    values=self.values,
                    words=self.words,
                    hidden=self.hidden,
                    renormalized=self.renormalized,
                    rest=None if self.rest is None else self.rest[i, j],
                    keys_chosen=self.keys_chosen,
                    last_layer=self.layers[-1] if self.reduce in PATHS else None,
                    layers=(layer,) if is_layer else self.layers,
                    heads=(head,) if is_head else self.heads,
                    reduce=self.reduce,
                )

    def only(self, i: int, j: int) -> "Attention":
        """The attention of which one matrix, by its place on the first two axes, is all."""
        layer = slice(i, i + 1) if "layer" in self.axes else slice(None)
        head = slice(None) if "head" not in self.axes else layer if self.by_name else slice(j, j + 1)
        rows, columns = slice(i, i + 1), slice(j, j + 1)
        return replace(
            self,
            matrices=self.matrices[rows, columns],
            masked=None if self.masked is None else self.masked[rows],
            rest=None if self.rest is None else self.rest[rows, columns],
            **{name: getattr(self, name)[layer] for name in self.of_layers},
            **{name: getattr(self, name)[head] for name in self.of_heads},
        )

    @property
    def of_layers(self) -> tuple[str, ...]:
        """The attributes that have an entry of each layer."""
        return ("layers",)

    @property
    def of_heads(self) -> tuple[str, ...]:
        """The attributes that have an entry of each head."""
        return ("heads",)

    def _names(self, i: int, j: int) -> tuple[str, str]:
        if "head" in self.axes:
            return (head_name(*self.head_at(i, j)),) * 2
        if self.reduce == "none":
            return f"L{self.layers[i]}{self.values}", f"layer {self.layers[i]}, {self.heads_in_words}"
        if self.reduce == "mean-heads":
            return f"L{self.layers[i]}mean", f"layer {self.layers[i]}, mean of {self.heads_in_words}"
        return self.reduce, f"{self.reduce} of {self.selection_in_words}"

    @property
    def origin(self) -> tuple[tuple[str, str], ...]:
        """Where the numbers came from, each part with its name."""
        return (("model", self.model.provenance),)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """The layers' numbers as text."""
        return tuple(map(str, self.layers))

    @property
    def head_names(self) -> tuple[str, ...]:
        """The heads' numbers as text; the names of heads that were chosen by them."""
        return tuple(head_name(*place) for place in self.every_head) if self.by_name else tuple(map(str, self.heads))

    @property
    def selection_in_words(self) -> str:
        """``layers 0-5, heads 0-3``; of heads chosen by name ``heads L2H8, L1H7``."""
        if self.by_name:
            return f"heads {', '.join(self.head_names)}"
        return f"{self.layers_in_words}, {self.heads_in_words}"

    @property
    def layers_in_words(self) -> str:
        """``layers 0-5``."""
        return f"layer{'s' * (len(self.layers) > 1)} {spans(self.layers)}"

    @property
    def heads_in_words(self) -> str:
        """``heads 0-3``; ``all heads`` where values were never of one."""
        return "all heads" if self.values == "zeroing" else f"head{'s' * (len(self.heads) > 1)} {spans(self.heads)}"


def attention_of_matrix(matrix: Matrix) -> Attention:
    """The attention whose only matrix this is."""
    return Attention(
        matrices=matrix.numbers[None, None],
        queries=matrix.queries,
        keys=matrix.keys,
        layers=matrix.layers,
        heads=matrix.heads,
        model=matrix.model,
        kind=matrix.kind,
        values=matrix.values,
        reduce=matrix.reduce,
        masked=None if matrix.masked is None else matrix.masked[None],
        words=matrix.words,
        hidden=matrix.hidden,
        renormalized=matrix.renormalized,
        rest=None if matrix.rest is None else matrix.rest[None, None],
        keys_chosen=matrix.keys_chosen,
    )


def of_all(parts: Sequence[Attention]) -> Attention:
    """The first of several parts of the same matrices, with the layers and heads of all of them."""
    layers = [layer for part in parts for layer in part.layers]
    heads = [head for part in parts for head in part.heads]
    if not parts[0].by_name:
        layers, heads = list(dict.fromkeys(layers)), list(dict.fromkeys(heads))
    return replace(parts[0], layers=tuple(layers), heads=tuple(heads))
