"""What tests of several rooms need."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.approved import UPDATE

# Before NumPy is imported: on busy cores the threads of small products wait for each other, and take ten times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Drawn examples are the same in every run, so that a change is judged by what it changed. To look for new ones, draw
# others, some times: `pytest -m hypothesis --hypothesis-profile explore`. One found becomes an @example.
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("same")


def pytest_configure(config: pytest.Config) -> None:
    """Refuses to rewrite files from several processes, which would undo each other's changes."""
    if UPDATE and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("ATTNVIZ_UPDATE_SNAPSHOTS writes files from one process: leave out -n")


@pytest.fixture
def heeds_ctrl_c() -> Iterator[None]:
    """Programs that the test starts end on Ctrl-C, also where pytest itself was started to ignore it.

    A background job of a script ignores SIGINT, and so do the programs that it starts, unless it has a handler.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The folder of all-MiniLM-L6-v2, a trained checkpoint, which ``MINILM`` names."""
    return _trained("MINILM", "all-MiniLM-L6-v2")


@pytest.fixture(scope="session")
def rxnmapper() -> Path:
    """The folder of RXNMapper's ALBERT, which ``RXNMAPPER`` names."""
    return _trained("RXNMAPPER", "albert_heads_8_uspto_all_1310k")


@pytest.fixture(scope="session")
def rxnfp() -> Path:
    """The folder with rxnfp's models, which ``RXNFP`` names."""
    return _trained("RXNFP", "rxnfp's models", "bert_ft/config.json")


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """The GGUF file of SmolLM2-135M-Instruct in Q4_1, which ``SMOLLM2`` names."""
    path = Path(os.environ.get("SMOLLM2", ""))
    if not path.is_file():
        pytest.fail("SMOLLM2 names no GGUF file of SmolLM2-135M-Instruct; see attnviz/docs/contributing.md")
    return path


def _trained(variable: str, name: str, file: str = "config.json") -> Path:
    folder = Path(os.environ.get(variable, ""))
    if not (folder / file).exists():
        pytest.fail(f"{variable} names no folder of {name}; see attnviz/docs/contributing.md")
    return folder
