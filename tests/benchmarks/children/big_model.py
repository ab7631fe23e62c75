"""Writes a Llama of random bfloat16 weights in shards: ``big_model.py FOLDER NAME TOKENIZER``."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np

SHAPES = {  # of TinyLlama 1.1B and Llama 3.2 3B: width, feed-forward, layers, heads, key heads, vocabulary
    "1.1 B": (2048, 5632, 22, 32, 4, 32000),
    "3.2 B": (3072, 8192, 28, 24, 8, 128256),
}
LAYERS_A_SHARD = 4


def tensors(shape: tuple[int, ...]) -> list[dict[str, tuple[int, int] | tuple[int]]]:
    """The sizes of the tensors of each shard, by name."""
    width, ff, layers, heads, kv_heads, vocab = shape
    kv = width // heads * kv_heads
    shards = [{"model.embed_tokens.weight": (vocab, width), "model.norm.weight": (width,)}]
    for i in range(layers):
        if i % LAYERS_A_SHARD == 0:
            shards.append({})
        at = f"model.layers.{i}."
        shards[-1] |= {
            at + f"self_attn.{name}_proj.weight": (n, width) for name, n in {"q": width, "k": kv, "v": kv}.items()
        }
        shards[-1] |= {at + "self_attn.o_proj.weight": (width, width), at + "mlp.gate_proj.weight": (ff, width)}
        shards[-1] |= {at + "mlp.up_proj.weight": (ff, width), at + "mlp.down_proj.weight": (width, ff)}
        shards[-1] |= {at + f"{name}_layernorm.weight": (width,) for name in ("input", "post_attention")}
    return shards


def bfloat16(rng: np.random.Generator, shape: tuple[int, ...]) -> bytes:
    """Random numbers as their upper halves."""
    values = rng.standard_normal(shape, np.float32)
    values = values + 1 if len(shape) == 1 else values / np.float32(shape[-1] ** 0.5)
    return (values.view(np.uint32) >> 16).astype(np.uint16).tobytes()


def write(folder: Path, name: str) -> None:
    """All shards, their index and the configuration."""
    rng, places = np.random.default_rng(0), {}
    shards = tensors(SHAPES[name])
    for number, sizes in enumerate(shards, 1):
        path = folder / f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        header, start = {}, 0
        for tensor, shape in sizes.items():
            end = start + 2 * int(np.prod(shape))
            header[tensor] = {"dtype": "BF16", "shape": shape, "data_offsets": [start, end]}
            places[tensor], start = path.name, end
        text = json.dumps(header).encode()
        with path.open("wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            for shape in sizes.values():
                file.write(bfloat16(rng, shape))
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    width, ff, layers, heads, kv_heads, vocab = SHAPES[name]
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": width, "intermediate_size": ff,
        "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": kv_heads, "vocab_size": vocab,
        "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu",
        "tie_word_embeddings": True, "torch_dtype": "bfloat16",
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2])
    for source in Path(sys.argv[3]).glob("tokenizer*.json"):
        shutil.copy(source, sys.argv[1])
    json.dump({}, sys.stdout)
