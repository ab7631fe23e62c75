"""Snapshots: what a view printed when somebody last looked at it and approved."""

from pathlib import Path

import pytest

from tests.approved import assert_file_stored

SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture
def assert_approved():
    """Compares a text with the snapshot of that name; writes it where ``ATTNVIZ_UPDATE_SNAPSHOTS`` is set."""
    return lambda text, name: assert_file_stored(text, SNAPSHOTS / f"{name}.txt")
