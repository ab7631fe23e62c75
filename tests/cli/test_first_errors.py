"""The errors of a first hour: what was typed, what is allowed, what to run; legible on a terminal."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from attnviz.cli.main import main

ROOT = Path(__file__).parents[2]
GPT2 = ROOT / "tests" / "checkpoints" / "golden" / "gpt2"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_terminal(monkeypatch):
    """What a command prints to standard error, a terminal of so many columns."""
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")

    def run(*argv: str, columns: int = 80) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        stream = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", stream)
            main(list(argv))
        return stream.getvalue()

    return run


def test_an_error_is_red_on_a_terminal(on_terminal, monkeypatch):
    error = on_terminal("show", "a", "-H", "x")
    assert error.startswith("\x1b[1;31mattnviz: error:\x1b[0m head: ")
    assert "\x1b" not in on_terminal("show", "a", "-H", "x", "--color", "never")
    assert "\x1b" not in on_terminal("show", "a", "-H", "x", "--color=never")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in on_terminal("show", "a", "-H", "x")
    assert "\x1b" in on_terminal("show", "a", "--color", "always", "-H", "x")


@pytest.mark.parametrize("columns", [30, 60, 200])
def test_an_error_never_breaks_inside_a_word(cli, on_terminal, columns):
    argv = ("show", "a", "--tokenizer", "a-long-name-of-a-tokenizer-that-is-not-there")
    lines = re.sub(r"\x1b\[[\d;]*m", "", on_terminal(*argv, columns=columns)).splitlines()
    whole = cli(*argv).err
    assert " ".join(lines) == " ".join(whole.split())
    assert all(len(line) <= columns or " " not in line for line in lines)
    assert whole.count("\n") == 1  # one line in a pipe


def test_a_caret_stays_under_its_place(on_terminal):
    lines = on_terminal("heads", "a", "--where", "previous > 0.5 and and entropy < 1 or first > 0.25", columns=30)
    condition, caret = (line for line in lines.splitlines() if line.startswith(("previous", " ")))
    assert condition[caret.index("^") :].startswith("and entropy")


@pytest.mark.parametrize("command", ["heads", "check"])
def test_a_condition_that_the_shell_cut_says_so(cli, command):
    ran = cli(command, "a b", "--where", "previous" if command == "heads" else "L0H0.previous")
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == (
        'hint: put quotes around the condition, such as "previous > 0.5": the shell takes > for a file\'s name'
    )
    ran = cli(command, "a b", "--where", "previous", "0.5")
    assert ran.err.endswith('and around a condition, such as "previous > 0.5"\n')


def test_another_incomplete_condition_is_not_the_shells_fault(cli):
    assert "shell" not in cli("heads", "a b", "--where", "previous >").err


def test_a_missing_file_has_the_name_of_one_that_is_near(cli, tmp_path):
    (tmp_path / "sentences.txt").write_text("a\n")
    assert cli("show", "--file", "sentnces.txt") == (
        3,
        "",
        "attnviz: error: sentnces.txt: no such file; expected a text file\nhint: did you mean sentences.txt?\n",
    )
    assert "hint" not in cli("show", "--file", "other.txt").err


def test_a_second_segment_for_a_decoder_is_an_error(cli):
    assert cli("show", "the cat", "--pair", "sat", "-m", GPT2) == (
        3,
        "",
        "attnviz: error: pair: a second segment is given, and gpt2 puts nothing between two; expected one text\n"
        'hint: give both as one text: "the cat sat"\n',
    )
    assert cli("show", "the cat", "--pair", "sat").code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of another kind")
@pytest.mark.parametrize(("piped", "noted"), [(b"the dog\n", True), (b"", False)])
def test_a_text_that_is_piped_and_given_is_noted(piped, noted):
    reader, writer = os.pipe()
    os.write(writer, piped)
    os.close(writer)
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "attnviz", "show", "the cat", "--seed", "0"]
    try:
        ran = subprocess.run(argv, stdin=reader, env=environ, capture_output=True, text=True, check=True, timeout=60)
    finally:
        os.close(reader)
    note = "attnviz: note: the piped text is not read, as text is given; to read it: attnviz show -\n"
    assert ran.stderr == (note if noted else "")
    assert ran.stdout.startswith("the cat\n")


# One language of conditions


def test_where_has_its_older_name_in_check(cli):
    argv = ("check", "The cat sat", "--seed", "0")
    assert cli(*argv, "--that", "max(self) < 9") == cli(*argv, "--where", "max(self) < 9")
    both = cli(*argv, "--where", "max(self) < 9", "--that", "max(entropy) < 0", "--json")
    assert both.code == 1
    assert "--that" not in cli("check", "--help").out
