"""Tokenizers whose files have other values than a tokenizer needs: ``tokenizer.json``, and the files beside it."""

import random

from tests.fuzz.case import Case
from tests.fuzz.material import json_bytes, mutated, text
from tests.fuzz.models import bert

_WORDS = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "the": 5, "cat": 6, "sat": 7, "##s": 8}
_ADDED = [
    {
        "id": i,
        "content": word,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": True,
    }
    for word, i in list(_WORDS.items())[:5]
]
_GOOD = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": _ADDED,
    "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "lowercase": True},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
    "model": {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": _WORDS,
    },
}
_MAP = {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]", "pad_token": "[PAD]"}


def draw(rng: random.Random) -> Case:
    """The folder of a BERT with a mutated tokenizer, or a tokenizer of its own for random weights."""
    kind = rng.randrange(5)
    if kind == 0:
        argv = ("show", "the cat", "--tokenizer", "t.json", "--seed", "0", "--n-layers", "1")
        return Case(argv, {"t.json": json_bytes(rng, _GOOD)})
    if kind == 1:
        changed = {"bert/tokenizer.json": json_bytes(rng, _GOOD)}
    elif kind == 2:
        changed = {"bert/special_tokens_map.json": json_bytes(rng, _MAP)}
    elif kind == 3:
        changed = {
            "bert/tokenizer_config.json": json_bytes(rng, _MAP | {"do_lower_case": True, "model_max_length": 13})
        }
    else:
        lines = bert()["bert/vocab.txt"].split(b"\n")
        lines[rng.randrange(len(lines))] = text(rng).encode("utf-8", "surrogatepass")
        joined = b"\n".join(lines)
        changed = {"bert/vocab.txt": mutated(rng, joined) if rng.random() < 0.4 else joined}
    return Case((rng.choice(("show", "heads")), "the cat sat", "--model", "bert"), bert() | changed)
