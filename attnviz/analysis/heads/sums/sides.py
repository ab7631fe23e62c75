"""What the metrics need to know of a matrix's tokens: which are special or padding, and which are equal."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from attnviz.analysis.heads.definitions import METRICS, kind_metrics
from attnviz.analysis.resting import is_square
from attnviz.records import dataclass
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import Token, Tokens, token_numbers

_COUNTED = re.compile("([xy]?)([0-9]{1,18})")


@dataclass(frozen=True, eq=False)
class Sides:
    """The tokens of a matrix's rows and columns as arrays.

    Attributes:
        square: whether the queries are the keys.
        real_queries: (n_queries,), True for tokens of the text, False for padding.
        real: (n_keys,), the same of the keys.
        special_queries: (n_queries,), True for special tokens.
        special: (n_keys,), the same of the keys.
        first: where the first key is that is not padding.
        codes: (n_keys,), equal numbers for equal tokens, counted from 0 as they appear; None where unknown.
    """

    square: bool
    real_queries: np.ndarray
    real: np.ndarray
    special_queries: np.ndarray
    special: np.ndarray
    first: int
    codes: np.ndarray | None

    @classmethod
    def of(cls, attention: Attention) -> "Sides":
        """Those of these matrices."""
        keys = _flags(attention.keys)
        queries = keys if attention.queries is attention.keys else _flags(attention.queries)
        real = ~keys[1]
        codes = token_codes(attention.keys)
        first = int(real.argmax()) if len(real) else 0
        return cls(is_square(attention), ~queries[1], real, queries[0], keys[0], first, codes)

    def of_some(self, attention: Attention, queries: np.ndarray, keys: np.ndarray) -> "Sides":
        """Those of some rows and columns of the matrices, which are real ones.

        Args:
            attention: the matrices.
            queries: the places of the rows.
            keys: the places of the columns.
        """
        some = tuple(attention.keys[i] for i in keys.tolist())
        square = self.square
        if not square and attention.kind != "cross":
            square = token_numbers(tuple(attention.queries[i] for i in queries.tolist())) == token_numbers(some)
        codes = None if self.codes is None or are_counted(some) else self.codes[keys]
        rows, columns = np.ones(len(queries), dtype=np.bool_), np.ones(len(keys), dtype=np.bool_)
        return Sides(square, rows, columns, ~rows, ~columns, 0, codes)


def _flags(tokens: Tokens) -> np.ndarray:
    """(2, n_tokens): which tokens are special, and which are padding."""
    flags = [(token.special, token.padding) for token in tokens]
    return np.array(flags, dtype=np.bool_).reshape(-1, 2).T


def shares_of_way(real: np.ndarray) -> np.ndarray:
    """How far along its text each token is, (n_tokens,): 0 for the first, 1 for the last; padding has no place."""
    places = np.maximum(np.cumsum(real) - 1, 0) / max(real.sum() - 1, 1)
    return np.asarray(np.where(real, places, 0.0))


def missing_metrics(attention: Attention, sides: Sides) -> dict[str, str]:
    """By metric that cannot be computed of these matrices, why."""
    missing = missing_of_sides(attention.kind, sides)
    if attention.kind == "cross" and min(sides.real_queries.sum(), sides.real.sum()) < 2:
        why = "it needs two tokens or more in the target and in the source"
        missing |= {name: why for name, metric in METRICS.items() if metric.cross}
    if sides.codes is not None and not all(map(_is_identified, attention.keys)):
        missing["special"] = "no label is known as that of a special token, such as [CLS]"
    if sides.special.any():  # the file, or labels, said which ones are, if nothing else
        missing.pop("special", None)
    if attention.hidden:
        missing["special"] = "special tokens are left out"
        if not attention.renormalized:
            why = "without the special tokens rows do not sum to 1; renormalized ones do"
            missing |= {name: missing.get(name, why) for name, metric in METRICS.items() if metric.whole_rows}
    elif attention.rest is not None:
        why = "a part of each row is its rest, and goes to no key"
        missing |= {name: missing.get(name, why) for name, metric in METRICS.items() if metric.whole_rows}
    return {name: missing[name] for name in kind_metrics(attention.kind) if name in missing} if missing else {}


def missing_of_sides(kind: str, sides: Sides) -> dict[str, str]:
    """By metric that cannot be computed of such tokens, why."""
    missing: dict[str, str] = {}
    if sides.codes is None:
        why = "it needs labels that name the tokens (--tokens), and these only count them"
        missing |= {name: why for name, metric in METRICS.items() if metric.identity}
    if not sides.square:
        n_queries, n_keys = len(sides.real_queries), len(sides.real)
        why = f"it needs queries that are the keys, and there are {n_queries} queries and {n_keys} other keys"
        why = "of one text only, and cross-attention is between two" if kind == "cross" else why
        missing |= {name: why for name, metric in METRICS.items() if metric.square}
    return missing


def token_codes(tokens: Sequence[Token]) -> np.ndarray | None:
    """(n_tokens,), equal numbers for equal tokens: by spelling and id, of words by their pieces; None where unknown.

    An id alone is not enough: the built-in tokenizers have no vocabulary, and two words can share one. Without ids
    (attention from elsewhere, vectors) equal labels are equal tokens, unless labels only count the tokens.
    """
    if are_counted(tokens):
        return None
    codes: dict[object, int] = {}
    known = [codes.setdefault(token.pieces or (token.piece, token.id), len(codes)) for token in tokens]
    return np.array(known, dtype=np.int64)


def are_counted(tokens: Sequence[Token]) -> bool:
    """Whether labels say only where tokens are: rising numbers (0 1 2, x0 x1 x2, y0 y1 y2), as those made by default.

    They need not begin at 0, as some tokens can be left out.
    """
    labels = [token.piece for token in tokens if token.id is None and not (token.special or token.pieces)]
    counted = [_COUNTED.fullmatch(label) for label in labels]
    if not labels or not all(counted):
        return False
    letters, numbers = zip(*((match[1], int(match[2])) for match in counted if match), strict=True)
    return len(set(letters)) == 1 and all(a < b for a, b in pairwise(numbers))


def _is_identified(token: Token) -> bool:
    """Whether a tokenizer said which token it is, or which tokens a word was merged from."""
    return token.id is not None or bool(token.pieces)
