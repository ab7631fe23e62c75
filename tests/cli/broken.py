"""Files with something wrong in each, for the table of error messages."""

import json
import pickle
from pathlib import Path

import numpy as np

from attnviz.checkpoints.formats.native import write_native
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.parameters.params import ArrayParams
from attnviz.encoder.parameters.seeded import SeededParams
from tests.checkpoints.folders import WORDS, bert_tensors, write_bert, write_shards

SMALL = EncoderConfig(n_layers=1, n_heads=1, d_model=2, d_ff=0, n_vocab=5, bias=False)


def write_broken_files(folder: Path) -> None:
    """Fills a folder with files that are missing something, or have too much of it."""
    texts = {
        "ok.txt": "a b\n",
        "empty.txt": "",
        "long.txt": "a b\n\na b c d\n",
        "unknown.toml": "n_head = 3\n",
        "broken.toml": "n_heads = \n",
        "table.toml": "[block]\nn_heads = 2\n",
        "five.toml": "n_heads = 5\n",
        "wrong.toml": 'n_heads = "four"\n',
        "sum.json": "[[0.5, 0.2], [0.5, 0.5]]",
        "ragged.json": "[[0.5, 0.5], [0.5]]",
        "nan.json": "[[1, NaN]]",
        "object.json": '{"a": 1}',
        "vector.json": "[1, 2]",
        "square.json": "[[1, 0], [0, 1]]",
        "named.json": '{"encoder_attentions": [[1, 0], [0, 1]], "values": "scores"}',
        "mean.json": '{"attention": [[[1.0]]], "axes": ["layer", "query", "key"], "reduce": "mean-heads"}',
        "scores.json": '{"attention": [[5.0]], "values": "scores"}',
        "ragged.csv": "1,2\n3\n",
        "three.csv": "1,2,3\n",
        "nan.csv": "1,2,nan\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "folder").mkdir()
    (folder / "latin.txt").write_bytes(b"abc\nd\xe9f\n")
    (folder / "noise.bin").write_bytes(bytes((i * 7919 + 5) % 251 for i in range(3000)))
    (folder / "pickle.pkl").write_bytes(pickle.dumps([1, 2, 3]))
    (folder / "huge.safetensors").write_bytes((2**60).to_bytes(8, "little") + b"{}")
    np.save(folder / "five.npy", np.ones((2, 2, 2, 1, 1)))
    np.save(folder / "nan.npy", np.array([[1.0, np.nan], [0.0, 1.0]]))
    np.save(folder / "short.npy", np.eye(9))
    (folder / "short.npy").write_bytes((folder / "short.npy").read_bytes()[:-10])
    claim = (folder / "nan.npy").read_bytes()
    (folder / "huge.npy").write_bytes(claim.replace(b"(2, 2)", b"(1152921504606846976,)")[:300])
    write_native(folder / "toy.npz", SMALL, SeededParams(SMALL))
    write_native(folder / "toy.safetensors", SMALL, SeededParams(SMALL))
    for name in ("toy.npz", "toy.safetensors"):
        data = (folder / name).read_bytes()
        (folder / name.replace("toy", "short")).write_bytes(data[: len(data) * 2 // 3])
    data = (folder / "toy.safetensors").read_bytes()
    (folder / "foreign.safetensors").write_bytes(data.replace(b"attnviz.config", b"another.config"))
    fields = json.dumps(SMALL.as_dict(seed=0)).replace('"', '\\"').encode()
    (folder / "header.safetensors").write_bytes(data.replace(fields, fields.replace(b"d_ff", b"d_fn")))
    tensors = {name: SeededParams(SMALL)[name].copy() for name in SeededParams(SMALL)}
    tensors["layers.0.attn.wq"][1, 0] = np.nan
    write_native(folder / "nan.safetensors", SMALL, ArrayParams(tensors))
    write_broken_models(folder)


def write_broken_models(folder: Path) -> None:
    """Model folders with one thing wrong in each."""
    good = write_bert(folder / "bert")
    tensors = bert_tensors()
    query = "encoder.layer.0.attention.self.query.weight"
    write_bert(folder / "lacks", {name: array for name, array in tensors.items() if name != query})
    write_bert(folder / "narrow", hidden_size=9)
    write_bert(folder / "odd", num_attention_heads=4)
    write_bert(folder / "relative", position_embedding_type="relative_key")
    write_bert(folder / "mamba", model_type="mamba")
    write_bert(folder / "mish", hidden_act="mish")
    write_bert(folder / "worded", num_hidden_layers="two")
    write_bert(folder / "wav2vec2", model_type="wav2vec2")
    write_bert(folder / "typeless", model_type=None)
    write_bert(folder / "nan", tensors | {query: np.full((6, 6), np.nan, np.float32)})
    write_bert(folder / "heads", {f"bert.{n}": a for n, a in tensors.items()} | {"adapter.weight": np.ones((2, 2))})

    for name in ("weightless", "pickled", "flax", "sharded", "outside", "gone", "unlisted", "damaged"):
        (write_bert(folder / name) / "model.safetensors").unlink()
    (folder / "pickled" / "pytorch_model.bin").write_bytes(b"\x80\x02}q\x00.")
    (folder / "flax" / "flax_model.msgpack").write_bytes(b"\x80")
    write_shards(folder / "sharded", tensors)
    shard = folder / "sharded" / "model-00002-of-00003.safetensors"
    shard.write_bytes(shard.read_bytes()[:-40])
    for name, file in (("outside", "../bert/model.safetensors"), ("gone", "model-2.safetensors")):
        index = {"weight_map": dict.fromkeys(tensors, file)}
        (folder / name / "model.safetensors.index.json").write_text(json.dumps(index))
    write_shards(folder / "unlisted", tensors)
    listed = folder / "unlisted" / "model.safetensors.index.json"
    index = json.loads(listed.read_text())
    index["weight_map"][query] = "model-00001-of-00003.safetensors"
    listed.write_text(json.dumps(index))
    (folder / "damaged" / "model.safetensors.index.json").write_text("{}")

    (write_bert(folder / "mute") / "vocab.txt").unlink()
    (write_bert(folder / "piece") / "vocab.txt").rename(folder / "piece" / "spiece.model")
    (write_bert(folder / "wordy") / "vocab.txt").write_text("\n".join([*WORDS, "more", "words"]) + "\n")
    (write_bert(folder / "unclosed") / "vocab.txt").write_text("[PAD]\n[UNK]\nthe\ncat\n")
    (write_bert(folder / "jumbled") / "tokenizer.json").write_text('{"model": 3}')
    (write_bert(folder / "unset") / "tokenizer_config.json").write_text("[]")
    (write_bert(folder / "garbled") / "config.json").write_text("{'model_type': 'bert'}")
    (folder / "models" / "one").mkdir(parents=True)
    (folder / "models" / "one" / "config.json").write_bytes((good / "config.json").read_bytes())
