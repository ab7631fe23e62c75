"""The tokens that a document of attention names."""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from attnviz.elsewhere.tokens.special_labels import is_special_label
from attnviz.errors import InputError
from attnviz.text.labels import printable
from attnviz.trace.tokens import Token, Tokens

_NAMES = {"": ("tokens", "keys"), "target_": ("target_tokens", "queries")}
_T = TypeVar("_T")
_LETTERS = {"": "x", "target_": "y"}  # of vectors that nobody named


def tokens_of(
    fields: Mapping[str, object], prefix: str, n: int | None, segments: Sequence[str | None], where: str
) -> Tokens:
    """The tokens of the text, or of the target (``prefix`` is ``target_``).

    The document says which of them are special; where it does not, their names do.

    Args:
        fields: the document.
        prefix: of the fields' names.
        n: how many there must be; None where no matrix says so.
        segments: the texts that offsets count in: the text and its pair.
        where: for the messages.

    Raises:
        InputError: a field that is not a list of what it should be, or of another length.
    """
    key = next((key for key in _NAMES[prefix] if fields.get(key) is not None), None)
    names = None if key is None else _items(fields, key, _TEXT, n, where)
    if names is None:
        names = [f"{_LETTERS[prefix]}{i}" for i in range(n or 0)]
    n = len(names)
    labels = _items(fields, f"{prefix}labels", _TEXT, n, where) or names
    ids = _items(fields, f"{prefix}token_ids", _INDEX, n, where)
    offsets = _items(fields, f"{prefix}offsets", _SPAN, n, where)
    special = _items(fields, f"{prefix}special", _TRUTH, n, where) or _special(fields, prefix, names)
    padding = _items(fields, f"{prefix}padding", _TRUTH, n, where) or [False] * n
    segment = _items(fields, f"{prefix}segments", _SEGMENT, n, where) or [0] * n
    words = _items(fields, f"{prefix}word_ids", _WORD, n, where)
    if words is None:  # attnviz leaves them out where each token is a word
        each_is_one = "schema" in fields and offsets is not None
        words = [i if each_is_one and not special[i] else None for i in range(n)]
    pieces = _items(fields, f"{prefix}pieces", _PIECES, n, where) or [[]] * n
    positions = _items(fields, f"{prefix}positions", _INDEX, n, where)
    tokens = []
    for i, name in enumerate(names):
        start, end = offsets[i] if offsets else (0, 0)
        text = segments[segment[i]] if offsets and segment[i] < len(segments) else None
        token = Token(
            text="" if special[i] else name if text is None else text[start:end],
            label=printable(labels[i]),
            start=start,
            end=end,
            id=ids[i] if ids else None,
            piece=name,
            special=special[i],
            padding=padding[i],
            segment=segment[i],
            word=words[i],
            pieces=tuple(pieces[i]),
            position=positions[i] if positions else None,
        )
        tokens.append(token)
    return tuple(tokens)


def _special(fields: Mapping[str, object], prefix: str, names: Sequence[str]) -> list[bool]:
    """The names that belong to special tokens, in a document that does not mark them."""
    if prefix and "schema" in fields:  # attnviz leaves out the target's list where none is special
        return [False] * len(names)
    return [is_special_label(name) for name in names]


def relabelled(
    fields: Mapping[str, object], labels: Sequence[str], n_source: int | None, n_target: int | None, where: str
) -> dict[str, object]:
    """The document with the user's labels: for the text's tokens, or the target's if only their number fits.

    The labels say which tokens are equal, instead of the document's ids, and which are special unless the document
    marks some.

    Raises:
        InputError: neither has as many tokens.
    """
    for prefix, n in (("", n_source), ("target_", n_target)):
        if n == len(labels):
            return renamed(fields, prefix, labels)
    axes = {"keys": n_source, "queries": n_target} if n_target else {"tokens": n_source}
    held = " and ".join(f"{n} {axis}" for axis, n in axes.items() if n)
    raise InputError(
        f"{where}: there are {len(labels)} labels, and the matrices have {held}; expected one label per token",
        hint='labels are separated by spaces: --tokens "the cat sat"',
    )


def renamed(fields: Mapping[str, object], prefix: str, labels: Sequence[str]) -> dict[str, object]:
    """The document with the user's labels for the text's tokens, or the target's (``prefix`` is ``target_``)."""
    old = {*_NAMES[prefix], *(f"{prefix}{name}" for name in ("labels", "pieces", "word_ids", "token_ids"))}
    kept = {key: value for key, value in fields.items() if key not in old}
    if fields.get(f"{prefix}special") in (None, [False] * len(labels)):
        kept[f"{prefix}special"] = [is_special_label(label) for label in labels]
    return kept | {f"{prefix}tokens": list(labels)}


def text_of(fields: Mapping[str, object], key: str, where: str) -> str | None:
    """A text of the document, if it has one.

    Raises:
        InputError: it is something else.
    """
    text = fields.get(key)
    if text is not None and not isinstance(text, str):
        raise InputError(f"{where}: its {key} is not a string; expected a string or null")
    return text


def _is_index(item: object) -> bool:
    return type(item) is int and item >= 0


class _Kind(NamedTuple, Generic[_T]):
    """The kind of a list's items: a check, and words for messages."""

    accepts: Callable[[object], bool]
    words: str


_TEXT: _Kind[str] = _Kind(lambda item: isinstance(item, str), "texts")
_INDEX: _Kind[int] = _Kind(_is_index, "whole numbers from 0")
_TRUTH: _Kind[bool] = _Kind(lambda item: isinstance(item, bool), "true and false")
_SEGMENT: _Kind[int] = _Kind(lambda item: type(item) is int and item in (0, 1), "0 and 1")
_WORD: _Kind[int | None] = _Kind(lambda item: item is None or _is_index(item), "whole numbers from 0, and nulls")
_PIECES: _Kind[list[str]] = _Kind(
    lambda item: isinstance(item, list) and all(isinstance(piece, str) for piece in item), "lists of texts"
)
_SPAN: _Kind[tuple[int, int]] = _Kind(
    lambda item: isinstance(item, list) and len(item) == 2 and all(map(_is_index, item)), "pairs of whole numbers"
)


def index_list(fields: Mapping[str, object], key: str, n: int | None, where: str) -> list[int] | None:
    """Whole numbers under a name, if they are there; ``n`` of them unless that is None.

    Raises:
        InputError: something else, or another number of them.
    """
    return _items(fields, key, _INDEX, n, where)


def _items(fields: Mapping[str, object], key: str, kind: _Kind[_T], n: int | None, where: str) -> list[_T] | None:
    """The list under a name, if there is one; each item is what the kind says."""
    items = fields.get(key)
    if items is None:
        return None
    if not isinstance(items, list) or not all(map(kind.accepts, items)):
        raise InputError(f"{where}: {key} is not a list of {kind.words}; expected one")
    if n is not None and len(items) != n:
        raise InputError(f"{where}: {len(items)} {key}, and the matrices have {n}; expected {n}")
    return items
