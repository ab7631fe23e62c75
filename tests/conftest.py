"""What tests of several rooms need."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The folder of all-MiniLM-L6-v2, a trained checkpoint, which ``MINILM`` names."""
    folder = Path(os.environ.get("MINILM", ""))
    if not (folder / "config.json").exists():
        pytest.fail("MINILM names no folder of all-MiniLM-L6-v2; see Development in the README")
    return folder
