"""What a file says of its tokens and texts: under attnviz's names or a tokenizer's, of one text or of several."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from attnviz.elsewhere.files.array_files import ArrayFile
from attnviz.errors import InputError

# Other programs' names of what attnviz has a name for.
_SYNONYMS = {
    "str_tokens": "tokens",
    "token_strings": "tokens",
    "input_tokens": "tokens",
    "source_tokens": "tokens",
    "src_tokens": "tokens",
    "encoder_tokens": "tokens",
    "tgt_tokens": "target_tokens",
    "decoder_tokens": "target_tokens",
    "query_tokens": "queries",
    "key_tokens": "keys",
    "left_text": "queries",
    "right_text": "keys",
    "input_ids": "token_ids",
    "decoder_input_ids": "target_token_ids",
    "offset_mapping": "offsets",
}
_MASKS = ("attention_mask", "decoder_attention_mask", "target_attention_mask")
_FLAGS = {"special_tokens_mask": "special", "decoder_special_tokens_mask": "target_special"}
_SEGMENTS = {"token_type_ids": "segments"}

# How deep the lists of one text nest.
_DEPTHS = {
    **dict.fromkeys(("text", "pair", "target", "where"), 0),
    **dict.fromkeys(("queries", "keys"), 1),
    **{
        f"{prefix}{name}": depth
        for prefix in ("", "target_")
        for name, depth in {
            **dict.fromkeys(("tokens", "labels", "token_ids", "special", "padding", "generated"), 1),
            "segments": 1,
            **dict.fromkeys(("word_ids", "positions"), 1),
            **dict.fromkeys(("offsets", "pieces"), 2),
        }.items()
    },
}
_OF_ALL = ("schema", "values", "reduce", "axes", "words", "hidden", "renormalized", "model", "precision")
_OF_HEADS = ("layers", "heads", "decoder_layers", "decoder_heads", "head_names", "top")
_OF_MATRICES = ("masked", "decoder_masked", "cross_masked", "rest", "decoder_rest", "cross_rest")
_TYPES: dict[str, type] = {
    **dict.fromkeys(("words", "renormalized"), bool),
    **dict.fromkeys(("hidden", "values", "reduce", "pair"), str),
    **dict.fromkeys(("layers", "heads", "decoder_layers", "decoder_heads", "head_names", "labels", "axes"), list),
    "model": dict,
}
_KNOWN = {*_DEPTHS, *_MASKS, *_OF_ALL, *_OF_HEADS, *_OF_MATRICES}


def token_fields(content: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
    """A file's fields that are not attention, under attnviz's names, arrays as lists; and the names of those left out.

    Where a field and its synonym are both there, attnviz's own name counts.
    """
    fields: dict[str, object] = {}
    unknown = []
    synonyms = {**_SYNONYMS, **_FLAGS, **_SEGMENTS}
    if (other := _other_name_of_tokens(content)) is not None:
        synonyms[other] = "tokens"
    for name, known in (("source", "tokens"), ("target", "target_tokens")):
        if "schema" not in content and known not in content and isinstance(content.get(name), list):
            synonyms[name] = known
    for name in content:
        known = synonyms.get(name.lower(), name)
        if known not in _KNOWN or (known == name and not _may_be_meant(name, content)):
            unknown.append(name)
        elif known == name or known not in content:
            value = content[name]
            value = value.tolist() if isinstance(value, np.ndarray) else value
            fields[known] = _converted(name.lower(), value)
    for prefix in ("", "target_"):  # TransformerLens calls ids tokens
        if "schema" not in content and _are_whole(fields.get(f"{prefix}tokens")):
            fields[f"{prefix}token_ids"] = fields.pop(f"{prefix}tokens")
    return {name: value for name, value in fields.items() if value is not None}, unknown


def _are_whole(value: object) -> bool:
    """Whether these are lists of whole numbers."""
    if isinstance(value, list) and value:
        return all(_are_whole(item) if isinstance(item, list) else type(item) is int for item in value)
    return False


def _may_be_meant(name: str, content: Mapping[str, object]) -> bool:
    """Whether a name of attnviz's own format may mean in another program's file what it means there."""
    expected = _TYPES.get(name)
    if expected is None or "schema" in content:
        return True
    if isinstance(content, ArrayFile) and name in content.headers and len(content.headers[name].shape) > 1:
        return False
    value = content[name]
    value = value.tolist() if isinstance(value, np.ndarray) else value
    if name == "labels" and isinstance(value, list) and not all(isinstance(item, str | list) for item in value):
        return False  # such as the classes of a data set
    return value is None or isinstance(value, expected)


def _other_name_of_tokens(content: Mapping[str, object]) -> str | None:
    """The name of a list of ``labels`` or ``words`` that is the tokens, where nothing else is; None without one.

    In what attnviz writes, ``labels`` are what it prints instead of tokens, and ``words`` is true or false.
    """
    if any(name in content for name in ("schema", "tokens", "keys")):
        return None
    for name in ("labels", "words"):
        value = content.get(name)
        if isinstance(value, list) and value and isinstance(value[0], str | list):
            return name
    return None


def _converted(name: str, value: object) -> object:
    """The value of a tokenizer's name in attnviz's form: truth values for 0 and 1; nothing where it has no use."""
    if name in _FLAGS:
        return _each(value, lambda item: item == 1)
    if name in _SEGMENTS:
        numbers = set(np.ravel(value).tolist()) if isinstance(value, list) else set()
        return value if numbers == {0, 1} else None
    return value


def _each(value: object, convert: Callable[[object], bool]) -> object:
    if isinstance(value, list):
        return [_each(item, convert) for item in value]
    return convert(value) if isinstance(value, int | float) else value


def n_texts(fields: Mapping[str, object]) -> int | None:
    """The number of texts that the fields are about; None where they are about one, without a list of texts."""
    lists = {name: value for name, value in fields.items() if isinstance(value, list)}
    counts = [len(value) for name, value in lists.items() if _is_of_texts(name, value)]
    if not counts:  # a square mask may be of the queries and keys of one text
        masks = [lists[name] for name in _MASKS if name in lists]
        counts = [len(mask) for mask in masks if isinstance(mask[0], list) and len(mask) != len(mask[0])]
    return max(counts, default=None)


def of_one_text(fields: Mapping[str, object], number: int, n: int, where: str) -> dict[str, object]:
    """The fields of one of ``n`` texts; those that are not lists of texts belong to each.

    Raises:
        InputError: a list of another number of texts.
    """
    picked = {}
    for name, value in fields.items():
        if isinstance(value, list) and _is_of_texts(name, value):
            if len(value) not in (1, n):
                raise InputError(f"{where}: {name} is of {len(value)} texts, and the arrays are of {n}; expected {n}")
            picked[name] = value[number if len(value) == n else 0]
        elif name in _MASKS and isinstance(value, list) and len(value) == n > 1 and isinstance(value[0], list):
            picked[name] = value[number]
        else:
            picked[name] = value
    return picked


def _is_of_texts(name: str, value: Sequence[object]) -> bool:
    """Whether a list nests one deeper than that of one text."""
    if name not in _DEPTHS:
        return False
    deep, item = 0, value
    while isinstance(item, list) and item:
        item, deep = item[0], deep + 1
    return deep > _DEPTHS[name]
