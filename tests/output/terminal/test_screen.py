"""Colour and width are decided once, by the user's wish, the environment, and what the stream is."""

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from attnviz.output.color_choice import choose_color, color_system
from attnviz.output.terminal.screen import LinesView, Screen, print_to


class Stream(io.TextIOWrapper):
    def __init__(self, encoding="utf-8", *, is_terminal=False):
        super().__init__(io.BytesIO(), encoding, newline="", write_through=True)
        self._is_terminal = is_terminal

    def isatty(self):
        return self._is_terminal

    def text(self):
        return self.buffer.getvalue().decode(self.encoding)


class View(LinesView):
    def lines(self):
        yield [("bold 日本", Style(bold=True)), (" red", Style(color="red"))]


@pytest.mark.parametrize(
    ("flag", "environ", "is_terminal", "coloured"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0"}, True, False),
        ("auto", {"FORCE_COLOR": ""}, False, False),
        ("auto", {"FORCE_COLOR": ""}, True, True),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "0"}, False, False),
        ("auto", {"CLICOLOR": "0"}, True, False),
        ("auto", {"CLICOLOR": "1"}, False, False),
        ("auto", {"CLICOLOR": "0", "FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0", "CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, True, False),
        ("auto", {"CLICOLOR": "0"}, False, False),
        ("always", {"TERM": "dumb"}, False, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"TERM": "dumb", "FORCE_COLOR": "1"}, False, True),
        ("auto", {"GITHUB_ACTIONS": "true"}, False, False),
    ],
)
def test_whether_to_colour_is_decided_by_what_comes_first(flag, environ, is_terminal, coloured):
    assert choose_color(flag, environ, is_terminal=is_terminal) is coloured


@pytest.mark.parametrize(
    ("environ", "system"),
    [
        ({"COLORTERM": "truecolor", "TERM": "xterm"}, "truecolor"),
        ({"COLORTERM": "24bit"}, "truecolor"),
        ({"TERM": "xterm-direct"}, "truecolor"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "linux"}, "standard"),
        ({}, "256"),
    ],
)
def test_the_terminal_says_how_many_colours_it_has(environ, system):
    assert color_system(environ) == system


def test_a_pipe_is_80_wide_and_has_no_colour():
    assert Screen.of(Stream(), {}) == Screen(80, None, ascii=False)


@pytest.mark.parametrize(
    ("environ", "width", "expected"),
    [
        ({"COLUMNS": "100"}, None, 100),
        ({"COLUMNS": "100"}, 60, 60),
        ({"COLUMNS": "x"}, None, 80),
        ({"COLUMNS": "3"}, None, 20),
    ],
)
def test_the_width_is_asked_for_or_the_columns(environ, width, expected):
    assert Screen.of(Stream(), environ, width=width).width == expected


@pytest.mark.parametrize(("columns", "expected"), [(0, 80), (7, 20), (33, 33)])
def test_a_terminal_has_the_width_that_it_was_told_or_that_of_a_pipe(monkeypatch, columns, expected):
    class Terminal(Stream):
        def isatty(self):
            return True

    monkeypatch.setattr("os.get_terminal_size", lambda _: os.terminal_size((columns, 0)))
    assert Screen.of(Terminal(), {}).width == expected


@pytest.mark.parametrize(
    ("encoding", "is_ascii"), [("ascii", True), ("latin-1", True), ("utf-8", False), ("utf-16", False)]
)
def test_a_stream_that_cannot_carry_blocks_is_ascii(encoding, is_ascii):
    assert Screen.of(Stream(encoding), {}).ascii is is_ascii


def test_what_a_stream_cannot_carry_is_escaped():
    stream = Stream("ascii")
    print_to(stream, Screen(ascii=True), View(Screen(ascii=True)))
    assert stream.text() == "bold \\u65e5\\u672c red\n"


@given(st.text(max_size=20), st.sampled_from(["ascii", "latin-1", "cp1252", "utf-8"]))
def test_any_text_can_be_printed_on_any_stream(text, encoding):
    stream = Stream(encoding)
    print_to(stream, Screen(), text)
    expected = "".join(c if carries(encoding, c) else c.encode("ascii", "backslashreplace").decode() for c in text)
    assert stream.text() == expected + "\n"


def carries(encoding, character):
    try:
        return bool(character.encode(encoding))
    except UnicodeEncodeError:
        return False


@pytest.mark.parametrize(
    ("system", "text"),
    [
        (None, "bold 日本 red\n"),
        ("standard", "\x1b[1mbold 日本\x1b[0m\x1b[31m red\x1b[0m\n"),
        ("256", "\x1b[1mbold 日本\x1b[0m\x1b[31m red\x1b[0m\n"),
    ],
)
def test_styles_become_the_screens_codes_or_none_at_all(system, text):
    stream, screen = Stream(), Screen(color=system)
    print_to(stream, screen, View(screen))
    assert stream.text() == text
