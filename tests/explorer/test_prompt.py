"""The line to type in: what keys make of it, and that its cursor is always seen."""

import pytest

from attnviz.explorer.prompt import Prompt
from attnviz.output.labels import cell_width
from attnviz.output.terminal.screen import Screen


def after(keys: str, text: str = "the old cat") -> str:
    """The text with ``|`` at the cursor, after some keys."""
    prompt = Prompt("type").inserted(text)
    for key in keys.split():
        prompt = prompt.inserted(key) if len(key) == 1 else prompt.pressed(key)
    return f"{prompt.before}|{prompt.after}"


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("", "the old cat|"),
        ("s", "the old cats|"),
        ("left left", "the old c|at"),
        ("left left right", "the old ca|t"),
        ("home right x", "tx|he old cat"),
        ("home end right", "the old cat|"),
        ("backspace ctrl+h", "the old c|"),
        ("home delete ctrl+d left", "|e old cat"),
        ("left left left ctrl+u", "|cat"),
        ("left left left ctrl+k", "the old |"),
        ("ctrl+w", "the old |"),
        ("ctrl+w ctrl+w", "the |"),
        ("ctrl+a ctrl+f ctrl+e ctrl+b", "the old ca|t"),
        ("f5 pagedown", "the old cat|"),
    ],
)
def test_keys(keys, text):
    assert after(keys) == text


def test_a_character_of_several_code_points_is_one():
    assert after("left backspace", "cafe\u0301 x") == "cafe\u0301|x"
    assert after("left left delete", "cafe\u0301 x") == "cafe\u0301|x"
    assert after("backspace", "a👩‍👩‍👧") == "a|"


def test_what_is_pasted_becomes_one_line_without_control_characters():
    assert Prompt("type").inserted("the\nold\x1b[31m cat\t\r\n").text == "the old[31m cat"


@pytest.mark.parametrize("width", [40, 41, 80])
@pytest.mark.parametrize("is_ascii", [False, True])
def test_the_cursor_is_seen_in_any_width(width, is_ascii):
    prompt = Prompt("find").inserted("日本 and a long, long line of words, " * 4)
    for _ in range(200):
        line = prompt.line(Screen(width, ascii=is_ascii), width)
        assert sum(cell_width(text) for text, _ in line) <= width
        assert [style.reverse for _, style in line].count(True) == 1
        prompt = prompt.pressed("left")
    assert prompt.before == ""
