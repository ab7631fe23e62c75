"""A command line run inside the test's process, through ``main``, where errors become messages."""

import io
import os
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from attnviz.cli.main import main


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, tmp_path) -> Callable[..., Ran]:
    """``cli("show", "text")`` gives the exit code and what was printed, as in a pipe; in an empty folder of its own."""
    for name in list(os.environ):
        if name.startswith("ATTNVIZ_") or name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)

    def run(*argv: str, stdin: str | bytes | None = None, encoding: str = "utf-8") -> Ran:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding, write_through=True) for _ in range(2))
        data = stdin.encode() if isinstance(stdin, str) else stdin or b""
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))
            code = main([str(word) for word in argv])
        return Ran(code, *(stream.buffer.getvalue().decode(encoding) for stream in (out, err)))

    return run
