"""One word in every head: colours on the sentence, numbers below it, excerpts of long ones, any label and any width."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.one_word import WordQuestion, word_attention
from attnviz.output.colormaps import LEAST_PAINTED
from attnviz.output.labels import cell_width
from attnviz.output.terminal.screen import Screen
from attnviz.output.terminal.sentence.layout import SentenceWords
from attnviz.output.terminal.sentence.word_view import WordView
from attnviz.output.terminal.styles.base import Looks
from attnviz.text.labels import printable
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token
from tests.output.printing import printed, texts_in

WORDS = ("The", "animal", "didn't", "cross", "the", "street", "because", "it", "was", "too", "tired", ".")
LONG = (*WORDS[:-1], "to", "walk", "any", "further", "on", "that", "very", "long", "and", "dusty", "road", ".")
MODEL = ModelInfo("toy", "sha256:0", {"n_layers": 4, "n_heads": 6})


def sentence(words, offsets=True):
    """Tokens at the places of a text in which only a full stop follows without a space."""
    start, tokens = 0, []
    for word in words:
        start -= word == "." and offsets
        end = start + len(word)
        tokens.append(Token(word, printable(word), start=start * offsets, end=end * offsets))
        start = end + 1
    return tuple(tokens)


def attention(words=WORDS, *, n_layers=4, n_heads=6, offsets=True, causal=False, **more):
    n, tokens = len(words), sentence(words, offsets)
    scores = np.random.default_rng(5).normal(size=(n_layers, n_heads, n, n)) * 2
    masked = np.triu(np.ones((n, n), bool), 1) if causal else None
    if causal:
        scores[:, :, masked] = -np.inf
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    masks = None if masked is None else np.broadcast_to(masked, (n_layers, n, n))
    layers, heads = tuple(range(n_layers)), tuple(range(n_heads))
    return Attention(weights, tokens, tokens, layers, heads, MODEL, masked=masks, **more)


def view(word="it", side="from", screen=None, *, looks=None, every=False, **more):
    found = word_attention([attention(**more)], WordQuestion(word, side))
    return WordView(found, screen or Screen(80), looks or Looks(top=1), every=every)


def lines_of(one):
    return ["".join(text for text, _ in line).rstrip() for line in one.lines()]


CASES = {
    "plain": {},
    "to": {"side": "to", "word": "tired"},
    "long": {"words": LONG},
    "causal": {"causal": True, "n_layers": 1},
    "top": {"looks": Looks(top=3), "n_layers": 1},
}


@pytest.mark.parametrize("color", [None, "truecolor", "256", "standard"])
@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("case", CASES)
def test_it_looks_as_approved(case, width, color, assert_approved):
    screen = Screen(width, color)
    name = f"word-{case}-{width}" + (f"-{color}" if color else "")
    assert_approved(printed(view(screen=screen, **CASES[case]), screen), name)


def test_it_fits_a_terminal_and_says_how_to_see_more():
    lines = lines_of(view())
    assert len(lines) == 22
    assert lines[-1] == "6 more heads: -H all shows every one"
    assert len(lines_of(view(every=True))) == 3 + 24
    assert len(lines_of(view(n_layers=3))) == 3 + 18  # no line for more where there are none


def test_numbers_below_the_words_are_the_matrix_in_percent():
    whole = attention()
    _, _, header, *rows = lines_of(view(every=True, screen=Screen(100)))
    starts = [header.index(word) for word in ("The ", *(f" {w}" for w in WORDS[1:-1]), ".")]
    starts = [start + (i not in (0, len(WORDS) - 1)) for i, start in enumerate(starts)]
    for row in rows:
        name = row.split()[0]
        layer, head = map(int, name[1:].split("H"))
        values = whole.matrices[layer, head, WORDS.index("it")]
        for start, value in zip(starts, values, strict=True):
            number = row[start:].split(" ")[0]
            assert number == str(round(100 * value) or "")
        best = int(values.argmax())
        assert row.endswith(f" {WORDS[best]} {values[best]:.0%}")


def test_a_large_weight_is_painted_and_a_small_one_is_not():
    one = view(screen=Screen(100, "truecolor"), every=True)
    whole = attention()
    for line in list(one.lines())[2:]:
        layer, head = map(int, line[0][0].strip()[1:].split("H"))
        values = whole.matrices[layer, head, WORDS.index("it")]
        painted = [style.bgcolor is not None for text, style in line[1:] if text in WORDS][: len(WORDS)]
        assert painted == [bool(value >= LEAST_PAINTED) for value in values]


def test_the_word_itself_is_underlined_in_colour_only():
    assert {text for line in view(screen=Screen(80, "256")).lines() for text, style in line if style.underline} == {
        "it"
    }
    assert not any(style.underline for line in view().lines() for _, style in line)


def test_of_a_long_sentence_the_strongest_words_stay_and_a_sign_says_that_others_do_not():
    one = view(words=LONG, screen=Screen(80))
    whole = attention(words=LONG)
    for line in lines_of(one)[2:-1]:
        layer, head = map(int, line.split()[0][1:].split("H"))
        values = whole.matrices[layer, head, LONG.index("it")]
        best = int(values.argmax())
        assert f"[{LONG[best]} {100 * values[best]:.0f}]" in line
        assert "…" in line


def test_excerpts_in_ascii_have_three_dots():
    text = printed(view(words=LONG, screen=Screen(80, ascii=True)), Screen(80, ascii=True))
    assert text.isascii()
    assert " ... " in text


def test_words_are_spaced_as_in_the_text():
    words = SentenceWords.of(sentence(("Wait", ".", "Now")), Screen())
    assert "".join(text for text, _ in words.pieces(range(3))) == "Wait. Now"
    apart = SentenceWords.of(sentence(("Wait", ".", "Now"), offsets=False), Screen())
    assert "".join(text for text, _ in apart.pieces(range(3))) == "Wait . Now"


def test_a_second_segment_is_set_apart():
    first, second = Token("yes", "yes", 0, 3), Token("no", "no", 0, 2, segment=1)
    assert SentenceWords.of((first, second), Screen()).gaps == ("", " | ")
    rows = np.full((1, 1, 2, 2), 0.5)
    pair = Attention(rows, (first, second), (first, second), (0,), (0,), MODEL)
    word = word_attention([pair], WordQuestion("no", "from"))
    assert lines_of(WordView(word, Screen(80), Looks(top=1)))[-2:] == ["      yes | no", "L0H0  50    50 yes 50%"]


@pytest.mark.parametrize(("values", "precision", "number"), [("norms", None, "0.50"), ("weights", 3, "0.500")])
def test_other_values_and_decimals(values, precision, number):
    tokens = sentence(("a", "b"))
    whole = Attention(np.full((1, 1, 2, 2), 0.5), tokens, tokens, (0,), (0,), MODEL, values=values)
    word = word_attention([whole], WordQuestion("a", "from"))
    lines = lines_of(WordView(word, Screen(80), Looks(precision=precision)))
    assert lines[-1].split()[:3] == ["L0H0", number, number]
    assert "numbers below the words" in lines[1]


HOSTILE = ["cat", "日本", "[red]", "\x1b[1m", "\u202e", "x" * 300, "שלום", "👩‍👩‍👧", "", " ", "\n", "\ud800", "e\u0301"]


@given(
    st.lists(st.sampled_from(HOSTILE) | st.text(max_size=9), min_size=1, max_size=30),
    st.integers(20, 200),
    st.sampled_from([None, "truecolor", "256", "standard"]),
    st.booleans(),
    st.sampled_from(["from", "to"]),
    st.integers(1, 4),
    st.booleans(),
)
def test_any_label_at_any_width(labels, width, color, ascii_only, side, top, causal):
    screen = Screen(width, color, ascii_only)
    more = {"words": labels, "n_layers": 1, "n_heads": 2, "offsets": False, "causal": causal}
    one = view("0", side, screen, looks=Looks(top=top), **more)
    for line in one.lines():
        text = "".join(piece for piece, _ in line)
        assert cell_width(text) <= width
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or "\ud800" <= c <= "\udfff" for c in text)
        assert not ascii_only or text.isascii()


def test_what_beats_the_special_tokens_is_bold():
    tokens = (Token("", "[CLS]", special=True), *sentence(("a", "b")))
    rows = np.array([[0.2, 0.7, 0.1]] * 3), np.array([[0.6, 0.4, 0.0]] * 3)
    whole = Attention(np.stack(rows)[None], tokens, tokens, (0,), (0, 1), MODEL)
    word = word_attention([whole], WordQuestion("b", "from", hide_special=True))
    one = WordView(word, Screen(80, "256"), Looks(top=1))
    assert "a 70%" in texts_in(one, "bold")
    assert "a 40%" not in texts_in(one, "bold")
