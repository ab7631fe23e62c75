"""Files of ``torch.save``: the tensors that PyTorch itself wrote, and what only other writers do."""

import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from attnviz.checkpoints.formats.number_types import NUMBER_TYPES
from attnviz.checkpoints.formats.tensors import open_tensors
from tests.checkpoints.formats.pytorch.pytorch_files import (
    HOOKS,
    named,
    state,
    storage,
    tensor,
    text,
    tuple_of,
    whole,
    write_legacy,
    write_zip,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "pytorch"
FILES = ["zip.bin", "legacy.bin", "zip-protocol4.bin", "legacy-protocol4.bin", "run.bin"]
NUMBERS = np.arange(6, dtype="<f4")


@pytest.mark.parametrize("name", FILES)
def test_tensors_are_those_that_pytorch_wrote(name):
    file = open_tensors(GOLDEN / name)
    assert file.format == "pytorch"
    with np.load(GOLDEN / "numbers.npz") as expected:
        assert set(file.shapes) == set(expected.files)
        for tensor_name, numbers in expected.items():
            assert file.shapes[tensor_name] == numbers.shape
            if file.dtypes[tensor_name] in NUMBER_TYPES:
                array = file.array(tensor_name)
                assert array.dtype == (np.float64 if tensor_name == "float64" else np.float32)
                np.testing.assert_array_equal(array, numbers.astype(array.dtype))
                assert array.flags.aligned


@pytest.mark.parametrize("name", FILES)
def test_types_are_named_as_in_safetensors(name):
    dtypes = open_tensors(GOLDEN / name).dtypes
    names = ("float32", "float64", "float16", "bfloat16", "int64", "uint8", "int8", "bool")
    assert [dtypes[kind] for kind in names] == ["F32", "F64", "F16", "BF16", "I64", "U8", "I8", "BOOL"]


@pytest.mark.parametrize("name", FILES)
def test_rows_are_those_of_the_whole_table(name):
    file = open_tensors(GOLDEN / name)
    for tensor_name in ("float32", "bfloat16", "transposed", "every_second", "expanded"):
        np.testing.assert_array_equal(file.rows(tensor_name, np.array([2, 0])), file.array(tensor_name)[[2, 0]])


def test_numbers_are_the_file_s_own_pages_and_read_only():
    array = open_tensors(GOLDEN / "zip.bin").array("float32")
    base = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    assert isinstance(base, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_only_what_is_asked_for_is_read(tmp_path):
    numbers = np.zeros(2**22, "<f4")
    steps = {name: tensor((2**11, 2**11), (2**11, 1), source=storage(name, 2**22)) for name in ("a", "b", "c")}
    path = write_zip(tmp_path / "x.bin", state(**steps), dict.fromkeys(steps, numbers.tobytes()))
    tracemalloc.start()
    try:
        file = open_tensors(path)
        file.rows("b", np.array([7]))
        assert file.array("a").shape == (2**11, 2**11)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.1 * numbers.nbytes  # one of the three, copied as its place is not a word's


def test_numbers_of_a_big_endian_machine_are_read(tmp_path):
    path = write_zip(tmp_path / "x.bin", state(a=tensor()), {"0": NUMBERS.astype(">f4").tobytes()}, order="big")
    np.testing.assert_array_equal(open_tensors(path).array("a"), NUMBERS.reshape(2, 3))
    upper = (NUMBERS.view("<u4") >> 16).astype(">u2").tobytes()
    steps = state(a=tensor(source=storage(kind="BFloat16Storage")))
    path = write_zip(tmp_path / "y.bin", steps, {"0": upper}, order="big")
    np.testing.assert_array_equal(open_tensors(path).array("a"), NUMBERS.reshape(2, 3))


@pytest.mark.parametrize("root", ["archive", "pytorch_model", "modèle"])
@pytest.mark.parametrize("order", ["little", None])
@pytest.mark.parametrize("packed", [False, True])
def test_members_may_be_packed_and_have_any_root(tmp_path, root, order, packed):
    storages = {"0": NUMBERS.tobytes()}
    path = write_zip(tmp_path / "x.bin", state(a=tensor()), storages, order=order, packed=packed, root=root)
    file = open_tensors(path)
    np.testing.assert_array_equal(file.array("a"), NUMBERS.reshape(2, 3))
    np.testing.assert_array_equal(file.rows("a", np.array([1])), [[3, 4, 5]])


def test_a_part_of_a_storage_begins_at_its_offset(tmp_path):
    part = tuple_of(text("part"), whole(2), whole(4))
    steps = state(a=tensor((2,), (1,), offset=1, source=storage(more=part)))
    path = write_legacy(tmp_path / "x.bin", steps, {"0": NUMBERS.tobytes()})
    np.testing.assert_array_equal(open_tensors(path).array("a"), [3, 4])


def test_a_tensor_of_nothing_may_begin_anywhere(tmp_path):
    path = write_zip(tmp_path / "x.bin", state(a=tensor((0, 3), offset=7), b=tensor()), {"0": NUMBERS.tobytes()})
    assert open_tensors(path).array("a").shape == (0, 3)


def test_pickles_of_python_2_are_read(tmp_path):
    """Texts without encoding, and ordered dictionaries made of a list of pairs."""
    pair = b"](U\x01a" + tensor() + b"e"
    steps = b"\x80\x02" + named("collections", "OrderedDict") + b"](" + pair + b"e\x85R."
    path = write_legacy(tmp_path / "x.bin", steps, {"0": NUMBERS.tobytes()})
    assert open_tensors(path).shapes == {"a": (2, 3)}


def test_a_parameter_is_its_tensor_and_other_values_are_left_out(tmp_path):
    steps = named("torch._utils", "_rebuild_parameter") + tuple_of(tensor(), b"\x88", HOOKS) + b"R"
    pickle = state(weight=steps, epoch=b"K\x03", rate=b"G" + b"\x3f\xe0" + bytes(6), words=b"](NX\x00\x00\x00\x00e")
    path = write_zip(tmp_path / "x.bin", pickle, {"0": NUMBERS.tobytes()})
    assert open_tensors(path).shapes == {"weight": (2, 3)}


@pytest.mark.parametrize("name", ["state_dict", "model_state_dict", "model"])
def test_the_tensors_of_a_training_run_are_those_of_its_model(tmp_path, name):
    inner = b"}" + text("a") + tensor() + b"s"
    pickle = b"\x80\x02}(" + text("other") + tensor() + text(name) + inner + b"u."
    path = write_zip(tmp_path / "x.bin", pickle, {"0": NUMBERS.tobytes()})
    assert set(open_tensors(path).shapes) == {"a"}


@pytest.mark.parametrize("write", [write_zip, write_legacy])
def test_the_tensors_of_an_optimiser_are_left_out(tmp_path, write):
    numbers = np.arange(6, dtype="<f4").tobytes()
    inner = [b"}" + text(name) + tensor(source=storage(key)) + b"s" for name, key in (("a", "0"), ("m", "1"))]
    pickle = b"\x80\x02}(" + text("model") + inner[0] + text("optimizer") + inner[1] + b"u."
    file = open_tensors(write(tmp_path / "x.bin", pickle, {"1": bytes(24), "0": numbers}))
    assert file.array("a").tobytes() == numbers
    assert list(file.shapes) == ["a"]


def test_opening_needs_no_pickle_module():
    assert not {"pickle", "pickletools", "torch"} & set(
        vars(sys.modules["attnviz.checkpoints.formats.pytorch.pickles"])
    )
