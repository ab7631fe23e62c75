"""Small model folders to break: a BERT of two layers whose files are written here, without any library of theirs."""

import json
from pathlib import Path

import numpy as np

CONFIG = {
    "model_type": "bert",
    "hidden_size": 6,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 5,
    "vocab_size": 11,
    "max_position_embeddings": 13,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "hidden_act": "gelu",
}
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "##s", "un", "."]


def bert_tensors(config=CONFIG, seed=0) -> dict[str, np.ndarray]:
    """The tensors of a bare BertModel, float32, with numbers that two bytes hold exactly."""
    d, d_ff = config["hidden_size"], config["intermediate_size"]
    shapes = {
        "embeddings.word_embeddings.weight": (config["vocab_size"], d),
        "embeddings.position_embeddings.weight": (config["max_position_embeddings"], d),
        "embeddings.token_type_embeddings.weight": (config["type_vocab_size"], d),
        "embeddings.LayerNorm.weight": (d,),
        "embeddings.LayerNorm.bias": (d,),
    }
    for i in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{i}"
        linear = {f"attention.self.{name}": (d, d) for name in ("query", "key", "value")}
        linear |= {"attention.output.dense": (d, d), "intermediate.dense": (d_ff, d), "output.dense": (d, d_ff)}
        for name, shape in linear.items():
            shapes |= {f"{at}.{name}.weight": shape, f"{at}.{name}.bias": shape[:1]}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{at}.{name}.weight": (d,), f"{at}.{name}.bias": (d,)}
    rng = np.random.default_rng(seed)
    return {
        name: rng.integers(-96, 96, shape).astype(np.float32) / 64 + np.float32("LayerNorm.weight" in name)
        for name, shape in shapes.items()
    }


def write_safetensors(path: Path, tensors: dict[str, np.ndarray], dtype: str = "F32") -> None:
    """A safetensors file by the format's description: a length, a table of contents, the bytes."""
    header, blocks, end = {}, [], 0
    for name, array in tensors.items():
        data = stored(array, dtype)
        header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": [end, end + len(data)]}
        blocks.append(data)
        end += len(data)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blocks))


def write_mixed(path: Path, tensors: dict[str, tuple[str, tuple[int, ...], bytes]]) -> None:
    """A safetensors file of tensors of several types: each its type, its shape and its bytes."""
    header, end = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + len(data)]}
        end += len(data)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(data for _, _, data in tensors.values()))


def stored(array: np.ndarray, dtype: str) -> bytes:
    """An array's bytes in a number type; bfloat16 is the upper half of a float32."""
    if dtype == "BF16":
        return (np.ascontiguousarray(array, "<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return np.ascontiguousarray(array, {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I64": "<i8"}[dtype]).tobytes()


def write_shards(folder: Path, tensors: dict[str, np.ndarray], dtype: str = "F32", n: int = 3) -> None:
    """The same tensors in several files, with their index."""
    names = list(tensors)
    weight_map = {}
    for i in range(n):
        file = f"model-{i + 1:05d}-of-{n:05d}.safetensors"
        write_safetensors(folder / file, {name: tensors[name] for name in names[i::n]}, dtype)
        weight_map |= dict.fromkeys(names[i::n], file)
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def write_bert(folder: Path, tensors: dict[str, np.ndarray] | None = None, **settings: object) -> Path:
    """A whole folder: config, weights, and a vocab.txt."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG | settings))
    write_safetensors(folder / "model.safetensors", bert_tensors() if tensors is None else tensors)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    return folder


def write_older_files(folder: Path, end: str = "\n", more: str = "") -> None:
    """Writes the vocabulary files of before ``tokenizer.json`` in its place.

    Args:
        folder: it has a ``tokenizer.json``.
        end: of each line of a text file.
        more: what follows the last line.
    """
    model = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    (folder / "tokenizer.json").unlink()
    if model["type"] == "WordPiece":
        lines = sorted(model["vocab"], key=model["vocab"].get)
        (folder / "vocab.txt").write_bytes(("".join(line + end for line in lines) + more).encode())
    else:
        (folder / "vocab.json").write_text(json.dumps(model["vocab"]), encoding="utf-8")
        merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
        lines = ["#version: 0.2", *merges]
        (folder / "merges.txt").write_bytes(("".join(line + end for line in lines) + more).encode())
