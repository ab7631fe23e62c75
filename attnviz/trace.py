"""The data that flows from room to room: tokens, traces, attention, results. No maths, no files, no views.

Axes are always ``[layer][head][query][key]``: a row is a query (the token that looks), a column is a key (the token
looked at).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from attnviz.numbers import spans

KINDS = ("encoder", "decoder", "cross")
VALUES = ("weights", "scores", "norms", "zeroing")
SHARES = ("weights", "zeroing")  # the values whose rows sum to 1
REDUCTIONS = ("none", "mean-heads", "mean", "max", "rollout", "flow")
PATHS = ("rollout", "flow")  # the reductions that follow tokens through the layers


def axes_of(what: str, reduce: str) -> tuple[str, ...]:
    """What each axis of matrices counts, without those of length 1: zeroing is of all heads together."""
    layers = ("layer",) if reduce in ("none", "mean-heads") else ()
    heads = ("head",) if reduce == "none" and what != "zeroing" else ()
    return (*layers, *heads, "query", "key")


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a text.

    Attributes:
        text: exactly the characters of the input that it covers; empty for a special token.
        label: the printable form of the token: no control character, visible white space, never empty.
        start: offset of its first character in its segment's text.
        end: offset after its last character.
        id: its row of the embedding table; None where there is no table (``--vectors``, ``--attention``).
        piece: the tokenizer's own spelling (``##ing``, ``Ġthe``); the text itself for built-in tokenizers.
        special: whether the tokenizer added it (``[CLS]``, ``[SEP]``, ``[PAD]``).
        padding: whether it only fills the length; no query attends to it.
        word: index of the word it belongs to within its segment; None for special tokens.
        segment: 0 for the text, 1 for its ``--pair``.
        pieces: of a word that was merged from several tokens (``--words``), their spellings; else nothing.
        type_id: its row of the segment table, where the model has one; not every tokenizer tells segments apart.
    """

    text: str
    label: str
    start: int = 0
    end: int = 0
    id: int | None = None
    piece: str = ""
    special: bool = False
    padding: bool = False
    word: int | None = None
    segment: int = 0
    type_id: int = 0
    pieces: tuple[str, ...] = ()


Tokens = tuple[Token, ...]


@dataclass(frozen=True, eq=False)
class ModelInfo:
    """What every output says about the numbers' origin.

    Attributes:
        name: short name of the model or file.
        weights: where the numbers came from: ``seed:0`` or ``sha256:...``.
        config: the block's fields by name, JSON-ready; empty where they are not known.
    """

    name: str
    weights: str
    config: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_random(self) -> bool:
        """Whether the weights are seeded random numbers, in which any pattern is chance."""
        return self.weights.startswith("seed:")

    @property
    def provenance(self) -> str:
        """One phrase for people: where the weights came from."""
        if self.is_random:
            return f"random (seed {self.weights.removeprefix('seed:')}): any pattern is chance"
        return f"{self.name} ({self.weights[:19]})"


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """What one attention part of one layer computed; None where nothing asked for it.

    Shapes, with n tokens (n_q queries and n_k keys in cross-attention):
        resid_pre (n, d_model): what enters the layer.
        norm1, norm2, norm3 (n, d_model): the norms' outputs.
        q (n_heads, n_q, d_head); k, v (n_kv_heads, n_k, d_head), rotated where positions are rotary.
        scores, weights (n_heads, n_q, n_k): before softmax (scaled, biased, masked with -inf); after it.
        z (n_heads, n_q, d_head): weighted sum of the values, per head.
        attn_out (n_q, d_model): after concatenation and W_O.
        resid_mid (n_q, d_model): the residual sum after the attention.
        ffn_hidden (n, d_ff), ffn_out (n, d_model), resid_post (n, d_model): the feed-forward part and its residual sum.
        out (n, d_model): what leaves the layer.

    A decoder layer has two of these: kind ``decoder`` (its self-attention and feed-forward) and kind ``cross``
    (its cross-attention, with ``norm2`` and a ``resid_mid`` of its own).
    """

    kind: str
    layer: int
    resid_pre: np.ndarray | None = None
    norm1: np.ndarray | None = None
    q: np.ndarray | None = None
    k: np.ndarray | None = None
    v: np.ndarray | None = None
    scores: np.ndarray | None = None
    weights: np.ndarray | None = None
    z: np.ndarray | None = None
    attn_out: np.ndarray | None = None
    resid_mid: np.ndarray | None = None
    norm2: np.ndarray | None = None
    norm3: np.ndarray | None = None
    ffn_hidden: np.ndarray | None = None
    ffn_out: np.ndarray | None = None
    resid_post: np.ndarray | None = None
    out: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class EmbeddingTrace:
    """What went into a stack, (n, d_model) or (n, d_embed); None where nothing asked for it, or there is no such part.

    Attributes:
        kind: ``encoder`` or ``decoder``.
        token_vectors: scaled.
        positions: (n,), where some tokens have none (``pad_id``): each token's, or -1.
        position_vectors: added to them.
        segment_vectors: likewise.
        embedding_sum: their sum, where a norm follows.
        unprojected: what is projected to d_model, (n, d_embed), where that comes last.
        embedded: what enters the first layer, (n, d_model).
    """

    kind: str
    token_vectors: np.ndarray | None = None
    positions: np.ndarray | None = None
    position_vectors: np.ndarray | None = None
    segment_vectors: np.ndarray | None = None
    embedding_sum: np.ndarray | None = None
    unprojected: np.ndarray | None = None
    embedded: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Trace:
    """What a run kept: ``trace["encoder", 0].weights``, ``trace.embeddings["encoder"].embedded``.

    Attributes:
        layers: by kind and layer.
        embeddings: by kind (``encoder``, ``decoder``).
        outputs: by kind, what left the stack (n, d_model), after the final norm where there is one.
    """

    layers: Mapping[tuple[str, int], LayerTrace]
    embeddings: Mapping[str, EmbeddingTrace] = field(default_factory=dict)
    outputs: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __getitem__(self, key: tuple[str, int]) -> LayerTrace:
        return self.layers[key]


@dataclass(frozen=True, eq=False)
class Matrix:
    """One attention matrix as a view shows it.

    Attributes:
        values: (n_queries, n_keys).
        queries: the rows' tokens.
        keys: the columns' tokens.
        masked: (n_queries, n_keys), True where a key could not be attended to; None when nothing is masked.
        name: short and unique: ``L0H3``, ``L1mean``, ``mean``.
        title: the same in words: ``layer 0, head 3``.
        kind: ``encoder``, ``decoder`` or ``cross``.
        what: what the values are, one of ``VALUES``.
        model: where the numbers came from.
        words: whether queries and keys are words, merged from their pieces.
        hidden: whether special tokens are left out.
        renormalized: whether rows were then divided by what is left of them.
        rest: (n_queries,), what each row gave to keys that are left out; None where that is not known, or nothing.
        last_layer: of rollout and flow, the layer whose tokens the rows are.
    """

    values: np.ndarray
    queries: Tokens
    keys: Tokens
    name: str
    title: str
    model: ModelInfo
    masked: np.ndarray | None = None
    kind: str = "encoder"
    what: str = "weights"
    words: bool = False
    hidden: bool = False
    renormalized: bool = False
    rest: np.ndarray | None = None
    last_layer: int | None = None


@dataclass(frozen=True, eq=False)
class Attention:
    """The matrices of the selected layers and heads of one kind, with their labels and their origin.

    Attributes:
        matrices: (n_layers, n_heads, n_queries, n_keys) of the selected layers and heads, in that order. A reduced
            axis (see ``reduce``) has length 1, and so has that of heads where there is one matrix a layer (zeroing).
        queries: the rows' tokens.
        keys: the columns' tokens.
        layers: the layers' numbers in the model; a reduction over layers still lists what it was made of.
        heads: likewise for heads.
        model: where the numbers came from.
        kind: ``encoder``, ``decoder`` or ``cross``.
        what: what the values are: ``weights``, ``scores`` (masked ones are -inf), ``norms`` or ``zeroing``.
        reduce: ``none``, ``mean-heads`` (one matrix a layer), ``mean``, ``max``, ``rollout`` or ``flow`` (one in all).
            The rows of the last two are tokens of the last of these layers, the columns are those of the input.
        masked: (n_layers, n_queries, n_keys), True where a key could not be attended to; None when nothing is masked.
        words: whether queries and keys are words, merged from their pieces.
        hidden: whether special tokens are left out.
        renormalized: whether rows were then divided by what is left of them.
        rest: (n_layers, n_heads, n_queries), what each row gave to keys that are left out; None where that is not known
            (scores, norms, maxima), where rows were divided by what is left of them, and where nothing is left out.
    """

    matrices: np.ndarray
    queries: Tokens
    keys: Tokens
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    model: ModelInfo
    kind: str = "encoder"
    what: str = "weights"
    reduce: str = "none"
    masked: np.ndarray | None = None
    words: bool = False
    hidden: bool = False
    renormalized: bool = False
    rest: np.ndarray | None = None

    @property
    def axes(self) -> tuple[str, ...]:
        """What each axis counts, without those that a reduction took away."""
        return axes_of(self.what, self.reduce)

    @property
    def bare(self) -> "Attention":
        """The same without a number: what is left to keep, or to send, where the matrices have been looked at."""
        return replace(self, matrices=self.matrices[:0, :0, :0, :0].copy(), masked=None, rest=None)

    @property
    def n_rows(self) -> int:
        """How many queries are tokens of the text, and do not only fill the length."""
        return n_real(self.queries)

    def __len__(self) -> int:
        return self.matrices.shape[0] * self.matrices.shape[1]

    def __iter__(self) -> Iterator[Matrix]:
        """Each matrix by itself, layer by layer and head by head."""
        for i in range(self.matrices.shape[0]):
            for j in range(self.matrices.shape[1]):
                name, title = self._names(i, j)
                yield Matrix(
                    values=self.matrices[i, j],
                    queries=self.queries,
                    keys=self.keys,
                    name=name,
                    title=title,
                    model=self.model,
                    masked=None if self.masked is None else self.masked[i],
                    kind=self.kind,
                    what=self.what,
                    words=self.words,
                    hidden=self.hidden,
                    renormalized=self.renormalized,
                    rest=None if self.rest is None else self.rest[i, j],
                    last_layer=self.layers[-1] if self.reduce in PATHS else None,
                )

    def _names(self, i: int, j: int) -> tuple[str, str]:
        if "head" in self.axes:
            layer, head = self.layers[i], self.heads[j]
            return f"L{layer}H{head}", f"layer {layer}, head {head}"
        if self.reduce == "none":
            return f"L{self.layers[i]}{self.what}", f"layer {self.layers[i]}, {self.heads_in_words}"
        if self.reduce == "mean-heads":
            return f"L{self.layers[i]}mean", f"layer {self.layers[i]}, mean of {self.heads_in_words}"
        return self.reduce, f"{self.reduce} of {self.layers_in_words}, {self.heads_in_words}"

    @property
    def origin(self) -> tuple[tuple[str, str], ...]:
        """Where the numbers came from, each part with its name."""
        return (("weights", self.model.provenance),)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """The layers' numbers as text."""
        return tuple(map(str, self.layers))

    @property
    def head_names(self) -> tuple[str, ...]:
        """Likewise."""
        return tuple(map(str, self.heads))

    @property
    def layers_in_words(self) -> str:
        """``layers 0-5``."""
        return f"layer{'s' * (len(self.layers) > 1)} {spans(self.layers)}"

    @property
    def heads_in_words(self) -> str:
        """``heads 0-3``; ``all heads`` where values were never of one."""
        return "all heads" if self.what == "zeroing" else f"head{'s' * (len(self.heads) > 1)} {spans(self.heads)}"


def of_all(parts: Sequence[Attention]) -> Attention:
    """The first of several parts of the same matrices, with the layers and heads of all of them."""
    layers = dict.fromkeys(layer for part in parts for layer in part.layers)
    heads = dict.fromkeys(head for part in parts for head in part.heads)
    return replace(parts[0], layers=tuple(layers), heads=tuple(heads))


def n_real(tokens: Tokens) -> int:
    """How many do not only fill the length."""
    return sum(not token.padding for token in tokens)


def line_of(where: str) -> int | None:
    """The number of the line in a text's place among several, ``texts.txt, line 3``; None where it names none."""
    _, found, number = where.rpartition(", line ")
    return int(number) if found else None


@dataclass(frozen=True, eq=False)
class Result:
    """What a run gives back for one text; ``attnviz show --json`` prints exactly this.

    Attributes:
        text: the input; None for ``--vectors`` and ``--attention``.
        views: the attention by kind, in the order of ``KINDS``, only the kinds that were asked for.
        model: where the numbers came from.
        tokens: the text's tokens.
        target_tokens: the target's tokens, if there is one.
        pair: the second segment, if any.
        target: the target text of cross-attention, if any.
        trace: what else was kept.
        where: the text's place among several: ``texts.txt, line 3``.
    """

    text: str | None
    views: Mapping[str, Attention]
    model: ModelInfo
    tokens: Tokens
    target_tokens: Tokens = ()
    pair: str | None = None
    target: str | None = None
    trace: Trace | None = None
    where: str = ""

    @property
    def attention(self) -> np.ndarray:
        """The encoder's matrices, (n_layers, n_heads, n_tokens, n_tokens)."""
        return self.views["encoder"].matrices

    @property
    def decoder_attention(self) -> np.ndarray:
        """The decoder's own (causal) matrices, (n_layers, n_heads, n_target, n_target)."""
        return self.views["decoder"].matrices

    @property
    def cross_attention(self) -> np.ndarray:
        """The target's attention to the source, (n_layers, n_heads, n_target, n_source)."""
        return self.views["cross"].matrices
