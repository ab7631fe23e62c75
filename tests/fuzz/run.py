"""Runs a case inside this process, through ``main``, where errors become messages."""

import contextlib
import io
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator, Mapping
from unittest import mock

from attnviz.cli.main import main
from tests.fuzz.case import Case, write_files
from tests.fuzz.judge import Outcome, faults
from tests.fuzz.lying_hub import answering

_OWN = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE")


def faults_of(case: Case) -> list[str]:
    """What is wrong with a case's run, in a folder that is empty but for its files."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        write_files(case, folder)
        return faults(case, outcome_of(case, folder), folder)


def outcome_of(case: Case, folder: str) -> Outcome:
    """How a case ends that runs in a folder, as in a pipe."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(case.stdin)), "utf-8")
    code, raised = None, ""
    with (
        variables(case.env),
        answering(case.hub, folder),
        contextlib.chdir(folder),
        warnings.catch_warnings(record=True) as warned,
    ):
        warnings.simplefilter("always")
        with mock.patch.multiple(sys, stdin=stdin, stdout=out, stderr=err):
            try:
                code = main(list(case.argv))
            except BaseException:
                raised = traceback.format_exc()
    told = tuple(
        f"{one.category.__name__}: {one.message} ({one.filename}:{one.lineno})"
        for one in warned
        if case.hub is None or not issubclass(one.category, ResourceWarning)  # of the hub's client
    )
    data, said = (stream.buffer.getvalue() for stream in (out, err))
    return Outcome(code, data, said.decode("utf-8", "replace"), raised, told)


@contextlib.contextmanager
def variables(env: Mapping[str, str]) -> Iterator[None]:
    """The variables of a case in place of the user's own."""
    rest = {name: value for name, value in os.environ.items() if not name.startswith("ATTNVIZ_") and name not in _OWN}
    with mock.patch.dict(os.environ, {**rest, "COLUMNS": "80", "HF_HUB_OFFLINE": "1", **env}, clear=True):
        yield
