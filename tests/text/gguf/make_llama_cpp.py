"""Writes llama_cpp.json: small vocabularies as GGUF metadata, and the ids that llama.cpp makes of texts with them.

Needs ``pip install xllamacpp gguf tokenizers sentencepiece protobuf`` (made with xllamacpp 2026.10.11549).
"""

import io
import json
import sys
import tempfile
import urllib.request
from pathlib import Path

import gguf
import numpy as np
import sentencepiece
import xllamacpp
from sentencepiece.sentencepiece_model_pb2 import ModelProto
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

TEXTS = [
    "Hello World, it's HERE'S we'Ll DON'T",
    "12345 1234567 12 1,234.5 3rd 00012",
    "a  b   c\n\n\n d \r\n\te  ",
    "naïve déjà 日本語 中文漢字，標點。한국어",
    "$100+20=<=>^~|` [x] {y} \\z a.b,c;d",
    "iPhone XMLHttp fooBAR123baz_qux__ #!/bin//\n",
    "हिन्दी ไทย العربية، ١٢٣٤٥",
    "😀👍🏽 “quo” ½ ²³ \u3000wide e\u0301t",
    "  the <s>cat</s> sat  <x> ",
]
PRE = [
    *(
        "llama-bpe",
        "dbrx",
        "qwen2",
        "gpt-2",
        "jina-v1-en",
        "smollm",
        "gpt-4o",
        "tekken",
        "deepseek-llm",
        "deepseek-coder",
    ),
    *(
        "deepseek-v3",
        "falcon",
        "bloom",
        "viking",
        "bailingmoe",
        "seed-coder",
        "qwen35",
        "minicpm5",
        "tiny_aya",
        "kimi-k2",
    ),
    *("exaone-moe", "jais-2", "ufakzeka", "laguna", "spark2_5", "youtu", "chameleon", "superbpe", "afmoe", "default"),
]
KEY = "tokenizer.ggml."
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def merged(tokenizer, specials, size):
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=1,
        show_progress=False,
        special_tokens=specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet() if tokenizer.pre_tokenizer else [],
    )
    tokenizer.train_from_iterator(TEXTS * 2, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    return {"tokens": tokens, "merges": [" ".join(pair) for pair in model["merges"]]}


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made = merged(tokenizer, ["<s>", "</s>", "<x>"], 480)
    kinds = [3, 3, 4] + [1] * (len(made["tokens"]) - 3)
    return {"model": "gpt2", **made, "token_type": kinds, "bos_token_id": 0, "eos_token_id": 1}


def raw_pairs():
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    made = merged(tokenizer, ["<pad>", "<eos>", "<bos>", "<unk>", *BYTES], 400)
    kinds = [3, 3, 3, 2] + [6] * 256 + [1] * (len(made["tokens"]) - 260)
    ids = {"bos_token_id": 2, "eos_token_id": 1, "unknown_token_id": 3, "padding_token_id": 0}
    return {"model": "gemma4", **made, "token_type": kinds, "scores": [0.0] * len(kinds), **ids}


def pieces(kind, model_type, **options):
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS * 4),
        model_writer=stream,
        model_type=model_type,
        hard_vocab_limit=False,
        minloglevel=2,
        **options,
    )
    sp = sentencepiece.SentencePieceProcessor(model_proto=stream.getvalue())
    tokens = [sp.id_to_piece(i) for i in range(sp.get_piece_size())]
    kinds = [
        2 if sp.is_unknown(i) else 3 if sp.is_control(i) else 6 if sp.is_byte(i) else 4 if tokens[i] == "<x>" else 1
        for i in range(len(tokens))
    ]
    scores = [round(sp.get_score(i), 4) for i in range(len(tokens))]
    ids = {"bos_token_id": sp.bos_id(), "eos_token_id": sp.eos_id(), "unknown_token_id": sp.unk_id()}
    table = ModelProto.FromString(stream.getvalue()).normalizer_spec.precompiled_charsmap
    characters = {"precompiled_charsmap": list(table)} if table else {}
    return {"model": kind, "tokens": tokens, "token_type": kinds, "scores": scores, **ids, **characters}


def word_pieces():
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    starts = [
        "hello",
        "world",
        "it",
        "a",
        "b",
        "the",
        "cat",
        "s",
        "1",
        "12",
        "na",
        "deja",
        "日",
        "'",
        ",",
        "$",
        "<",
        ">",
    ]
    inside = ["ive", "s", "345", "t", "at", "c", "d"]
    tokens = [*words, *(f"▁{word}" for word in starts), *inside]
    ids = {"bos": 2, "seperator": 3, "unknown": 1, "padding": 0, "mask": 4}
    kinds = [3] * 5 + [1] * (len(tokens) - 5)
    named = {f"{name}_token_id": number for name, number in ids.items()}
    return {"model": "bert", "tokens": tokens, "token_type": kinds, **named}


def write(path, metadata):
    """A model of zeros with that tokenizer: llama.cpp reads none without a model."""
    n, d = len(metadata["tokens"]), 32
    writer = gguf.GGUFWriter(path, "llama")
    for add, value in (
        (writer.add_block_count, 1),
        (writer.add_context_length, 64),
        (writer.add_embedding_length, d),
        (writer.add_feed_forward_length, d),
        (writer.add_head_count, 1),
        (writer.add_head_count_kv, 1),
        (writer.add_layer_norm_rms_eps, 1e-5),
        (writer.add_rope_dimension_count, d),
        (writer.add_vocab_size, n),
    ):
        add(value)
    for name, value in metadata.items():
        add = {bool: writer.add_bool, int: writer.add_uint32, str: writer.add_string, list: writer.add_array}[
            type(value)
        ]
        add(KEY + name, bytes(value) if name == "precompiled_charsmap" else value)
    names = ["attn_norm", "ffn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]
    shapes = {f"blk.0.{name}.weight": (d,) if name.endswith("norm") else (d, d) for name in names}
    for name, shape in {"token_embd.weight": (n, d), "output_norm.weight": (d,), **shapes}.items():
        writer.add_tensor(name, np.zeros(shape, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def ids_of(metadata):
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/model.gguf"
        write(path, metadata)
        params = xllamacpp.CommonParams()
        params.model.path, params.n_ctx, params.warmup = path, 64, False
        server = xllamacpp.Server(params)
        rows = []
        for text in TEXTS:
            body = json.dumps({"content": text, "add_special": True, "parse_special": True}).encode()
            request = urllib.request.Request(  # noqa: S310
                f"{server.listening_address}/tokenize", body, {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                rows.append(json.load(answer)["tokens"])
        return rows


def places(rows, found):
    """Where each text's ids are among those it has had, which grow by new ones."""
    for known, ids in zip(rows, found, strict=True):
        if ids not in known:
            known.append(ids)
    return [known.index(ids) for known, ids in zip(rows, found, strict=True)]


def main():
    small = {
        "vocab_size": 390,
        "byte_fallback": True,
        "normalization_rule_name": "identity",
        "remove_extra_whitespaces": False,
    }
    rules = Path(tempfile.mkdtemp()) / "rules.tsv"
    rules.write_text("BD\t31 2F 32\nB2\t32\n65 301\tE9\n3000\t20\n")  # ½ is 1/2, ² is 2, and so on
    likely = {"vocab_size": 140, "normalization_rule_tsv": str(rules), "user_defined_symbols": ["<x>"]}
    cases = {
        "gemma4": raw_pairs(),
        "llama": pieces("llama", "bpe", **small),
        "t5": {**pieces("t5", "unigram", **likely), "remove_extra_whitespaces": True},
        "bert": word_pieces(),
    }
    plain = {"add_space_prefix": False, "add_bos_token": False, "add_eos_token": True}
    bytes_metadata = byte_level()
    rows: list[list[list[int]]] = [[] for _ in TEXTS]  # of each text, the different ids
    document = {
        "texts": TEXTS,
        "bytes": bytes_metadata,
        "rows": rows,
        "pre": {name: places(rows, ids_of({**bytes_metadata, "pre": name})) for name in PRE},
        "cases": {name: {"metadata": metadata, "ids": ids_of(metadata)} for name, metadata in cases.items()},
        "plain": {"metadata": plain, "ids": ids_of({**cases["llama"], **plain})},
    }
    path = Path(__file__).with_name("llama_cpp.json")
    path.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(path.stat().st_size, "bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
