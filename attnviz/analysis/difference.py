"""Two runs against each other, head by head: how far their rows are apart, and which weights changed most.

Tokens that both texts have are compared: those of a longest common subsequence, by spelling without case. Between
them, as many tokens of A as of B replaced each other one for one, and are compared too. Rows are not renormalised:
attention to all other tokens (added or removed ones, and hidden ones) is one cell, the rest, so that rows stay
distributions. Padding is not compared.
"""

from collections.abc import Sequence

import numpy as np

from attnviz.analysis.alignment import aligned_tokens, with_both_labels
from attnviz.analysis.compare import jsd
from attnviz.analysis.matrices.parts import one_by_one
from attnviz.analysis.matrices.words import merge_words
from attnviz.errors import UsageError
from attnviz.numbers import spans
from attnviz.records import dataclass
from attnviz.trace.attention import Attention
from attnviz.trace.heads import head_name
from attnviz.trace.tokens import Tokens

_LESS = 1e-6  # a rest of so little is rounding


@dataclass(frozen=True, eq=False)
class Changes(Attention):
    """B less A, whose matrices have the names of two heads where these are not the same.

    Attributes:
        vs_layers: B's layers; ``layers`` are A's.
        vs_heads: B's heads; ``heads`` are A's.
        texts: what was compared, each with its name (``A``, ``B``, ``target``).
        weights: where the numbers of both came from.
    """

    vs_layers: tuple[int, ...] = ()
    vs_heads: tuple[int, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    weights: str = ""

    @property
    def of_layers(self) -> tuple[str, ...]:
        """The attributes that have an entry of each layer."""
        return ("layers", "vs_layers")

    @property
    def of_heads(self) -> tuple[str, ...]:
        """The attributes that have an entry of each head."""
        return ("heads", "vs_heads")

    @property
    def origin(self) -> tuple[tuple[str, str], ...]:
        """The texts, and where the weights came from."""
        return (*self.texts, ("model", self.weights))

    @property
    def layer_names(self) -> tuple[str, ...]:
        """``3``, or ``3 -> 5``."""
        return tuple(map(_pair, self.layers, self.vs_layers))

    @property
    def head_names(self) -> tuple[str, ...]:
        """``3``, or ``3 -> 5``; of heads that were chosen by name ``L2H8``, or ``L2H8 -> L1H7``."""
        if not self.by_name:
            return tuple(map(_pair, self.heads, self.vs_heads))
        theirs = zip(self.vs_layers, self.vs_heads, strict=True)
        return tuple(_pair(head_name(*a), head_name(*b)) for a, b in zip(self.every_head, theirs, strict=True))

    @property
    def layers_in_words(self) -> str:
        """``layers 0-1 -> 1-2``."""
        return _many("layer", self.layers, self.vs_layers)

    @property
    def heads_in_words(self) -> str:
        """``heads 0-1 -> 1-2``."""
        return _many("head", self.heads, self.vs_heads)

    def _names(self, i: int, j: int) -> tuple[str, str]:
        name, title = super()._names(i, j)
        other = head_name(self.vs_layers[i], self.vs_heads[i if self.by_name else j])
        return name, "B less A, " + (title if name == other else f"{name} -> {other}")


def _pair(ours: object, theirs: object) -> str:
    return str(ours) if ours == theirs else f"{ours} -> {theirs}"


def _many(axis: str, ours: tuple[int, ...], theirs: tuple[int, ...]) -> str:
    numbers = spans(ours) if ours == theirs else f"{spans(ours)} -> {spans(theirs)}"
    return f"{axis}{'s' * (len(ours) > 1)} {numbers}"


@dataclass(frozen=True, eq=False)
class Difference:
    """Two attentions A and B compared; the k-th layer of A with the k-th of B, and the k-th head.

    Attributes:
        a: A, as it was given.
        b: B.
        queries: the places (i, j) in A and in B of the query tokens that are compared.
        keys: the places (i, j) in A and in B of the key tokens that are compared.
        replaced_queries: those of the query tokens that are not the same in A and B.
        replaced_keys: those of the key tokens that are not the same in A and B.
        before: A's weights of those, (n_layers, n_heads, n_queries, n_keys) float64.
        after: B's.
        rest_before: what each of A's rows gives to all other keys, (n_layers, n_heads, n_queries); 0 without any.
        rest_after: what each of B's rows gives to all other keys, in the shape of ``rest_before``.
        jsd: (n_layers, n_heads), from 0 (equal) to 1 (nothing in common); NaN where no row is in both.
        one_sided: (n_layers, n_heads), how many rows look at anything on one side only; ``jsd`` leaves them out.
    """

    a: Attention
    b: Attention
    queries: tuple[tuple[int, int], ...]
    keys: tuple[tuple[int, int], ...]
    replaced_queries: frozenset[tuple[int, int]]
    replaced_keys: frozenset[tuple[int, int]]
    before: np.ndarray
    after: np.ndarray
    rest_before: np.ndarray
    rest_after: np.ndarray
    jsd: np.ndarray
    one_sided: np.ndarray

    @property
    def has_rest(self) -> bool:
        """Whether rows give anything to keys that are not compared."""
        return bool((self.rest_before > _LESS).any() or (self.rest_after > _LESS).any())

    @property
    def sides_with_both_labels(self) -> tuple[Tokens, Tokens]:
        """A's query tokens and key tokens; the label of one that was replaced is ``tired | wide``."""
        return (
            with_both_labels(self.replaced_queries, self.a.queries, self.b.queries),
            with_both_labels(self.replaced_keys, self.a.keys, self.b.keys),
        )

    @property
    def compared_tokens(self) -> tuple[Tokens, Tokens]:
        """The query tokens and the key tokens that are compared, with these labels."""
        queries, keys = self.sides_with_both_labels
        return tuple(queries[i] for i, _ in self.queries), tuple(keys[i] for i, _ in self.keys)

    @property
    def special_only(self) -> bool:
        """Whether of sides that have other tokens only special ones are compared: of words that says nothing."""
        sides = ((self.queries, self.a.queries, self.b.queries), (self.keys, self.a.keys, self.b.keys))
        return any(
            all(ours[i].special for i, _ in pairs) and not all(t.special or t.padding for t in (*ours, *theirs))
            for pairs, ours, theirs in sides
        )


@dataclass(frozen=True)
class Change:
    """One weight before and after: indexes of the layer, the head, and of the query and the key among the aligned.

    The key is None of what the row gives to all other keys, the rest.
    """

    layer: int
    head: int
    query: int
    key: int | None
    before: float
    after: float

    @property
    def change(self) -> float:
        """After less before."""
        return self.after - self.before


def compared(a: Attention, b: Attention) -> Difference:
    """A and B head by head; ``jsd`` is of each row's aligned keys and the rest.

    Raises:
        UsageError: they are no weights of heads; other numbers of layers or heads; no token in common.
    """
    for side in (a, b):
        if side.values != "weights" or side.reduce != "none":
            held = side.values if side.values != "weights" else side.reduce
            raise UsageError(f"diff, values: these matrices are {held}; expected weights, a matrix of each head")
    if a.kind != b.kind:
        raise UsageError(f"diff, kind: A is {a.kind} attention and B is {b.kind}; expected the same")
    if a.by_name or b.by_name:
        a, b = one_by_one(a), one_by_one(b)
    _check_heads(a, b)
    queries, replaced_queries = aligned_tokens("query", a.queries, b.queries)
    keys, replaced_keys = aligned_tokens("key", a.keys, b.keys)
    before, rest_before = _chosen(a, [i for i, _ in queries], [i for i, _ in keys])
    after, rest_after = _chosen(b, [j for _, j in queries], [j for _, j in keys])
    distances = np.zeros(before.shape[:2])
    whole = _with_rest(before, rest_before), _with_rest(after, rest_after)
    for place in np.ndindex(*distances.shape):
        distances[place] = jsd(whole[0][place], whole[1][place])
    looks = [rows.any(axis=-1) for rows in whole]
    one_sided = (looks[0] ^ looks[1]).sum(axis=-1)
    pairs = queries, keys, replaced_queries, replaced_keys
    return Difference(a, b, *pairs, before, after, rest_before, rest_after, distances, one_sided)


def compared_words(difference: Difference) -> Difference:
    """The difference between whole words; as it is where words have none in common, or are not known."""
    a, b = merge_words(difference.a), merge_words(difference.b)
    if a is difference.a and b is difference.b:
        return difference
    try:
        return compared(a, b)
    except UsageError:  # pieces in common, and no word
        return difference


def largest_changes(difference: Difference, most: int, *, special: bool = True) -> list[Change]:
    """The weights that changed most, the largest change first; of equal ones the first head's, query's and key's.

    What a row gives to all other keys is one of its weights, the last, where there is anything.

    Args:
        difference: of A and B.
        most: how many.
        special: whether weights from or to special tokens count.
    """
    before, after = difference.before, difference.after
    if difference.has_rest:
        before, after = _with_rest(before, difference.rest_before), _with_rest(after, difference.rest_after)
    changes = np.abs(after - before)
    if not special:
        queries, keys = (np.array([token.special for token in side]) for side in difference.compared_tokens)
        changes[:, :, queries] = 0
        changes[..., : len(keys)][..., keys] = 0
    flat = changes.ravel()
    most = min(most, flat.size)
    least = np.partition(flat, flat.size - most)[flat.size - most] if most else np.inf
    candidates = np.flatnonzero((flat >= least) & (flat > 0))
    order = candidates[np.argsort(-flat[candidates], kind="stable")][:most]
    found = []
    for place in zip(*(axis.tolist() for axis in np.unravel_index(order, changes.shape)), strict=True):
        layer, head, query, key = place
        weights = float(before[place]), float(after[place])
        found.append(Change(layer, head, query, key if key < len(difference.keys) else None, *weights))
    return found


def as_attention(difference: Difference, texts: tuple[tuple[str, str], ...] = ()) -> Changes:
    """B less A as matrices that can be drawn: ``changes``, which are positive where B has more.

    Args:
        difference: of A and B.
        texts: what was compared, each with its name (``A``, ``B``, ``target``).
    """
    a, b = difference.a, difference.b
    changes = difference.after - difference.before
    drawn_queries, drawn_keys = difference.compared_tokens
    rest = (difference.rest_after - difference.rest_before) if difference.has_rest else None
    queries, keys = ([i for i, _ in pairs] for pairs in (difference.queries, difference.keys))
    masked = None
    if a.masked is not None and b.masked is not None:
        theirs = b.masked[:, [j for _, j in difference.queries]][..., [j for _, j in difference.keys]]
        masked = a.masked[:, queries][..., keys] & theirs
    return Changes(
        matrices=changes,
        queries=drawn_queries,
        keys=drawn_keys,
        layers=a.layers,
        heads=a.heads,
        by_name=a.by_name,
        model=a.model,
        kind=a.kind,
        values="changes",
        masked=masked,
        words=a.words,
        hidden=a.hidden,
        renormalized=a.renormalized,
        rest=rest,
        vs_layers=b.layers,
        vs_heads=b.heads,
        texts=texts,
        weights=weights_in_words(a, b),
    )


def weights_in_words(a: Attention, b: Attention) -> str:
    """Where A's and B's numbers came from."""
    one, other = a.model.provenance, b.model.provenance
    return one if one == other else f"A {one}; B {other}"


def sides_in_words(a: Attention, b: Attention) -> str:
    """Where A and B came from, and their layers and heads where they are not the same."""
    phrase = weights_in_words(a, b)
    if a.by_name and a.every_head != b.every_head:
        return f"{phrase}; A {a.selection_in_words}, B {b.selection_in_words}"
    for ours, theirs in ((a.layers_in_words, b.layers_in_words), (a.heads_in_words, b.heads_in_words)):
        if ours != theirs:
            phrase += f"; A {ours}, B {theirs}"
    return phrase


def _check_heads(a: Attention, b: Attention) -> None:
    for axis, ours, theirs in (("layer", a.layers, b.layers), ("head", a.heads, b.heads))[a.by_name :]:
        if len(ours) != len(theirs):
            raise UsageError(
                f"diff, {axis}s: A has {len(ours)} and B has {len(theirs)}; expected equal numbers",
                hint=f"--{axis} and --vs-{axis} choose those to compare",
            )


def _chosen(side: Attention, queries: Sequence[int], keys: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The weights between some tokens, and what those rows give to all other keys."""
    rows = side.matrices[:, :, queries].astype(np.float64)
    others = np.setdiff1d(np.arange(rows.shape[-1]), keys)
    rest = rows[..., others].sum(axis=-1)
    if side.rest is not None:
        rest = rest + side.rest[:, :, queries]
    return rows[..., keys], rest


def _with_rest(weights: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """What rows give to all other keys as one key more."""
    return np.concatenate([weights, rest[..., None]], axis=-1)
