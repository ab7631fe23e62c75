"""Standard error while a progress bar is on it."""

import io
import sys

import pytest

from attnviz.cli.options import CommonOptions
from attnviz.cli.streams import note, progress


class Terminal(io.TextIOWrapper):
    """A stream that says that somebody watches."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "attnviz: note: unknown: 猫, שלום"),
        ("ascii", r"attnviz: note: unknown: \u732b, \u05e9\u05dc\u05d5\u05dd"),
    ],
)
def test_notes_beside_a_progress_bar_keep_the_characters_that_the_terminal_has(monkeypatch, encoding, said):
    terminal = Terminal(io.BytesIO(), encoding, write_through=True)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    common = CommonOptions()
    with progress(common, "texts") as step:
        step(1, 2)
        note(common, "unknown: 猫, שלום")
        assert sys.stderr is not terminal
    assert sys.stderr is terminal
    out = terminal.buffer.getvalue().decode(encoding)
    assert said in out
    assert "texts" in out
