"""A folder's tokenizer.json, written as a GGUF's metadata as llama.cpp's converter does, gives the folder's own ids."""

import json

import numpy as np
import pytest

from attnviz.text.gguf.read import read_gguf_tokenizer
from attnviz.text.pretrained import pretrained_tokenizer
from tests.checkpoints.trained import GOLDEN

KEY = "tokenizer.ggml."
TEXTS = [
    "The cat sat on the mat.",
    "Naïve  cafés, 1234 of them: don't!\n\n  WE'LL see",
    "日本語 한국어 😀 ٣٤\t x_y=z",
]
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6


def converted(described, model, **more):
    """The metadata of a tokenizer's JSON."""
    inner = described["model"]
    vocabulary = inner["vocab"]
    ids = (
        vocabulary if isinstance(vocabulary, dict) else {piece: number for number, (piece, _) in enumerate(vocabulary)}
    )
    added = {token["content"]: token for token in described["added_tokens"]}
    ids = {**ids, **{piece: token["id"] for piece, token in added.items()}}
    tokens = [f"[PAD{number}]" for number in range(max(ids.values()) + 1)]
    for piece, number in ids.items():
        tokens[number] = piece
    kinds = [_kind(piece, added, inner.get("unk_token")) for piece in tokens]
    metadata = {KEY + "model": model, KEY + "tokens": tokens, KEY + "token_type": np.array(kinds, dtype=np.int32)}
    if "merges" in inner and model == "gpt2":
        metadata[KEY + "merges"] = [pair if isinstance(pair, str) else " ".join(pair) for pair in inner["merges"]]
    if not isinstance(vocabulary, dict):
        scores = [score for _, score in vocabulary] + [-1000.0] * (len(tokens) - len(vocabulary))
        metadata[KEY + "scores"] = np.array(scores, dtype=np.float32)
    named = {KEY + name: ids[value] if name.endswith("_id") else value for name, value in more.items()}
    return metadata | named


def _kind(piece, added, unknown):
    if piece == unknown:
        return UNKNOWN
    if piece in added:
        return CONTROL if added[piece]["special"] else USER_DEFINED
    return BYTE if len(piece) == 6 and piece.startswith("<0x") else NORMAL


def around(first, last):
    return {"bos_token_id": first, "add_bos_token": True, "eos_token_id": last, "add_eos_token": True}


BERT = {"bos": "[CLS]", "seperator": "[SEP]", "unknown": "[UNK]", "padding": "[PAD]", "mask": "[MASK]"}
FOLDERS = {
    "gpt2": ("gpt2", {"pre": "gpt-2"}),
    "gpt_neox": ("gpt2", {"pre": "olmo"}),
    "llama3": ("gpt2", {"pre": "llama-bpe", "bos_token_id": "<|begin_of_text|>"}),
    "qwen2": ("gpt2", {"pre": "qwen2"}),
    "roberta": ("gpt2", {"pre": "roberta-bpe", **around("<s>", "</s>"), "seperator_token_id": "</s>"}),
    "modernbert": ("gpt2", {"pre": "modern-bert", **around("[CLS]", "[SEP]")}),
    "bert": ("bert", {f"{role}_token_id": piece for role, piece in BERT.items()}),
    "t5": ("t5", {"unknown_token_id": "<unk>", "eos_token_id": "</s>", "remove_extra_whitespaces": True}),
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_ids_are_those_of_the_folder_that_a_file_was_converted_from(folder):
    path = GOLDEN / folder / "tokenizer.json"
    described = json.loads(path.read_text(encoding="utf-8"))
    model, more = FOLDERS[folder]
    own = pretrained_tokenizer(path)
    metadata = converted(described, model, **more)
    if model == "bert":
        words = zip(metadata[KEY + "tokens"], metadata[KEY + "token_type"], strict=True)
        metadata[KEY + "tokens"] = [
            piece if kind != NORMAL else piece[2:] if piece.startswith("##") else f"▁{piece}" for piece, kind in words
        ]
    made = read_gguf_tokenizer(metadata, "model.gguf")
    for text in TEXTS:
        for pair in (None, "a cat") if folder in ("bert", "roberta", "gpt2") else (None,):
            ids = [token.id for token in made.encode(text, pair, n_vocab=10_000)]
            assert ids == [token.id for token in own.encode(text, pair, n_vocab=10_000)]
