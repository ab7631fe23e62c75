"""``attnviz explore``: what it refuses, and one run in a terminal of its own with a piped text."""

import os
import pty
import select
import shlex
import subprocess
import sys
import time

import pytest

from attnviz.api.pages.session import Session
from attnviz.explorer.effects import command_text
from tests.explorer.driving import after, seen


def test_an_output_that_is_no_terminal_is_an_error(cli):
    ran = cli("explore", "The cat sat")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "attnviz: error: explore: standard output is not a terminal; expected one\n"
        "hint: in a pipe, or for a file: attnviz show\n"
    )


def test_without_the_extra_one_line_says_how_to_install_it(cli, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("attnviz.explorer")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "textual", None)
    monkeypatch.setitem(sys.modules, "textual.app", None)
    ran = cli("explore", "The cat sat")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "attnviz: error: explore: needs Textual; install it with: pip install 'attnviz[explore]'\n"


def test_two_words_are_refused(cli):
    assert "from, to: the explorer opens with one word" in cli("explore", "a b", "--from", "a", "--to", "b").err


@pytest.fixture(scope="module")
def cat():
    return Session("The cat sat").following()


@pytest.mark.parametrize("keys", ["", "l", "s w", "v v", "] c", "tab tab d"])
def test_commands_that_are_copied_run(cli, cat, keys):
    sight = after(seen(cat), *keys.split())
    command = command_text(sight, "attnviz show 'The cat sat'")
    ran = cli(*shlex.split(command)[1:])
    assert (ran.code, ran.err) == (0, "")
    assert sight.head.name in ran.out


def test_it_ends_when_the_terminal_goes_without_a_signal(tmp_path):
    """As where SIGHUP is ignored; otherwise it reads the terminal's end over and over."""
    terminal, program_side = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM.replace("'explore'", "'explore', 'The cat sat'")],
        stdin=program_side,
        stdout=program_side,
        stderr=program_side,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        start_new_session=True,
        cwd=tmp_path,
    )
    os.close(program_side)
    try:
        _read_until(terminal, b"looks at")
        os.close(terminal)
        assert child.wait(timeout=60) == 129
    finally:
        child.kill()
        child.wait()


def test_a_piped_text_in_a_terminal(tmp_path):
    """Keys come from the terminal, texts from the pipe; the screen from standard output, the command at the end."""
    terminal, program_side = pty.openpty()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("ATTNVIZ_", "NO_COLOR"))}
    environ |= {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    child = subprocess.Popen(
        [sys.executable, "-c", f"import os, fcntl, termios; fcntl.ioctl(1, termios.TIOCSCTTY, 0); {_PROGRAM}"],
        stdin=subprocess.PIPE,
        stdout=program_side,
        stderr=subprocess.PIPE,
        env=environ,
        start_new_session=True,
        cwd=tmp_path,
    )
    os.close(program_side)
    try:
        child.stdin.write(b"The cat sat\nNo\n")
        child.stdin.close()
        drawn = _read_until(terminal, b"looks at")
        os.write(terminal, b"n")
        drawn += _read_until(terminal, b"No")
        os.write(terminal, b"y")
        drawn += _read_until(terminal, b"Copied")
        os.write(terminal, b"\x1b[Bqq")
        drawn += _read_until(terminal, b"attnviz show No -H")
        assert child.wait(timeout=60) == 0
    finally:
        child.kill()
        child.wait()
        os.close(terminal)
    assert b"\x1b[?1049h" in drawn
    assert b"\x1b[38;5;" in drawn or b"48;5;" in drawn
    assert child.stderr.read() == b""
    child.stderr.close()


_PROGRAM = "import sys; from attnviz.cli.main import main; sys.exit(main(['explore']))"


def _read_until(terminal: int, text: bytes) -> bytes:
    """What a program has drawn, when some text is among it."""
    drawn, end = b"", time.monotonic() + 60
    while text not in drawn:
        assert time.monotonic() < end, drawn
        if select.select([terminal], [], [], 1)[0]:
            drawn += os.read(terminal, 65536)
    return drawn
