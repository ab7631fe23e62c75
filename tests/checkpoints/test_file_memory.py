"""A large model is never in memory as a whole: tensors are widened one at a time, and pages of files are given back."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from attnviz.checkpoints import file_params
from attnviz.checkpoints.file_params import FileParams, TensorSource
from attnviz.checkpoints.formats.safetensors_file import SafetensorsFile
from attnviz.encoder.products import with_matrix
from attnviz.errors import CheckpointError

SIDE = 1024


def bfloat16_file(path: Path, names: tuple[str, ...]) -> SafetensorsFile:
    """A file of square matrices whose numbers are the place of their name."""
    header, size = {}, 2 * SIDE * SIDE
    for i, name in enumerate(names):
        header[name] = {"dtype": "BF16", "shape": [SIDE, SIDE], "data_offsets": [i * size, (i + 1) * size]}
    text = json.dumps(header).encode()
    parts = [np.full(SIDE * SIDE, np.float32(i).view(np.uint32) >> 16, np.uint16).tobytes() for i in range(len(names))]
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(parts))
    return SafetensorsFile(path)


@pytest.mark.parametrize(("most", "kept"), [(2**30, True), (4 * SIDE * SIDE, False)])
def test_widened_copies_are_kept_where_those_of_the_whole_model_are_few(tmp_path, monkeypatch, most, kept):
    monkeypatch.setattr(file_params, "_MOST_KEPT", most)
    names = ("a", "b")
    params = FileParams(bfloat16_file(tmp_path / "m.safetensors", names), "m", dict.fromkeys(names, (SIDE, SIDE)))
    assert (params["b"] is params["b"]) == kept
    assert [int(params[name][-1, -1]) for name in names] == [0, 1]


def stored_transposed(path: Path, numbers: np.ndarray) -> FileParams:
    """A matrix whose file has it transposed, in bfloat16."""
    text = json.dumps({"w": {"dtype": "BF16", "shape": numbers.shape, "data_offsets": [0, 2 * numbers.size]}}).encode()
    halves = (numbers.view(np.uint32) >> 16).astype(np.uint16)
    path.write_bytes(len(text).to_bytes(8, "little") + text + halves.tobytes())
    shape = numbers.shape[::-1]
    return FileParams(SafetensorsFile(path), "m", {"wq": shape}, {"wq": TensorSource("w", transposed=True)})


def test_a_matrix_that_is_not_kept_is_multiplied_some_columns_at_a_time(tmp_path, monkeypatch):
    width, m, n = 11, 29, 3
    numbers = np.random.default_rng(0).integers(-9, 9, (m, width)).astype(np.float32)
    x = np.random.default_rng(1).standard_normal((2, n, width)).astype(np.float32)
    params = stored_transposed(tmp_path / "m.safetensors", numbers)
    assert params.column_blocks("wq") is None
    assert with_matrix(x, params, "wq").shape == (2, n, m)
    monkeypatch.setattr(file_params, "_MOST_KEPT", 0)
    monkeypatch.setattr(file_params, "_BLOCK", 5 * width)
    params = stored_transposed(tmp_path / "m.safetensors", numbers)
    blocks = [block.copy() for block in params.column_blocks("wq")]
    assert [len(block) for block in blocks] == [5, 5, 5, 5, 5, 4]
    assert np.array_equal(np.concatenate(blocks), numbers)
    np.testing.assert_allclose(with_matrix(x, params, "wq"), x @ numbers.T, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(with_matrix(x[0, 0], params, "wq"), x[0, 0] @ numbers.T, rtol=1e-6, atol=1e-5)


def test_a_number_of_a_block_that_is_not_finite_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(file_params, "_MOST_KEPT", 0)
    monkeypatch.setattr(file_params, "_BLOCK", 4)
    numbers = np.ones((7, 2), np.float32)
    numbers[5, 1] = np.inf
    params = stored_transposed(tmp_path / "m.safetensors", numbers)
    with pytest.raises(CheckpointError, match=r"m: wq\[1, 5\] \(of w\) is inf; expected finite numbers"):
        with_matrix(np.ones((1, 2), np.float32), params, "wq")


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's account of a process")
def test_pages_of_a_file_that_were_copied_are_given_back(tmp_path):
    names = tuple(f"m{i}" for i in range(16))
    file = bfloat16_file(tmp_path / "m.safetensors", names)

    def resident() -> int:
        """Bytes of the file in this process's memory."""
        account = Path("/proc/self/smaps").read_text().partition(str(tmp_path / "m.safetensors"))[2]
        return 1024 * int(account.partition("Rss:")[2].split()[0])

    for i, name in enumerate(names):
        assert file.array(name)[0, 0] == i
    assert resident() < 4 * SIDE * SIDE  # of 16 times half of that
    assert file.array("m3")[5, 5] == 3
    for name in names:
        file.rows(name, np.arange(SIDE))
    assert resident() < 4 * SIDE * SIDE
