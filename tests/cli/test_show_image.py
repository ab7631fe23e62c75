"""``show --image`` in a terminal that the test plays: one that answers, one that does not, one that babbles."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from base64 import b64decode

import pytest

from attnviz.cli.images.conversation import ask
from attnviz.output.terminal.images.answers import is_complete
from tests.output.terminal.images.sixel_reader import drawn

DA1 = b"\x1b[c"
KITTY, SIXEL, NONE = b"\x1b_Gi=31;OK\x1b\\\x1b[?62c", b"\x1b[?62;4c", b"\x1b[?62c"
MOST = 60.0  # seconds that a test waits for what must come at once

# The terminal becomes that of the program, as a shell has it; "background" leaves it in a group of its own.
STARTER = """
import fcntl, subprocess, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
how, *words = sys.argv[1:]
if how == "background":
    sys.exit(subprocess.run([sys.executable, "-m", "attnviz", *words], process_group=0).returncode)
from attnviz.cli.main import main
sys.exit(main(words))
"""


class PlayedTerminal:
    """A terminal of 100 columns whose answers are those of the test.

    Args:
        answer: what it writes when it is asked.
        size: rows, columns, width and height in pixels.
    """

    def __init__(self, answer: bytes, size=(40, 100, 900, 720)):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size))
        self.answer, self.printed, self.asked = answer, b"", False
        self.before = termios.tcgetattr(self.slave)

    def close(self) -> None:
        os.close(self.master)
        os.close(self.slave)

    def run(self, *words: str, how: str = "foreground", **environ: str) -> int:
        """Runs ``attnviz`` with the terminal as its three streams; the exit code."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("TMUX", "STY", "TERM"))}
        streams = {"stdin": self.slave, "stdout": self.slave, "stderr": self.slave}
        with subprocess.Popen(
            [sys.executable, "-c", STARTER, how, *words],
            **streams,
            start_new_session=True,
            env={**clean, "TERM": "xterm-256color", **environ},
        ) as program:
            end = time.monotonic() + MOST
            while program.poll() is None:
                assert time.monotonic() < end, self.printed
                self._read(0.05)
            while self._read(0):
                pass
            return program.returncode

    def _read(self, seconds: float) -> bool:
        """Reads what is printed, and answers the first question."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        self.printed += os.read(self.master, 65536)
        if DA1 in self.printed and not self.asked:
            self.asked = True
            os.write(self.master, self.answer)
        return True

    @property
    def text(self) -> str:
        """What is printed after the conversation, with plain line ends."""
        return self.printed.rpartition(b"\r\x1b[K")[2].decode().replace("\r\n", "\n")


@pytest.fixture
def terminal(request):
    made = PlayedTerminal(request.param)
    yield made
    assert termios.tcgetattr(made.slave) == made.before
    made.close()


@pytest.mark.parametrize("terminal", [SIXEL], indirect=True)
def test_a_sixel_terminal_gets_a_picture_that_fits_it(terminal):
    assert terminal.run("show", "the cat sat", "--image", "-H", "L2H8") == 0
    above, escape, rest = terminal.text.partition("\x1bP")
    picture, _, below = rest.partition("\x1b\\")
    pixels = drawn(f"{escape}{picture}\x1b\\")
    assert re.sub(r"\x1b\[[\d;]*m", "", above) == "the cat sat\n"
    assert below == "\n"
    assert (pixels[..., 3] == 255).all()
    assert 300 < pixels.shape[1] <= 900
    assert 300 < pixels.shape[0] <= 720 - 8 * 18
    assert len({tuple(color) for color in pixels.reshape(-1, 4)}) > 16


@pytest.mark.parametrize("terminal", [KITTY], indirect=True)
def test_without_a_selection_the_head_that_says_most_is_drawn_and_others_have_lines(terminal):
    assert terminal.run("show", "the cat sat on the table", "--image") == 0
    pictures = re.findall(r"\x1b_Ga=T[^;]*;", terminal.text)
    assert len(pictures) == 1
    assert "L2H1" in terminal.text
    assert "32 more heads" in terminal.text
    assert "100" not in re.sub(r"\x1b_G.*?\x1b\\", "", terminal.text)  # no table


@pytest.mark.parametrize("terminal", [b"\x1bP>|iTerm2 3.5.0\x1b\\" + NONE], indirect=True)
def test_every_selected_head_is_a_picture(terminal):
    assert terminal.run("show", "the cat sat", "--image", "-H", "L2H8,L1H7") == 0
    pictures = re.findall(r"\x1b\]1337;File=[^:]*:([^\x07]*)\x07\n", terminal.text)
    assert len(pictures) == 2
    assert all(b64decode(data).startswith(b"\x89PNG") for data in pictures)


TABLE = "L2H8 of tiny (3 layers x 12 heads): rows look at columns, in percent"


@pytest.mark.parametrize(
    ("terminal", "reason"),
    [
        (NONE, "this terminal draws no pictures; expected one with kitty graphics, iTerm2 images or Sixel"),
        (b"", "the terminal did not answer within 1 s"),
        (b"zzz\x1b[\xff\x1b\\;;4", "the terminal did not answer within 1 s"),
        (b"x" * 5000, "the terminal did not answer within 1 s"),
    ],
    indirect=["terminal"],
)
def test_without_pictures_one_note_says_why_and_the_table_is_printed(terminal, reason):
    assert terminal.run("show", "the cat sat", "--image", "-H", "L2H8") == 0
    plain = re.sub(r"\x1b\[[\d;]*m", "", terminal.text)
    assert " ".join(plain.split()).startswith(f"attnviz: note: image: {reason}; printing text the cat sat ")
    assert TABLE in plain


@pytest.mark.parametrize("terminal", [SIXEL], indirect=True)
def test_quiet_leaves_out_the_note(terminal):
    terminal.answer = NONE
    assert terminal.run("show", "the cat sat", "--image", "-H", "L2H8", "-q") == 0
    assert "note" not in terminal.text


@pytest.mark.parametrize("terminal", [SIXEL], indirect=True)
def test_a_program_in_the_background_asks_nothing(terminal):
    assert terminal.run("show", "the cat sat", "--image", how="background") == 0
    assert DA1 not in terminal.printed
    assert b"attnviz runs in the background" in terminal.printed


@pytest.mark.parametrize("terminal", [SIXEL], indirect=True)
def test_a_dumb_terminal_is_not_asked(terminal):
    assert terminal.run("show", "the cat sat", "--image", TERM="dumb") == 0
    assert DA1 not in terminal.printed
    assert b"TERM is dumb" in terminal.printed


@pytest.mark.parametrize("terminal", [NONE], indirect=True)
def test_tmux_without_sixel_says_what_would_help_and_gets_no_question_of_kitty(terminal):
    assert terminal.run("show", "the cat sat", "--image", TMUX="socket,1,0", TERM="tmux-256color") == 0
    assert b"\x1b_G" not in terminal.printed
    assert "expected tmux 3.4 or newer" in " ".join(terminal.text.split())


@pytest.mark.parametrize("terminal", [b"\x03"], indirect=True)
@pytest.mark.usefixtures("heeds_ctrl_c")
def test_ctrl_c_while_it_waits_leaves_the_terminal_as_it_was(terminal):
    assert terminal.run("show", "the cat sat", "--image") == 130


@pytest.mark.parametrize("terminal", [SIXEL], indirect=True)
def test_without_the_option_no_terminal_is_asked(terminal):
    assert terminal.run("show", "the cat sat") == 0
    assert DA1 not in terminal.printed


def test_a_pipe_gets_the_table_and_a_note(cli):
    ran = cli("show", "the cat sat", "--image", "-H", "L2H8")
    assert (ran.code, ran.err) == (0, "attnviz: note: image: standard output is not a terminal; printing text\n")
    assert ran.out == cli("show", "the cat sat", "-H", "L2H8").out


def test_what_is_typed_after_the_answer_stays_for_whoever_reads_next():
    master, slave = pty.openpty()
    try:
        os.write(master, b"\x1b[?62;4cls\n")
        assert ask(slave, DA1, is_complete) == b"\x1b[?62;4c"
        assert os.read(slave, 100) == b"ls\n"
    finally:
        os.close(master)
        os.close(slave)


def test_an_answer_in_pieces_is_put_together():
    master, slave = pty.openpty()
    gone = threading.Event()

    def answer() -> None:
        for piece in (b"\x1b", b"[?", b"62;4", b"c"):
            os.write(master, piece)
            gone.wait(0.02)

    player = threading.Thread(target=answer)
    player.start()
    try:
        assert ask(slave, DA1, is_complete, seconds=MOST) == b"\x1b[?62;4c"
    finally:
        player.join()
        os.close(master)
        os.close(slave)


def test_half_an_answer_is_not_left_for_whoever_reads_next():
    master, slave = pty.openpty()
    try:
        os.write(master, b"\x1b[?62")
        assert ask(slave, DA1, is_complete, seconds=0.1) == b"\x1b[?62"
        assert not select.select([slave], [], [], 0)[0]
    finally:
        os.close(master)
        os.close(slave)
