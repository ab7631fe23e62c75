"""What tests of several rooms need."""

import os
from pathlib import Path

import pytest

# Before NumPy is imported: on busy cores the threads of small products wait for each other, and take ten times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The folder of all-MiniLM-L6-v2, a trained checkpoint, which ``MINILM`` names."""
    folder = Path(os.environ.get("MINILM", ""))
    if not (folder / "config.json").exists():
        pytest.fail("MINILM names no folder of all-MiniLM-L6-v2; see Development in the README")
    return folder
