"""Weights of a few bits each: the numbers that they stand for, one tensor at a time."""

import sys
from itertools import pairwise

import gguf
import numpy as np
import pytest

import attnviz
from attnviz.checkpoints.formats.gguf import gguf_file
from attnviz.checkpoints.formats.gguf.block_types import QUANTISED_TYPES
from attnviz.checkpoints.formats.gguf.open import open_gguf
from attnviz.checkpoints.gguf.model import read_gguf
from attnviz.encoder.config.block import Block
from attnviz.encoder.parameters.seeded import SeededParams
from attnviz.errors import CheckpointError
from attnviz.model import Model
from attnviz.text.tokenizer import load_tokenizer
from tests.checkpoints.gguf.conversion import convert, permuted, write_gguf
from tests.checkpoints.gguf.recipes import RECIPES

FIELDS = {
    "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "d_model": 256, "d_ff": 512, "n_vocab": 37, "n_ctx": 64,
    "bias": False,
    "norm": "rms", "norm_placement": "pre", "gated": True, "activation": "silu", "mask": "causal", "position": "rotary",
}  # fmt: skip
KEYS = {
    "block_count": 2,
    "context_length": 64,
    "embedding_length": 256,
    "feed_forward_length": 512,
    "attention.head_count": 4,
    "attention.head_count_kv": 2,
    "attention.layer_norm_rms_epsilon": 1e-5,
}
NAMES = {
    "embed.tokens": "token_embd.weight",
    "final_norm.gain": "output_norm.weight",
    **{f"layers.{i}.norm{n}.gain": f"blk.{i}.{name}_norm.weight" for i in (0, 1) for n, name in
       ((1, "attn"), (2, "ffn"))},
    **{f"layers.{i}.attn.w{part}": f"blk.{i}.attn_{name}.weight" for i in (0, 1) for part, name in
       (("q", "q"), ("k", "k"), ("v", "v"), ("o", "output"))},
    **{f"layers.{i}.ffn.w{part}": f"blk.{i}.ffn_{name}.weight" for i in (0, 1) for part, name in
       (("g", "gate"), ("1", "up"), ("2", "down"))},
}  # fmt: skip


def q4_k(array: np.ndarray) -> np.ndarray:
    """Rows of blocks of 256 numbers in 4 bits, with scales and offsets of 6 bits for each 32 (ggml's Q4_K)."""
    parts = array.reshape(-1, 8, 32)
    low, high = np.minimum(parts.min(-1), 0), parts.max(-1)
    steps, offsets = (high - low) / 15, -low
    unit, unit_low = (np.float16(x.max(-1, keepdims=True) / 63).astype(np.float32) for x in (steps, offsets))
    scales, mins = (np.rint(x / u).clip(0, 63).astype(np.uint8) for x, u in ((steps, unit), (offsets, unit_low)))
    levels = (parts + (unit_low * mins)[..., None]) / np.maximum(unit * scales, 1e-20)[..., None]
    codes = np.rint(levels).clip(0, 15).astype(np.uint8)
    packed = np.zeros((len(parts), 12), np.uint8)
    packed[:, :4] = scales[:, :4] | (scales[:, 4:] >> 4) << 6
    packed[:, 4:8] = mins[:, :4] | (mins[:, 4:] >> 4) << 6
    packed[:, 8:] = scales[:, 4:] & 15 | (mins[:, 4:] & 15) << 4
    nibbles = codes[:, 0::2] | codes[:, 1::2] << 4
    halves = [np.float16(x).view(np.uint8).reshape(-1, 2) for x in (unit, unit_low)]
    blocks = np.concatenate([*halves, packed, nibbles.reshape(-1, 128)], axis=1)
    return blocks.reshape(array.shape[0], -1)


def quantised(array: np.ndarray, code: gguf.GGMLQuantizationType) -> np.ndarray:
    return q4_k(array) if code == gguf.GGMLQuantizationType.Q4_K else gguf.quantize(array, code)


def stored(name: str, array: np.ndarray) -> np.ndarray:
    """A native tensor as llama.cpp has it: (out, in), q and k in neighbouring pairs."""
    array = array.T if ".w" in name else array
    heads = {"wq": 4, "wk": 2}.get(name.rpartition(".")[2])
    return np.ascontiguousarray(permuted(array, heads) if heads else array)


@pytest.fixture(scope="module")
def seeded():
    return SeededParams(Block(**FIELDS), 19)


@pytest.fixture(scope="module", params=["Q8_0", "Q4_0", "Q4_K"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def path(seeded, kind, tmp_path_factory):
    path = tmp_path_factory.mktemp("gguf") / f"{kind}.gguf"
    tensors = {theirs: stored(name, seeded[name]) for name, theirs in NAMES.items()}
    write_gguf(path, "llama", KEYS, tensors, kind, quantise=quantised)
    return path


IDS = np.random.default_rng(3).integers(37, size=23)


def attention_of(params, config) -> np.ndarray:
    return attnviz.run(vectors=params.rows("embed.tokens", IDS), model=model_of(params, config)).attention


def model_of(params, config):
    return Model(config, params, load_tokenizer("word"), "test", lambda: "test", has_decoder=False)


def test_a_quantised_model_has_nearly_the_weights_and_the_attention_of_the_exact_one(path, seeded, kind):
    checkpoint = read_gguf(path)
    assert set(checkpoint.file.dtypes.values()) == {"F32", kind}
    for name in NAMES:
        step = np.abs(seeded[name]).max() / (100 if kind == "Q8_0" else 6)
        np.testing.assert_allclose(checkpoint.params[name], seeded[name], atol=step)
    near = attention_of(seeded, checkpoint.config)
    assert 0 < np.abs(attention_of(checkpoint.params, checkpoint.config) - near).mean() < 0.02


def test_rows_are_those_of_the_whole_table(path):
    params = read_gguf(path).params
    rows = params.rows("embed.tokens", IDS)
    np.testing.assert_array_equal(rows, params["embed.tokens"][IDS])


@pytest.mark.parametrize("name", sorted(QUANTISED_TYPES))
def test_every_type_gives_the_package_s_numbers(name, tmp_path, monkeypatch):
    kind, code = QUANTISED_TYPES[name], gguf.GGMLQuantizationType[name]
    random, width = np.random.default_rng(5), 2 * kind.numbers
    data = random.integers(0, 0x3B, (6, 2 * kind.bytes), np.uint8)  # bytes whose 16-bit floats are all finite
    writer = gguf.GGUFWriter(tmp_path / "a.gguf", "llama")
    writer.add_tensor("a", data.reshape(2, 3, -1), raw_dtype=code)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    monkeypatch.setattr(gguf_file, "_MOST_AT_ONCE", 2 * width)
    _, file, _ = open_gguf(tmp_path / "a.gguf")
    expected = gguf.dequantize(data, code).reshape(2, 3, width)
    assert file.shapes["a"] == expected.shape
    np.testing.assert_array_equal(file.array("a"), expected)
    np.testing.assert_array_equal(file.rows("a", np.array([1, 1, 0])), expected[[1, 1, 0]])
    assert file.array("a").dtype == np.float32


def test_of_experts_only_the_one_that_is_asked_for_becomes_numbers(tmp_path, monkeypatch):
    recipe = next(recipe for recipe in RECIPES if recipe.folder == "olmoe")
    path = tmp_path / "experts.gguf"
    keys = {"expert_count": 4, "expert_used_count": 2, **KEYS}
    random = np.random.default_rng(0)
    tensors = {theirs: random.normal(size=sizes(name)) for name, theirs in NAMES.items() if ".ffn." not in name}
    for i in (0, 1):
        tensors |= {f"blk.{i}.attn_{part}_norm.weight": np.ones(256 if part == "q" else 128) for part in "qk"}
        tensors[f"blk.{i}.ffn_gate_inp.weight"] = random.normal(size=(4, 256))
        tensors |= {f"blk.{i}.ffn_{part}_exps.weight": random.normal(size=(4, 512, 256)) for part in ("gate", "up")}
        tensors[f"blk.{i}.ffn_down_exps.weight"] = random.normal(size=(4, 256, 512))
    write_gguf(path, recipe.architecture, keys, tensors, "Q8_0")
    made = []
    numbers = gguf_file._numbers
    monkeypatch.setattr(gguf_file, "_numbers", lambda stored, kind: made.append(stored.size) or numbers(stored, kind))
    checkpoint = read_gguf(path)
    matrix = checkpoint.params["layers.1.ffn.experts.2.w1"]
    assert made == [512 * 256 // 32 * 34]
    np.testing.assert_allclose(matrix, tensors["blk.1.ffn_up_exps.weight"][2].T, atol=0.03)


def sizes(name: str) -> tuple[int, ...]:
    widths = {"wq": (256, 256), "wk": (128, 256), "wv": (128, 256), "wo": (256, 256), "tokens": (37, 256)}
    return widths.get(name.rpartition(".")[2], (256,))


def test_without_the_package_common_blocks_are_read_and_files_with_others_name_it(path, seeded, tmp_path, monkeypatch):
    tensors = {theirs: stored(name, seeded[name]) for name, theirs in NAMES.items()}
    rare = tmp_path / "rare.gguf"
    write_gguf(rare, "llama", KEYS, tensors, "Q5_0")
    assert np.isfinite(read_gguf(rare).params["layers.0.attn.wq"]).all()
    monkeypatch.setattr(gguf_file, "find_spec", lambda _: None)
    monkeypatch.setitem(sys.modules, "gguf", None)
    gguf_file._dequantiser.cache_clear()
    assert np.isfinite(read_gguf(path).params["layers.0.attn.wq"]).all()
    with pytest.raises(CheckpointError) as raised:
        read_gguf(rare)
    assert str(raised.value) == f"{rare}: its weights are Q5_0, which the gguf package reads; expected it"
    assert raised.value.hint == "pip install 'attnviz[gguf]'"


def test_a_split_model_is_its_files_together(tmp_path):
    whole, part = tmp_path / "whole.gguf", tmp_path / "part.gguf"
    convert(RECIPES[0], whole)
    convert(RECIPES[0], part, split_max_tensors=8)
    parts = sorted(tmp_path.glob("part-*.gguf"))
    assert [file.name for file in parts] == [f"part-{i:05}-of-00003.gguf" for i in (1, 2, 3)]
    expected = read_gguf(whole)
    for any_part in parts:
        split = read_gguf(any_part)
        assert split.files == tuple(parts)
        assert split.config == expected.config
        for name in expected.params:
            np.testing.assert_array_equal(split.params[name], expected.params[name])


def test_parts_that_do_not_belong_together_are_named(tmp_path):
    convert(RECIPES[0], tmp_path / "part.gguf", split_max_tensors=8)
    parts = sorted(tmp_path.glob("part-*.gguf"))
    kept = [file.read_bytes() for file in parts]
    parts[1].unlink()
    with pytest.raises(CheckpointError, match=r"part-00002-of-00003.gguf is not there; expected all 3 files"):
        read_gguf(parts[0])
    parts[1].write_bytes(kept[2])
    with pytest.raises(CheckpointError, match=r"part-00002-.*: split.no is 2 and split.count 3; expected 1 and 3"):
        read_gguf(parts[0])
    alone = tmp_path / "alone.gguf"
    alone.write_bytes(kept[0])
    with pytest.raises(CheckpointError, match=r"it is one of 3 files of a model, whose names end in -00001-of-00003"):
        read_gguf(alone)
    assert all(first != second for first, second in pairwise(kept))
