"""A GGUF file whose keys, sizes, types and offsets are not what its model needs."""

import random
import struct
from typing import Any

import numpy as np

from tests.fuzz.case import Case
from tests.fuzz.material import NUMBERS, mutated, text

_U32, _F32, _BOOL, _TEXT, _ARRAY = 4, 6, 7, 8, 9
_WORDS = ("<unk>", "<s>", "</s>", "▁the", "▁c", "a", "t", "▁", "<0x61>")
_KEYS: dict[str, Any] = {
    "general.architecture": "llama",
    "llama.block_count": 1,
    "llama.context_length": 32,
    "llama.embedding_length": 8,
    "llama.feed_forward_length": 8,
    "llama.attention.head_count": 2,
    "llama.attention.layer_norm_rms_epsilon": 1e-5,
    "llama.rope.dimension_count": 4,
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.tokens": list(_WORDS),
    "tokenizer.ggml.scores": [-float(i) for i in range(len(_WORDS))],
    "tokenizer.ggml.token_type": [2, 3, 3, 1, 1, 1, 1, 1, 6],
}
_SQUARE = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
_TENSORS = {
    "token_embd.weight": (8, len(_WORDS)),
    "output_norm.weight": (8,),
    **{f"blk.0.{name}.weight": (8, 8) for name in _SQUARE},
    **{f"blk.0.{name}.weight": (8,) for name in ("attn_norm", "ffn_norm")},
}
_MODELS = ("gpt2", "bert", "t5", "llama", "none", "gemma4", "rwkv")


def _text(value: str) -> bytes:
    data = value.encode("utf-8", "surrogatepass")
    return struct.pack("<Q", len(data)) + data


def _value(value: Any) -> tuple[int, bytes]:
    """The type of a value and its bytes."""
    if isinstance(value, bool):
        return _BOOL, bytes([value])
    if isinstance(value, str):
        return _TEXT, _text(value)
    if isinstance(value, list):
        kind = _value(value[0])[0] if value else _U32
        return _ARRAY, struct.pack("<IQ", kind, len(value)) + b"".join(_value(one)[1] for one in value)
    if isinstance(value, float):
        return _F32, np.float32(value).tobytes()
    return _U32, struct.pack("<I", value & 0xFFFFFFFF)


def _file(keys: dict[str, Any], tensors: dict[str, tuple[int, ...]], rng: random.Random) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys))
    for key, value in keys.items():
        kind, data = _value(value)
        head += _text(key) + struct.pack("<I", kind) + data
    at = 0
    for name, shape in tensors.items():
        sizes = struct.pack(f"<{len(shape)}Q", *(size & (2**64 - 1) for size in shape))
        head += _text(name) + struct.pack("<I", len(shape)) + sizes + struct.pack("<IQ", 0, at)
        at += -(-4 * int(np.prod([abs(size) % 100 for size in shape], dtype=int)) // 32) * 32
    return head + bytes(-len(head) % 32) + np.random.default_rng(rng.randrange(99)).random(at // 4, "f4").tobytes()


def draw(rng: random.Random) -> Case:
    """A model of one layer: with an odd key, an odd tensor, or other bytes."""
    keys, tensors = dict(_KEYS), dict(_TENSORS)
    kind = rng.randrange(5)
    if kind == 0:
        keys[rng.choice(tuple(keys))] = rng.choice((text(rng), *(int(n) for n in NUMBERS), 0.5, [], [1], [text(rng)]))
    elif kind == 1:
        keys |= {
            "tokenizer.ggml.model": rng.choice(_MODELS),
            "tokenizer.ggml.pre": rng.choice(("gpt-2", "default", text(rng))),
        }
    elif kind == 2:
        tensors[rng.choice(tuple(tensors))] = rng.choice(((0,), (8, 2**40), (2**63, 2), (), (1,) * 9, (8, 8, 8)))
    elif kind == 3:
        name = rng.choice(("tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type"))
        values = list(keys[name])
        values[rng.randrange(len(values))] = (
            rng.choice((text(rng), "")) if isinstance(values[0], str) else rng.choice((0, 99))
        )
        keys[name] = values[: rng.choice((len(values), 3, 0))] if rng.random() < 0.5 else values
    data = _file(keys, tensors, rng)
    if kind == 4:
        data = mutated(rng, data)
    command = rng.choice((("show", "the cat", "--model"), ("models",), ("heads", "the cat", "--model")))
    return Case((*command, "toy.gguf"), {"toy.gguf": data})
