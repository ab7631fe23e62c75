"""Standard error while a progress bar is on it."""

import io
import sys

import pytest

from attnviz.cli.options import CommonOptions
from attnviz.cli.streams import note, progress, sweep_progress


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


def watched_errors(monkeypatch) -> Terminal:
    """Standard error from now on."""
    made = Terminal(io.BytesIO(), "utf-8", write_through=True)
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    return made


@pytest.mark.parametrize(("size", "shows_time_left"), [(1000, True), (None, False)])
def test_a_sweep_shows_how_many_texts_how_fast_and_how_long_still(monkeypatch, size, shows_time_left):
    terminal = watched_errors(monkeypatch)
    with sweep_progress(CommonOptions(), size, prints=False) as told:
        told(1234, 500)
        told(1300, 1000)
    shown = terminal.buffer.getvalue().decode()
    assert "1,300 texts, " in shown
    assert " a second" in shown
    assert ("━" in shown) == shows_time_left
    assert ("0:00:0" in shown) == shows_time_left


@pytest.mark.parametrize(
    ("quiet", "watched", "prints", "printed_to_terminal", "expected"),
    [
        (False, True, False, True, True),
        (False, True, True, False, True),  # the values go to a file: there is room for it
        (False, True, True, True, False),
        (True, True, False, False, False),
        (False, False, False, False, False),
    ],
)
def test_progress_is_shown_only_where_it_disturbs_nobody(
    monkeypatch, quiet, watched, prints, printed_to_terminal, expected
):
    terminal = watched_errors(monkeypatch)
    monkeypatch.setattr(terminal, "isatty", lambda: watched)
    out = (Terminal if printed_to_terminal else io.TextIOWrapper)(io.BytesIO(), "utf-8")
    monkeypatch.setattr(sys, "stdout", out)
    with sweep_progress(CommonOptions(quiet=quiet), 10, prints=prints) as told:
        assert (told is not None) == expected
    assert bool(terminal.buffer.getvalue()) == expected
