"""Characters that no font has: symbols by their names, letters as boxes with the token's index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.output.pictures.fonts import MISSING, drawable, missing_note, replacements


def drawn(text, missing=None, index=None):
    """The text as it is drawn where no font has anything but ASCII."""
    missing = {c for c in text if not c.isascii()} if missing is None else set(missing)
    return drawable(text, replacements(missing), index)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("🙂", "slightly smiling face"),
        ("🙂🙂🙂👍", "slightly smiling face ×3, thumbs up sign"),
        ("👍🏽", "thumbs up sign tone 4"),
        ("👩‍👩‍👧", "woman + woman + girl"),
        ("👩🏽‍💻", "woman tone 4 + personal computer"),
        ("❤\ufe0f", "heavy black heart"),
        ("❤\ufe0f‍🔥", "heavy black heart + fire"),
        ("🇫🇷🇩🇪", "flag FR, flag DE"),
        ("🇫", "regional indicator f"),
        ("🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "flag gbsct"),
        ("1\ufe0f\u20e3", "keycap 1"),
        ("①", "circled digit one"),
        ("→", "rightwards arrow"),
    ],
)
def test_a_symbol_is_drawn_as_its_name(text, name):
    assert drawn(text, index=7) == name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("I love it 🙂 so much", "I love it (slightly smiling face) so much"),
        ("good🙂day", "good (slightly smiling face) day"),
        ("##🙂", "##(slightly smiling face)"),
        ("🙂!", "(slightly smiling face)!"),
        ("🙂 👍", "(slightly smiling face) (thumbs up sign)"),
    ],
)
def test_a_name_among_words_is_in_brackets(text, shown):
    assert drawn(text) == shown


def test_of_a_sequence_what_a_font_has_stays_itself():
    assert drawn("🤷‍♀\ufe0f", missing="🤷\ufe0f") == "shrug + ♀"
    assert drawn("🙂日本", missing="🙂") == "(slightly smiling face) 日本"
    assert drawn("日🙂本") == "□(slightly smiling face)□"


def test_letters_without_a_font_are_boxes_with_the_tokens_index():
    assert drawn("日本", index=3) == "□□ #3"
    assert drawn("日本") == "□□"
    assert drawn("□", missing="", index=3) == "□"
    assert drawn("\U0003ffff", index=1) == "□ #1"  # a symbol that has no name yet


def test_what_has_no_shape_is_left_out():
    assert drawn("a\u200db\ufe0f\U000e0100c\u2060") == "abc"
    assert drawn("क\u200d", missing="\u200d", index=2) == "क"


SIGNS = "ab 1!日ש🙂👍🏽👩💻❤🇫🇷🏴①→\u200d\ufe0f\u20e3\U000e0067\U000e007f\u0301"


@given(st.text(st.sampled_from(SIGNS), max_size=9), st.randoms())
def test_no_missing_character_is_drawn_and_others_stay(text, random):
    missing = {c for c in text if not c.isascii() and random.random() < 0.7}
    shown = drawable(text, replacements(missing), 5)
    assert not set(shown) & missing
    rest = iter(shown)
    assert all(c in rest for c in text if c in "ab1日ש" and c not in missing)
    if not missing:
        assert shown == text
    if "日" in missing:
        assert MISSING in shown
        assert shown.endswith(" #5")


def test_one_note_tells_what_is_drawn_as_a_box_and_what_by_name():
    assert missing_note(set("🙂👍")) == "fonts: no installed font has 👍 🙂; drawn by name"
    boxes = (
        "fonts: no installed font has 日 本; drawn as □ with the token's index, until a font that has them "
        "(such as Noto Sans) is installed"
    )
    assert missing_note(set("本日\u200d")) == boxes
    assert missing_note(set("本日🙂")) == f"{boxes}; no installed font has 🙂; drawn by name"
    assert missing_note({"\u200d", "\ufe0f"}) is None
    assert "and 2 more" in missing_note(set("🙂👍👩💻❤🔥🤷♀①→"))
