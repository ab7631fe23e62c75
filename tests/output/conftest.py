"""Snapshots: what a view printed when somebody last looked at it and approved."""

import os
from pathlib import Path

import pytest

SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture
def assert_approved():
    """Compares a text with the snapshot of that name; writes it where ``ATTNVIZ_UPDATE_SNAPSHOTS`` is set."""

    def compare(text, name):
        path = SNAPSHOTS / f"{name}.txt"
        if os.environ.get("ATTNVIZ_UPDATE_SNAPSHOTS"):
            path.write_text(text, encoding="utf-8", newline="\n")
        assert text == path.read_text(encoding="utf-8")

    return compare
