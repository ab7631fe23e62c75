"""Weights of 8 bits with scales: int8 and fp8, one scale for all, for each row, for each group or block."""

import json
import math
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from attnviz import load, run
from attnviz.checkpoints.formats.number_types import NUMBER_TYPES
from attnviz.checkpoints.formats.tensors import open_tensors
from attnviz.checkpoints.huggingface.folder import read_folder
from attnviz.checkpoints.huggingface.storage.quantised import dequantised
from attnviz.cli.main import main
from attnviz.errors import CheckpointError
from tests.checkpoints.folders import write_mixed, write_safetensors

GOLDEN = Path(__file__).parents[1] / "golden"


def float8(code, mantissa, bias):
    """The number of a byte, from the format's definition, without infinity: the largest exponent is an ordinary one."""
    sign, exponent, fraction = code >> 7, (code & 127) >> mantissa, code & (2**mantissa - 1)
    if exponent == 0:
        return (-1) ** sign * fraction / 2**mantissa * 2 ** (1 - bias)
    return (-1) ** sign * (1 + fraction / 2**mantissa) * 2 ** (exponent - bias)


E4M3 = [math.nan if code & 127 == 127 else float8(code, 3, 7) for code in range(256)]
E5M2 = [
    (math.nan if code & 3 else (-1) ** (code >> 7) * math.inf) if code & 124 == 124 else float8(code, 2, 15)
    for code in range(256)
]


@pytest.mark.parametrize(("name", "numbers"), [("F8_E4M3", E4M3), ("F8_E5M2", E5M2)])
def test_all_numbers_of_8_bits_are_those_of_the_format(name, numbers):
    widened = NUMBER_TYPES[name].widen(np.arange(256, dtype=np.uint8))
    assert widened.dtype == np.float32
    np.testing.assert_array_equal(widened, np.array(numbers, np.float32))


def test_the_largest_numbers_and_powers_are_the_published_ones():
    assert max(number for number in E4M3 if not math.isnan(number)) == 448
    assert max(number for number in E5M2 if math.isfinite(number)) == 57344
    powers = NUMBER_TYPES["F8_E8M0"].widen(np.array([0, 127, 128, 254, 255], np.uint8))
    np.testing.assert_array_equal(powers, [2.0**-127, 1, 2, 2.0**127, math.nan])


def f32(*values):
    return struct.pack(f"<{len(values)}f", *values)


ROWS, COLUMNS = 5, 6
CODES = np.random.default_rng(0).integers(0, 255, (ROWS, COLUMNS)).astype(np.uint8)
# A name, the type, the shape of the scales, the block that config.json names, and the scale of row i and column j.
LAYOUTS = {
    "one": ((1,), None, lambda i, j: 0 * (i + j)),
    "one without axes": ((), None, lambda i, j: 0 * (i + j)),
    "a row": ((ROWS, 1), None, lambda i, j: i + 0 * j),
    "a row, one axis": ((ROWS,), None, lambda i, j: i + 0 * j),
    "groups": ((ROWS, 2), None, lambda i, j: i * 2 + j // 3),
    "blocks": ((2, 2), [4, 4], lambda i, j: (i // 4) * 2 + j // 4),
    "blocks that divide": ((5, 3), [1, 2], lambda i, j: i * 3 + j // 2),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["I8", "F8_E4M3"])
@pytest.mark.parametrize("suffix", ["_scale", "_scale_inv"])
@pytest.mark.parametrize("zero", [False, True])
def test_each_number_is_multiplied_by_its_scale(tmp_path, layout, kind, suffix, zero):
    shape, block, place = LAYOUTS[layout]
    scales = [0.5 + i / 8 for i in range(math.prod(shape))]
    zeros = [i % 3 - 1 for i in range(len(scales))] if zero else [0] * len(scales)
    codes = np.where(CODES & 127 == 127, 0, CODES).astype(np.uint8)
    tensors = {"a.weight": (kind, (ROWS, COLUMNS), codes.tobytes()), f"a.weight{suffix}": ("F32", shape, f32(*scales))}
    if zero:
        tensors["a.weight_zero_point"] = ("I8", shape, np.array(zeros, np.int8).tobytes())
    tensors |= {"a.input_scale": ("F32", (1,), f32(3)), "b.weight": ("F32", (2,), f32(1, 2))}
    write_mixed(tmp_path / "x.safetensors", tensors)
    settings = {"quantization_config": {"weight_block_size": block}}
    file, notes = dequantised(open_tensors(tmp_path / "x.safetensors"), "x", settings)
    expected = np.zeros((ROWS, COLUMNS))
    for i in range(ROWS):
        for j in range(COLUMNS):
            code, number = int(codes[i, j]), place(i, j)
            value = (code - 256 if code > 127 else code) if kind == "I8" else E4M3[code]
            expected[i, j] = (value - zeros[number]) * scales[number]
    assert dict(file.shapes) == {"a.weight": (ROWS, COLUMNS), "b.weight": (2,)}
    assert file.dtypes["a.weight"] == "F32"
    np.testing.assert_allclose(file.array("a.weight"), expected, rtol=1e-6)
    np.testing.assert_allclose(file.array("a.weight", lambda stored: stored.T[1:]), expected.T[1:], rtol=1e-6)
    np.testing.assert_allclose(file.rows("a.weight", np.array([3, 1])), expected[[3, 1]], rtol=1e-6)
    np.testing.assert_array_equal(file.array("b.weight"), [1, 2])
    assert len(notes) == 1


@pytest.mark.parametrize("shape", [(2,), (4, 1), (5, 4), (5, 2, 1), (0,), (7, 6)])
def test_scales_that_do_not_fit_are_refused(tmp_path, shape):
    scales = ("F32", shape, f32(*[1.0] * math.prod(shape)))
    write_mixed(tmp_path / "x", {"a": ("I8", (ROWS, COLUMNS), CODES.tobytes()), "a_scale": scales})
    with pytest.raises(CheckpointError, match=r"the scales of a are .*; expected one for all, one for each row, or"):
        dequantised(open_tensors(tmp_path / "x"), "x", {})


@pytest.mark.parametrize(("dtype", "size"), [("I64", 8), ("I32", 4), ("BOOL", 1), ("U8", 1)])
@pytest.mark.parametrize("factor", ["a_scale", "a_zero_point"])
def test_scales_of_a_type_that_is_not_read_are_refused(tmp_path, dtype, size, factor):
    tensors = {"a": ("I8", (2, 3), bytes(6)), "a_scale": ("F32", (1,), f32(1))}
    write_mixed(tmp_path / "x", tensors | {factor: (dtype, (1,), bytes(size))})
    with pytest.raises(CheckpointError, match=f"{factor} is {dtype}; expected floats or int8 of a scale"):
        dequantised(open_tensors(tmp_path / "x"), "x", {})


def test_a_file_without_scales_is_left_as_it_is(tmp_path):
    write_mixed(tmp_path / "x", {"a": ("I8", (2,), b"ab"), "b_scale": ("F32", (1,), f32(1))})
    file = open_tensors(tmp_path / "x")
    assert dequantised(file, "x", {}) == (file, ())


def scales_of(array, how):
    """An array in 8 bits: codes, scales, and the numbers that they stand for."""
    rows = np.abs(array).max(axis=1, keepdims=True) / 127
    if how == "int8":
        codes = np.round(array / rows).astype(np.int8)
        return ("I8", codes.tobytes()), rows, codes * rows.astype(np.float32)
    blocks = [math.ceil(size / 4) for size in array.shape]
    scale = 1 + np.arange(math.prod(blocks)).reshape(blocks) / 4
    table = np.array(E4M3, np.float32)
    full = np.repeat(np.repeat(scale, 4, 0), 4, 1)[: array.shape[0], : array.shape[1]]
    codes = np.nanargmin(np.abs(table[:, None, None] - array / full), axis=0).astype(np.uint8)
    return ("F8_E4M3", codes.tobytes()), scale, table[codes] * full.astype(np.float32)


@pytest.fixture
def folders(tmp_path):
    """A golden folder with its matrices in 8 bits, and the same with the numbers that those stand for."""

    def made(how):
        file = open_tensors(GOLDEN / "llama" / "model.safetensors")
        mixed, plain = {}, {}
        for name in file.shapes:
            array = np.array(file.array(name))
            if not name.endswith("_proj.weight"):
                mixed[name], plain[name] = ("F32", array.shape, array.astype("<f4").tobytes()), array
                continue
            (dtype, codes), scale, numbers = scales_of(array, how)
            mixed[name] = (dtype, array.shape, codes)
            mixed[f"{name}_scale{'_inv' * (how == 'fp8')}"] = ("F32", scale.shape, scale.astype("<f4").tobytes())
            plain[name] = numbers
        config = json.loads((GOLDEN / "llama" / "config.json").read_text())
        quantised = {
            "int8": {"quant_method": "compressed-tensors", "format": "int-quantized", "ignore": ["lm_head"]},
            "fp8": {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [4, 4], "activation_scheme": "dynamic"},
        }
        for at, more in (("plain", {}), ("bits", {"quantization_config": quantised[how]})):
            shutil.copytree(GOLDEN / "llama", tmp_path / at, ignore=shutil.ignore_patterns("golden.npz", "*.safe*"))
            (tmp_path / at / "config.json").write_text(json.dumps(config | more))
        write_safetensors(tmp_path / "plain" / "model.safetensors", plain)
        write_mixed(tmp_path / "bits" / "model.safetensors", mixed)
        return tmp_path / "bits", tmp_path / "plain"

    return made


@pytest.mark.parametrize("how", ["int8", "fp8"])
def test_a_folder_gives_the_attention_of_the_numbers_that_its_bits_stand_for(folders, how):
    bits, plain = (load(model=folder) for folder in folders(how))
    text = "The dog read unbelievable letters."
    np.testing.assert_allclose(run(text, model=bits).attention, run(text, model=plain).attention, atol=1e-6)
    original = run(text, model=load(model=GOLDEN / "llama")).attention
    assert np.abs(run(text, model=bits).attention - original).max() > 1e-4
    assert bits.unknown == ()
    assert bits.notes == (f"its weights are {how} with scales: they are multiplied, and activations are not rounded",)


def test_a_native_file_of_it_has_the_numbers(folders, tmp_path):
    bits, plain = folders("fp8")
    assert main(["weights", "convert", str(bits), "-o", str(tmp_path / "x.safetensors"), "-q"]) == 0
    text = "The dog read unbelievable letters."
    again = run(text, model=load(tmp_path / "x.safetensors")).attention
    np.testing.assert_allclose(again, run(text, model=load(model=plain)).attention, atol=1e-6)


def test_fp8_without_scales_is_a_float_like_any_other(folders, tmp_path):
    bits, _ = folders("fp8")
    file = open_tensors(bits / "model.safetensors")
    codes = {name: file.shapes[name] for name in file.shapes if not name.endswith("_inv")}
    raw = (bits / "model.safetensors").read_bytes()
    mixed = {
        name: (file.dtypes[name], shape, raw[file.place(name) :][: math.prod(shape) * (1 if "proj" in name else 4)])
        for name, shape in codes.items()
    }
    write_mixed(bits / "model.safetensors", mixed)
    params = read_folder(bits).params
    assert set(np.unique(np.abs(params["layers.0.attn.wq"]))) <= set(np.abs(np.array(E4M3, np.float32)))


def test_a_scale_that_is_not_finite_is_refused(folders):
    bits, _ = folders("int8")
    path = bits / "model.safetensors"
    place = open_tensors(path).place("model.layers.0.self_attn.q_proj.weight_scale")
    data = bytearray(path.read_bytes())
    data[place : place + 4] = f32(math.nan)
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="is nan; expected finite numbers"):
        run("The dog", model=load(model=bits))
