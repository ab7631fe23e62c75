import re
import subprocess
import sys
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Regex
from tokenizers.pre_tokenizers import Split

from attnviz.text.words import BUILTIN, WHITE_SPACE, split, token_id, unicode_splitter

# Neighbours that segmentation rules speak of, so that short random texts meet them.
NASTY = st.text(
    st.sampled_from(
        "abé_19.,'’\"-! \t\n\r\x00\xad·\u0301\u0600\u094d\u200b\u200d\u20e3\ufe0f\u3000"
        "日かカー가א״د٣٫👩🏽❤🇩🇪\U0001f3f4\U000e0067\U000e007f"
    ),
    max_size=15,
)
TEXT = st.text(max_size=30) | NASTY


def tokens(text, how):
    return [text[start:end] for start, end in split(text, how)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The animal didn't cross.", ["The", "animal", "didn't", "cross", "."]),
        ("l’eau rock'n'roll", ["l’eau", "rock'n'roll"]),
        ("quotes 'like this' apart", ["quotes", "'", "like", "this", "'", "apart"]),
        ("dogs' tails", ["dogs", "'", "tails"]),
        ("“Ça va ?”", ["“", "Ça", "va", "?", "”"]),
        ("3.14, 1,000 and 2.", ["3.14", ",", "1,000", "and", "2", "."]),
        ("e.g. a.b", ["e", ".", "g", ".", "a", ".", "b"]),
        ("well-known snake_case", ["well", "-", "known", "snake_case"]),
        ("so...!!", ["so", ".", ".", ".", "!", "!"]),
        ("cafe\u0301's x²", ["cafe\u0301's", "x²"]),
        ("col·lecció", ["col·lecció"]),
        ("日本語のテキストabc", [*"日本語のテキスト", "abc"]),
        ("コーヒー", [*"コーヒー"]),
        ("か\u3099葛\U000e0100", ["か\u3099", "葛\U000e0100"]),
        ("你好，世界。", [*"你好，世界。"]),
        ("안녕하세요 세계", ["안녕하세요", "세계"]),
        ("\u1112\u1161\u11ab글", ["\u1112\u1161\u11ab글"]),
        ("السلام عليكم، ٣٫١٤", ["السلام", "عليكم", "،", "٣٫١٤"]),
        ("می\u200cخواهم بروم", ["می\u200cخواهم", "بروم"]),
        ('צה"ל וצה״ל ג׳ירפה "שלום"', ['צה"ל', "וצה״ל", "ג׳ירפה", '"', "שלום", '"']),
        ("नमस्ते दुनिया।", ["नमस्ते", "दुनिया", "।"]),
        ("สวัสดีครับ ชาวโลก", ["สวัสดีครับ", "ชาวโลก"]),
        ("👩\u200d👩\u200d👧👍🏽ok", ["👩\u200d👩\u200d👧", "👍🏽", "ok"]),
        ("🇩🇪🇫🇷1\ufe0f\u20e32\u20e3", ["🇩🇪", "🇫🇷", "1\ufe0f\u20e3", "2\u20e3"]),
        (
            "\U0001f3f4\U000e0067\U000e0062\U000e007f!",
            ["\U0001f3f4\U000e0067\U000e0062\U000e007f", "!"],
        ),
        ("a\x00b\x1b[0m é", ["a", "\x00", "b", "\x1b", "[", "0m", "é"]),
        ("א\u202eב", ["א", "\u202e", "ב"]),
        ("co\xadoperate", ["co\xadoperate"]),
        (" \u0301x", ["\u0301", "x"]),
        ("\u0600 \u0301x", ["\u0600", "\u0301", "x"]),
    ],
)
def test_words(text, expected):
    assert tokens(text, "word") == expected


def test_whitespace_is_unicode_white_space_only():
    assert tokens("a\u3000b\u2028c\xa0d\x1ce\u200bf  g\n", "whitespace") == ["a", "b", "c", "d\x1ce\u200bf", "g"]


def test_characters_are_grapheme_clusters_white_space_included():
    assert tokens("e\u0301 👩\u200d👧🇩🇪\r\nकि", "char") == ["e\u0301", " ", "👩\u200d👧", "🇩🇪", "\r\n", "कि"]


@given(TEXT)
def test_char_tokens_concatenate_to_the_text(text):
    assert "".join(tokens(text, "char")) == text


@pytest.mark.parametrize("how", BUILTIN)
@given(text=TEXT)
def test_spans_are_ordered_disjoint_and_lose_only_white_space(how, text):
    spans = split(text, how)

    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    covered = {i for start, end in spans for i in range(start, end)}
    lost = {i for i in range(len(text)) if i not in covered}
    white = {i for i, c in enumerate(text) if c in WHITE_SPACE}
    assert lost == (set() if how == "char" else white)


@pytest.mark.parametrize("how", ["word", "char"])
@given(text=st.text(st.characters(max_codepoint=127), max_size=20) | st.text("a1_'.,\r\n !", max_size=12))
def test_the_way_for_ascii_agrees_with_the_way_for_any_text(how, text):
    assert split(text, how) == [span for _, span in unicode_splitter(how).pre_tokenize_str(text)]


@given(NASTY)
def test_flags_taken_first_change_no_grapheme_cluster(text):
    plain = Split(Regex(r"\X"), "isolated")
    if text:
        assert unicode_splitter("char").pre_tokenize_str(text) == plain.pre_tokenize_str(text)


@given(NASTY)
def test_words_break_no_grapheme_cluster(text):
    for chunk in re.findall(f"[^{WHITE_SPACE}]+", text):
        boundaries = {end for _, end in split(chunk, "char")}
        assert {end for _, end in split(chunk, "word")} <= boundaries


@pytest.mark.parametrize("how", ["word", "char"])
@pytest.mark.parametrize("unit", ["é", "🇩", "é'", "日", "\u0301", "é1.", "👩\u200d"])
def test_a_long_text_takes_no_time_that_grows_with_its_square(how, unit):
    started = time.process_time()
    split(unit * (200_000 // len(unit)), how)
    assert time.process_time() - started < 20  # a fraction of a second, however busy the machine; else many minutes


@pytest.mark.parametrize(
    ("text", "n_vocab", "expected"),
    [("the", 4096, 2654), ("The", 4096, 2078), ("日", 4096, 2986), ("[SEP]", 30011, 14603), ("\ud800", 97, 29)],
)
def test_ids_are_pinned(text, n_vocab, expected):
    # printf the | b2sum -l 64, its bytes as a little-endian number, modulo n_vocab
    assert token_id(text, n_vocab) == expected


@given(st.text(max_size=5), st.integers(1, 10**6))
def test_ids_are_below_n_vocab(text, n_vocab):
    assert 0 <= token_id(text, n_vocab) < n_vocab


def test_ascii_text_needs_no_tokenizers_library():
    code = (
        "import sys; from attnviz.text.tokenizer import load_tokenizer\n"
        "for how in ('word', 'whitespace', 'char'): load_tokenizer(how).encode('It works.', n_vocab=7)\n"
        "assert 'tokenizers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
