"""What terminals answer, and what is made of it."""

import pytest

from attnviz.output.terminal.images.answers import WindowSize, image_screen, is_complete, query

KITTY = b"\x1b_Gi=31;OK\x1b\\"
SIXEL, NO_SIXEL = b"\x1b[?63;1;4;22c", b"\x1b[?62;22;14;40;24c"
PLAIN = WindowSize(24, 80, 640, 384)


def named(name: str) -> bytes:
    return b"\x1bP>|" + name.encode() + b"\x1b\\"


@pytest.mark.parametrize(
    ("answers", "environ", "protocol"),
    [
        (KITTY + SIXEL, {}, "kitty"),
        (KITTY + named("WezTerm 20240203") + SIXEL, {}, "kitty"),
        (b"\x1b_Gi=31;ENOTSUPPORTED:no\x1b\\" + NO_SIXEL, {}, None),
        (b"\x1b_Gi=32;OK\x1b\\" + NO_SIXEL, {}, None),  # the answer to another question
        (named("iTerm2 3.5.0") + SIXEL, {}, "iterm2"),
        (named("mintty 3.6.1") + NO_SIXEL, {}, "iterm2"),
        (named("WezTerm 20240203") + SIXEL, {}, "iterm2"),
        (named("XTerm(379)") + SIXEL, {}, "sixel"),
        (named("XTerm(379)") + NO_SIXEL, {}, None),
        (NO_SIXEL, {}, None),
        (b"\x1b[?64c", {}, None),
        (b"\x1b[?c", {}, None),
        (b"\x1b[?4c", {}, "sixel"),
        (b"\x1b[?1;2;44c", {}, None),
        (b"", {}, None),
        (b"ls -l\n", {}, None),
        (b"ls\n" + SIXEL, {}, "sixel"),  # typed meanwhile
        (NO_SIXEL, {"TERM_PROGRAM": "iTerm.app"}, "iterm2"),
        (NO_SIXEL, {"LC_TERMINAL": "iTerm2"}, "iterm2"),  # over ssh
        (b"", {"TERM_PROGRAM": "iTerm.app"}, None),  # no answer: a name alone is not enough
        (named("XTerm(379)") + NO_SIXEL, {"LC_TERMINAL": "iTerm2"}, None),  # the name of where we came from
        (NO_SIXEL, {"LC_TERMINAL": "iTerm2", "TMUX": "socket,1,0"}, None),
        (named("tmux 3.5a") + SIXEL, {"LC_TERMINAL": "iTerm2", "TMUX": "x"}, "sixel"),
        (NO_SIXEL, {"LC_TERMINAL": "iTerm2", "TERM": "screen-256color"}, None),
    ],
)
def test_the_protocol_is_what_the_terminal_answers(answers, environ, protocol):
    images = image_screen(answers, PLAIN, environ)
    assert (images.protocol if images else None) == protocol


@pytest.mark.parametrize(
    ("window", "sizes", "cell"),
    [
        (WindowSize(24, 80, 720, 432), b"", (9, 18)),
        (WindowSize(24, 80, 725, 432), b"\x1b[6;18;9t", (725 / 80, 18)),
        (WindowSize(24, 80), b"\x1b[6;20;10t", (10, 20)),
        (WindowSize(24, 80), b"\x1b[4;480;800t\x1b[6;20;11t", (11, 20)),
        (WindowSize(24, 80), b"\x1b[4;480;800t", (10, 20)),
        (WindowSize(24, 80), b"\x1b[6;0;0t", (8, 16)),
        (WindowSize(24, 80), b"", (8, 16)),
        (WindowSize(0, 0, 720, 432), b"\x1b[4;480;800t", (8, 16)),
        (WindowSize(0, 0), b"\x1b[6;20;10t", (10, 20)),
    ],
)
def test_the_size_of_a_character_is_that_of_whoever_knows_it(window, sizes, cell):
    images = image_screen(sizes + SIXEL, window, {})
    assert images.cell == pytest.approx(cell)
    assert (images.columns, images.rows) == (window.columns or 80, window.rows or 24)


@pytest.mark.parametrize(
    ("answers", "n_colors", "most"),
    [
        (b"", 256, None),
        (b"\x1b[?1;0;16S\x1b[?2;0;1000;800S", 16, (1000, 800)),
        (b"\x1b[?1;0;1024S", 256, None),
        (b"\x1b[?1;0;0S\x1b[?2;0;0;0S", 2, None),
        (b"\x1b[?1;3;0S\x1b[?2;3;0S", 256, None),  # the question is refused
    ],
)
def test_the_colours_and_the_size_of_sixel_are_what_the_terminal_says(answers, n_colors, most):
    images = image_screen(answers + SIXEL, PLAIN, {})
    assert (images.n_colors, images.most) == (n_colors, most)


def test_the_question_ends_with_what_every_terminal_answers():
    asked = query({"TERM": "xterm-kitty"})
    assert asked.startswith(b"\x1b_Gi=31")
    assert asked.endswith(b"\x1b[c")


@pytest.mark.parametrize("environ", [{"TMUX": "x"}, {"STY": "1.x"}, {"TERM": "tmux-256color"}, {"TERM": "screen"}])
def test_tmux_and_screen_are_not_asked_what_they_would_take_for_a_title(environ):
    assert b"\x1b_" not in query(environ)
    assert query(environ).endswith(b"\x1b[c")


def test_an_answer_is_complete_with_the_last_one():
    whole = KITTY + named("kitty(0.26.5)") + b"\x1b[4;480;800t" + NO_SIXEL
    assert [n for n in range(len(whole) + 1) if is_complete(whole[:n])] == [len(whole)]
