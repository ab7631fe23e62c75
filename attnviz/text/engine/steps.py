"""The steps of a ``tokenizer.json`` that are known to end without a fault: their types, fields and values."""

from collections.abc import Callable, Mapping
from typing import Any

from attnviz.text.engine.expressions import is_known_to_end
from attnviz.text.engine.ids import is_id

Check = Callable[[Any], bool]

_MOST_CHARACTERS = 64  # of a text that a step puts in


def _is_flag(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _is_short(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _MOST_CHARACTERS


def _is_filled(value: Any) -> bool:
    return _is_short(value) and bool(value)


def _is_character(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 1


def _is_few(value: Any) -> bool:
    return type(value) is int and 0 <= value <= 200


def _is_token(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and is_id(value[1])


def _is_pattern(value: Any) -> bool:
    """Whether a pattern is a text, or an expression that is known to end."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    kind, pattern = next(iter(value.items()))
    return _is_filled(pattern) if kind == "String" else isinstance(pattern, str) and is_known_to_end(pattern)


def _plain(*kinds: str) -> dict[str, dict[str, Check]]:
    """Types of steps without fields."""
    return {kind: {} for kind in kinds}


_BYTE_LEVEL: dict[str, Check] = dict.fromkeys(("add_prefix_space", "trim_offsets", "use_regex"), _is_flag)
_METASPACE: dict[str, Check] = {
    **dict.fromkeys(("replacement", "str_rep"), _is_character),
    **dict.fromkeys(("add_prefix_space", "split"), _is_flag),
    "prepend_scheme": _is_short,
}
_REPLACE: dict[str, Check] = {"pattern": _is_pattern, "content": _is_short}
_AROUND: dict[str, Check] = {"sep": _is_token, "cls": _is_token}
_BERT = ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")

# By where a step is and by its type, the fields that it may have.
KNOWN_STEPS: Mapping[str, Mapping[str, Mapping[str, Check]]] = {
    "normalizer": {
        **_plain("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel"),
        "BertNormalizer": dict.fromkeys(_BERT, _is_flag),
        "Strip": dict.fromkeys(("strip_left", "strip_right"), _is_flag),
        "Replace": _REPLACE,
        "Prepend": {"prepend": _is_filled},
        "Precompiled": {"precompiled_charsmap": lambda value: isinstance(value, str) and bool(value)},
    },
    "pre_tokenizer": {
        **_plain("BertPreTokenizer", "Whitespace", "WhitespaceSplit", "UnicodeScripts"),
        "ByteLevel": _BYTE_LEVEL,
        "Metaspace": _METASPACE,
        "Digits": {"individual_digits": _is_flag},
        "Punctuation": {"behavior": _is_short},
        "Split": {"pattern": _is_pattern, "behavior": _is_short, "invert": _is_flag},
    },
    "decoder": {
        **_plain("ByteFallback", "Fuse"),
        "ByteLevel": _BYTE_LEVEL,
        "Metaspace": _METASPACE,
        "WordPiece": {"prefix": _is_short, "cleanup": _is_flag},
        "BPEDecoder": {"suffix": _is_short},
        "Replace": _REPLACE,
        "Strip": {"content": _is_character, "start": _is_few, "stop": lambda value: value == 0},
    },
    "post_processor": {
        "ByteLevel": _BYTE_LEVEL,
        "BertProcessing": _AROUND,
        "RobertaProcessing": {**_AROUND, "trim_offsets": _is_flag, "add_prefix_space": _is_flag},
    },
}
# The fields of models, without their vocabularies.
KNOWN_MODELS: Mapping[str, Mapping[str, Check]] = {
    "BPE": {
        **dict.fromkeys(("fuse_unk", "byte_fallback", "ignore_merges"), _is_flag),
        "dropout": lambda value: value is None,
        "unk_token": lambda value: value is None or isinstance(value, str),
        "continuing_subword_prefix": lambda value: not value,
        "end_of_word_suffix": lambda value: value is None or _is_short(value),
        "merges": lambda value: isinstance(value, list),
    },
    "WordPiece": {
        "unk_token": lambda value: isinstance(value, str),
        "continuing_subword_prefix": _is_short,
        "max_input_chars_per_word": _is_few,
    },
    "WordLevel": {"unk_token": lambda value: isinstance(value, str)},
    "Unigram": {"unk_id": lambda value: value is None or is_id(value), "byte_fallback": _is_flag},
}
