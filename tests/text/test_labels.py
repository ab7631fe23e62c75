import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attnviz.text.labels import printable

# Everything that can go wrong, close together.
NASTY = st.text(
    st.sampled_from(
        "aé1# \t\n\r\x00\x1b\x7f\x85\xa0\xad\u0301\u0308\u034f\u0600\u093f\u094d\u0915\u1160\u1161\u17b4"
        "\u200b\u200c\u200d\u200e\u2028\u202e\u2066\u20e3\u2800\u3000\u3164\ud800\udfff\ue000\ufe0f\ufeff\uffff"
        "می日👩🏽❤↔🇩\U0001f3f4\U000e0067\U000e007f\U000e0100\U0010ffff"
    ),
    max_size=12,
)
ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=20) | NASTY

# What may stay of the format characters: joiners and tags, in the sequences they are made for.
JOINERS_AND_TAGS = {"\u200c", "\u200d", *map(chr, range(0xE0020, 0xE0080))}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("the", "the"),
        ("", "∅"),
        (" ", "␣"),
        (" the", "␣the"),
        ("the ", "the␣"),
        ("a b", "a b"),
        ("a  b", "a␣␣b"),
        ("\n", "⏎"),
        ("\r\n", "\\r⏎"),
        ("a\tb", "a⇥b"),
        ("\x00", "\\x00"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x7f", "\\x7f"),
        ("\x85", "\\x85"),
        ("\xa0x", "\\xa0x"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("\u200b", "\\u200b"),
        ("\ufeff", "\\ufeff"),
        ("\ud800", "\\ud800"),
        ("\ue000", "\\ue000"),
        ("\U0010ffff", "\\U0010ffff"),
        ("\u3164", "\\u3164"),
        ("\u2800", "\\u2800"),
        ("[/red]", "[/red]"),
        ("$$", "$$"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_a_sign_or_an_escape(text, label):
    assert printable(text) == label


@pytest.mark.parametrize(
    "text",
    [
        "é",
        "e\u0301",
        "日本",
        "नमस्ते",
        "สวัสดี",
        "שָׁלוֹם",
        "한국어",
        "가",
        "می\u200cخواهم",  # Persian, non-joiner
        "क\u094d\u200dष",  # Devanagari, joiner after virama
        "র\u200d\u09cdয",  # Bengali, joiner before virama
        "👩\u200d👩\u200d👧",
        "👩🏽\u200d🚀",
        "❤\ufe0f\u200d🔥",
        "🙂\u200d↔\ufe0f",
        "1\ufe0f\u20e3",
        "🇩🇪",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "葛\U000e0100",
        "\U0001fae8",  # an emoji of Unicode 15, younger than the tables of Python 3.11
    ],
)
def test_legitimate_sequences_stay_as_they_are(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("\u0301", "\\u0301"),
        (" \u0301", "␣\\u0301"),
        ("\x1b\u0301", "\\x1b\\u0301"),
        ("\u094d\u200d", "\\u094d\\u200d"),
        ("\u1161", "\\u1161"),
        ("a\u200db", "a\\u200db"),
        ("ab\u200c", "ab\\u200c"),
        ("\u200d👩", "\\u200d👩"),
        ("👩\u200d", "👩\\u200d"),
        ("a\ufe0f", "a\\ufe0f"),
        ("\ufe0f", "\\ufe0f"),
        ("\U000e0067", "\\U000e0067"),
        ("\U0001f3f4\U000e0067", "\U0001f3f4\\U000e0067"),
    ],
)
def test_marks_joiners_and_tags_out_of_place_are_escaped(text, label):
    assert printable(text) == label


@given(ANY)
@example("\ud800")
def test_a_label_of_any_text_has_no_hidden_character_and_is_not_empty(text):
    label = printable(text)

    assert label.strip() == label != ""
    hidden = {c for c in label if unicodedata.category(c) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}}
    assert hidden <= JOINERS_AND_TAGS
    assert {c for c in label if c.isspace()} <= {" "}
    assert not unicodedata.category(label[0]).startswith("M")
    label.encode("utf-8")


@given(ANY)
def test_a_label_is_its_own_label(text):
    assert printable(printable(text)) == printable(text)
