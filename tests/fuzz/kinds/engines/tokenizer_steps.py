"""A ``tokenizer.json`` with steps, expressions and numbers that the library panics on, or that it never ends with."""

import json
import random
from typing import Any

from tests.fuzz.case import Case
from tests.fuzz.material import json_bytes
from tests.text.engine.tokenizer_files import tokenizer_files

_EXPRESSIONS = ("(a+)+b", "(?:a|a)*$", "(?=a)", "", "(", r"\s*", "a{99999}{9999}", r"\G", ".*?", "(?!.)", "[", "a|b*")
_PATTERNS: tuple[Any, ...] = (*({"Regex": one} for one in _EXPRESSIONS), {"String": ""}, {"String": "a"}, {}, None)
_STEPS: dict[str, tuple[dict[str, Any], ...]] = {
    "normalizer": (
        {"type": "Prepend", "prepend": ""},
        {"type": "Precompiled", "precompiled_charsmap": "AAAA"},
        {"type": "Sequence", "normalizers": []},
        {"type": "Strip", "strip_left": True},
    ),
    "pre_tokenizer": (
        {"type": "FixedLength", "length": 0},
        {"type": "CharDelimiterSplit", "delimiter": ""},
        {"type": "Punctuation", "behavior": "MergedWithNext"},
        {"type": "Metaspace", "replacement": "", "prepend_scheme": "first"},
        {"type": "Digits", "individual_digits": True},
    ),
    "decoder": ({"type": "Strip", "content": "t", "start": 2**40, "stop": 9}, {"type": "Fuse"}, {"type": "CTC"}),
    "post_processor": (
        {"type": "Sequence", "processors": []},
        {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "B", "type_id": 0}}], "special_tokens": {}},
        {"type": "BertProcessing", "sep": ["none", 2**31], "cls": ["", -1]},
    ),
}
_MODEL = {
    "continuing_subword_prefix": ("longer", "é", "", None),
    "max_input_chars_per_word": (0, 2**63, -1),
    "unk_id": (99, None, -1),
    "unk_token": ("none", "", None),
    "dropout": (0.5, 2.0, "a"),
    "byte_fallback": (True, 1),
    "end_of_word_suffix": ("</w>", "é"),
    "type": ("BPE", "WordLevel", "Unigram", "WordPiece", "", None),
}


def draw(rng: random.Random) -> Case:
    """A tokenizer of one of three algorithms, with one unusual part, or with mutations anywhere."""
    described = rng.choice(list(tokenizer_files().values()))
    kind = rng.randrange(5)
    place = rng.choice(tuple(_STEPS))
    if kind == 0:
        described[place] = rng.choice(_STEPS[place])
    elif kind == 1:
        described["normalizer"] = {"type": "Replace", "pattern": rng.choice(_PATTERNS), "content": "x"}
    elif kind == 2:
        behavior = {"behavior": "Isolated", "invert": rng.random() < 0.5}
        described["pre_tokenizer"] = {"type": "Split", "pattern": rng.choice(_PATTERNS), **behavior}
    elif kind == 3:
        name = rng.choice(tuple(_MODEL))
        described["model"][name] = rng.choice(_MODEL[name])
    data = json_bytes(rng, described, most=2 if kind == 4 else 1) if kind > 2 or rng.random() < 0.1 else None
    text = rng.choice(("the cat", "the " + "a" * 30 + "!", "e\u0301 日本 <s>", "💥"))
    argv = (rng.choice(("show", "heads")), text, "--tokenizer", "t.json", "--seed", "0", "--n-layers", "1")
    return Case(argv, {"t.json": data or json.dumps(described).encode()})
