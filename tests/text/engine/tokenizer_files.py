"""Small tokenizers as ``tokenizer.json`` has them, for tests that damage them."""

import copy
from typing import Any

_WORDS = ["[UNK]", "[CLS]", "[SEP]", "the", "cat", "sat", "a", "##a"]
_BYTES = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_LETTERS = [chr(b) for b in _BYTES] + [chr(256 + i) for i in range(256 - len(_BYTES))]
_TOKEN = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}


def _around(first: str, last: str, numbers: dict[str, int]) -> dict[str, Any]:
    def token(name: str, row: int) -> dict[str, Any]:
        return {"SpecialToken": {"id": name, "type_id": row}}

    single = [token(first, 0), {"Sequence": {"id": "A", "type_id": 0}}, token(last, 0)]
    return {
        "type": "TemplateProcessing",
        "single": single,
        "pair": [*single, {"Sequence": {"id": "B", "type_id": 1}}, token(last, 1)],
        "special_tokens": {name: {"id": name, "ids": [i], "tokens": [name]} for name, i in numbers.items()},
    }


_WORDPIECE = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [{"id": i, "content": _WORDS[i], **_TOKEN} for i in (1, 2)],
    "normalizer": {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": True,
        "strip_accents": None,
        "lowercase": True,
    },
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": _around("[CLS]", "[SEP]", {"[CLS]": 1, "[SEP]": 2}),
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
    "model": {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": {word: i for i, word in enumerate(_WORDS)},
    },
}
_SPLIT = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_BYTE_LEVEL = {
    "version": "1.0",
    "added_tokens": [{"id": 256, "content": "<s>", **_TOKEN}],
    "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}]},
    "pre_tokenizer": {
        "type": "Sequence",
        "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": _SPLIT}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
        ],
    },
    "post_processor": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
    "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
    "model": {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "vocab": {**{letter: i for i, letter in enumerate(_LETTERS)}, "<s>": 256, "th": 257, "the": 258},
        "merges": [["t", "h"], ["th", "e"]],
    },
}
_UNIGRAM = {
    "version": "1.0",
    "added_tokens": [{"id": i, "content": piece, **_TOKEN} for i, piece in enumerate(["<unk>", "</s>"])],
    "normalizer": {
        "type": "Sequence",
        "normalizers": [
            {"type": "NFKC"},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
        ],
    },
    "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
    "post_processor": {**_around("<unk>", "</s>", {"<unk>": 0, "</s>": 1})},
    "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
    "model": {
        "type": "Unigram",
        "unk_id": 0,
        "byte_fallback": False,
        "vocab": [["<unk>", 0.0], ["</s>", 0.0], ["▁", -2.0], ["▁the", -3.0], ["c", -4.0], ["a", -4.0], ["t", -4.0]],
    },
}


def tokenizer_files() -> dict[str, Any]:
    """New copies of all of them, by the algorithm of their model."""
    return copy.deepcopy({"WordPiece": _WORDPIECE, "BPE": _BYTE_LEVEL, "Unigram": _UNIGRAM})
