"""A large model is never in memory as a whole: tensors are widened one at a time, and pages of files are given back."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from attnviz.checkpoints import file_params
from attnviz.checkpoints.file_params import FileParams
from attnviz.checkpoints.formats.safetensors_file import SafetensorsFile

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
