"""Commands work wherever they are started, and whatever variables of other programs say."""

import os
import subprocess
import sys

import pytest

from attnviz.cli.process.environment import keep_from_libraries

# Python itself imports a few others, such as contextlib, before the first line of the package.
HOSTILE = ("json", "numpy", "orjson", "random", "re", "rich", "tokenizers", "typer", "typing")


def test_modules_in_the_working_folder_are_not_those_of_a_command(tmp_path):
    for name in HOSTILE:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hostile')")
    (tmp_path / "texts.txt").write_text("the cat\n" * 8)
    variables = {"MPLBACKEND": "none", "NUMPY_MADVISE_HUGEPAGE": "on", "SOURCE_DATE_EPOCH": "now"}
    argv = [sys.executable, "-m", "attnviz", "show", "--file", "texts.txt", "--json", "-L", "0", "--seed", "0"]
    process = subprocess.run(argv, cwd=tmp_path, env={**os.environ, **variables}, capture_output=True, check=False)
    assert process.stderr == b""
    assert process.stdout.count(b"\n") == 8
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("variables", "kept"),
    [
        ({"MPLBACKEND": "agg"}, {}),
        ({"SOURCE_DATE_EPOCH": "0"}, {"SOURCE_DATE_EPOCH": "0"}),
        ({"SOURCE_DATE_EPOCH": "-1"}, {}),
        ({"SOURCE_DATE_EPOCH": "9" * 12}, {}),
        ({"NUMPY_MADVISE_HUGEPAGE": "1"}, {"NUMPY_MADVISE_HUGEPAGE": "1"}),
        ({"NUMPY_MADVISE_HUGEPAGE": ""}, {}),
    ],
)
def test_variables_that_libraries_fail_on_are_left_out(variables, kept):
    keep_from_libraries(variables)
    assert variables == {**kept, "PYTHONSAFEPATH": "1"}
