"""The tokens that a document of attention names."""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from attnviz.elsewhere.read_options import ReadOptions
from attnviz.elsewhere.tokens.padding import padding_of
from attnviz.elsewhere.tokens.special_labels import is_special_label
from attnviz.elsewhere.tokens.word_pieces import WordPieces, word_pieces
from attnviz.errors import InputError, brief
from attnviz.text.labels import printable
from attnviz.trace.tokens import Token, Tokens

_NAMES = {"": ("tokens", "keys"), "target_": ("target_tokens", "queries")}
_T = TypeVar("_T")
_LETTERS = {"": "x", "target_": "y"}  # of vectors that nobody named


def tokens_of(
    fields: Mapping[str, object],
    prefix: str,
    n: int | None,
    segments: Sequence[str | None],
    options: ReadOptions,
    where: str,
) -> Tokens:
    """The tokens of the text, or of the target (``prefix`` is ``target_``).

    The document says which of them are special, padding, or pieces of a word; where it does not, their labels do.

    Args:
        fields: the document.
        prefix: of the fields' names.
        n: how many there must be; None where no matrix says so.
        segments: the texts that offsets count in: the text and its pair.
        options: what the user says of them.
        where: for the messages.

    Raises:
        InputError: a field that is not a list of what it should be, or of another length.
    """
    ids = _items(fields, f"{prefix}token_ids", _INDEX, n, where)
    names = _names_of(fields, prefix, n, ids, where)
    n = len(names)
    offsets = _items(fields, f"{prefix}offsets", _SPAN, n, where)
    special, padding = _special_and_padding(fields, prefix, names, options, where)
    segment = _items(fields, f"{prefix}segments", _SEGMENT, n, where) or [0] * n
    spelled = _spelled(fields, prefix, names, special, options)
    labels = _items(fields, f"{prefix}labels", _TEXT, n, where) or (spelled.labels if spelled else names)
    usual = list(spelled.words) if spelled else _single_words(fields, offsets, special)
    words = _items(fields, f"{prefix}word_ids", _WORD, n, where) or usual
    pieces = _items(fields, f"{prefix}pieces", _PIECES, n, where) or [[]] * n
    positions = _items(fields, f"{prefix}positions", _INDEX, n, where)
    generated = _generated(fields, prefix, n, where)
    texts = _texts(spelled.texts if spelled else names, offsets, segment, segments)
    return tuple(
        Token(
            text="" if special[i] else texts[i],
            label=printable(labels[i]),
            start=offsets[i][0] if offsets else 0,
            end=offsets[i][1] if offsets else 0,
            id=ids[i] if ids else None,
            piece=names[i],
            special=special[i],
            padding=padding[i],
            segment=segment[i],
            word=words[i],
            pieces=tuple(pieces[i]),
            position=positions[i] if positions else None,
            generated=generated[i],
        )
        for i in range(n)
    )


def _generated(fields: Mapping[str, object], prefix: str, n: int, where: str) -> list[bool]:
    """Which tokens the model wrote; another program's field of this name may be anything."""
    own = fields if "schema" in fields else {}
    return _items(own, f"{prefix}generated", _TRUTH, n, where) or [False] * n


def _texts(
    names: Sequence[str],
    offsets: Sequence[Sequence[int]] | None,
    segment: Sequence[int],
    segments: Sequence[str | None],
) -> list[str]:
    """The characters of each token: those of the text at its offsets, else its name."""
    texts = list(names)
    for i, (start, end) in enumerate(offsets or ()):
        text = segments[segment[i]] if segment[i] < len(segments) else None
        texts[i] = names[i] if text is None else text[start:end]
    return texts


def _special_and_padding(
    fields: Mapping[str, object], prefix: str, names: Sequence[str], options: ReadOptions, where: str
) -> tuple[list[bool], list[bool]]:
    """Which tokens are special, and which are padding, which is special too unless attnviz says that it is not."""
    special = _special(fields, prefix, names, options, where)
    stated = _items(fields, f"{prefix}padding", _TRUTH, len(names), where)
    padding = padding_of(fields, prefix, names, stated, options, where)
    if "schema" not in fields or options.padding is not None:
        special = [a or b for a, b in zip(special, padding, strict=True)]
    return special, padding


def _single_words(fields: Mapping[str, object], offsets: object, special: Sequence[bool]) -> list[int | None]:
    """The words of a document that lists none: attnviz leaves them out where each token is a word."""
    each_is_one = "schema" in fields and offsets is not None
    return [i if each_is_one and not is_special else None for i, is_special in enumerate(special)]


def _names_of(
    fields: Mapping[str, object], prefix: str, n: int | None, ids: Sequence[int] | None, where: str
) -> list[str]:
    """The tokens' names: the document's, else their ids, else their numbers."""
    key = next((key for key in _NAMES[prefix] if fields.get(key) is not None), None)
    if key is not None and isinstance(fields[key], str):  # labels as people type them
        fields = {key: str(fields[key]).split()}
    names = None if key is None else _items(fields, key, _TEXT, n, where)
    if names is None:
        names = [f"{_LETTERS[prefix]}{i}" for i in range(n or 0)] if ids is None else list(map(str, ids))
    return names


def _special(
    fields: Mapping[str, object], prefix: str, names: Sequence[str], options: ReadOptions, where: str
) -> list[bool]:
    """Which tokens are special: what the user says, else the document, else their labels."""
    if options.special is not None:
        return [name in options.special for name in names]
    stated = _items(fields, f"{prefix}special", _TRUTH, len(names), where)
    if stated is not None:
        return list(map(bool, stated))
    if prefix and "schema" in fields:  # attnviz leaves out the target's list where none is special
        return [False] * len(names)
    special = [is_special_label(name) for name in names]
    if any(special) and "schema" not in fields:
        labels = dict.fromkeys(name for name, is_special in zip(names, special, strict=True) if is_special)
        options.note(f"special by their labels: {', '.join(map(printable, labels))}; --special says which are")
    return special


def _spelled(
    fields: Mapping[str, object], prefix: str, names: Sequence[str], special: Sequence[bool], options: ReadOptions
) -> WordPieces | None:
    """What labels say of words, unless offsets say what they cover; attnviz says what it prints instead of a name."""
    has_labels = fields.get(f"{prefix}labels") is not None
    if fields.get(f"{prefix}offsets") is not None or has_labels != ("schema" in fields):
        return None
    spelled = word_pieces(names, special)
    if spelled is not None and not has_labels:
        options.note(
            f"labels are pieces of words ({spelled.sign} {spelled.meaning}), printed without it; "
            "--words merges them, --raw-tokens keeps the spelling"
        )
    return spelled


def note_missing_special(tokens: Tokens, options: ReadOptions) -> None:
    """Says which label of the user's special tokens no token has."""
    names = {token.piece for token in tokens}
    for label in options.special or ():
        if label not in names:
            options.note(f"no token is {brief(label)!r}, which --special names")


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
    if fields.get(f"{prefix}special") == [False] * len(labels):
        del kept[f"{prefix}special"]
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
_TRUTH: _Kind[bool] = _Kind(lambda item: isinstance(item, bool) or item in (0, 1), "true and false")
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
