"""A command line run inside the test's process, through ``main``, where errors become messages."""

import io
import json
import os
import sys
from collections.abc import Callable
from typing import NamedTuple

import jsonschema
import pytest

from attnviz.cli.main import main
from attnviz.output.documents.schema import schema_bytes

VALIDATED = 20_000  # bytes; a longer object has the same shape and takes seconds


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, tmp_path) -> Callable[..., Ran]:
    """``cli("show", "text")`` gives the exit code and what was printed, as in a pipe; in an empty folder of its own.

    Every object that a command prints with ``--json`` is held against the schema.
    """
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
        ran = Ran(code, *(stream.buffer.getvalue().decode(encoding) for stream in (out, err)))
        if "--json" in argv:
            validate(ran.out)
        return ran

    return run


def validate(lines: str) -> None:
    """Holds each line against the schema, with the metrics that are registered now."""
    schema = jsonschema.Draft202012Validator(json.loads(schema_bytes()))
    for line in lines.removesuffix("\n").split("\n") if lines else []:  # a text may have other line ends in it
        if len(line) <= VALIDATED:
            schema.validate(json.loads(line))
