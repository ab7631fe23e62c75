"""Two runs do not write into one folder at the same time."""

import os

import pytest

from attnviz.errors import OutputError
from attnviz.turns import turn_in


def test_a_folder_has_one_run_at_a_time(tmp_path):
    for _ in range(2):
        with turn_in(tmp_path / "out") as folder:
            (folder / "a").touch()
            with pytest.raises(OutputError) as caught, turn_in(folder):
                pass
            assert str(caught.value) == (
                f"{folder}: another run of attnviz writes to it; expected it to end first, or another folder"
            )
    assert os.listdir(tmp_path / "out") == ["a"]


def test_a_folder_that_nothing_was_written_to_does_not_stay(tmp_path):
    with pytest.raises(ValueError, match="fails"), turn_in(tmp_path / "out"):
        raise ValueError("fails")
    (tmp_path / "there").mkdir()
    with turn_in(tmp_path / "there"):
        pass
    assert os.listdir(tmp_path) == ["there"]
