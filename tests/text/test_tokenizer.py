import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.errors import InputError, UsageError
from attnviz.text.labels import printable
from attnviz.text.reading import is_blank
from attnviz.text.tokenizer import BUILTIN, builtin_tokenizer, load_tokenizer, pad, raw_labels
from attnviz.text.words import token_id
from attnviz.trace.tokens import Token

N_VOCAB = 4099


def encode(text, pair=None, how="word"):
    return builtin_tokenizer(how).encode(text, pair, n_vocab=N_VOCAB)


def test_every_field_is_filled():
    assert encode("Où va-\x1b?")[2:4] == (
        Token(text="-", label="-", start=5, end=6, id=token_id("-", N_VOCAB), piece="-", word=2),
        Token(text="\x1b", label="\\x1b", start=6, end=7, id=token_id("\x1b", N_VOCAB), piece="\x1b", word=3),
    )


def test_a_pair_follows_one_separator():
    tokens = encode("a b", "c日")

    assert [t.label for t in tokens] == ["a", "b", "[SEP]", "c", "日"]
    assert [t.segment for t in tokens] == [0, 0, 0, 1, 1]
    assert [t.word for t in tokens] == [0, 1, None, 0, 1]
    assert [t.special for t in tokens] == [False, False, True, False, False]
    assert [(t.start, t.end) for t in tokens] == [(0, 1), (2, 3), (0, 0), (0, 1), (1, 2)]
    assert tokens[2].text == ""
    assert tokens[2].id == token_id("[SEP]", N_VOCAB)


@pytest.mark.parametrize("how", BUILTIN)
@given(text=st.text(min_size=1, max_size=20).filter(lambda t: not is_blank(t)))
def test_offsets_slice_back_and_ids_follow_from_the_token_alone(how, text):
    for token in encode(text, how=how):
        assert text[token.start : token.end] == token.text == token.piece
        assert token.label == printable(token.text)
        assert token.id == token_id(token.text, N_VOCAB)


def test_a_token_has_the_same_id_in_every_sentence():
    one = {t.text: t.id for t in encode("the cat sat")}
    other = {t.text: t.id for t in encode("on a mat, the cat", "the end")}
    assert one["cat"] == other["cat"]
    assert one["the"] == other["the"]


@pytest.mark.parametrize(
    ("text", "pair", "expected"),
    [
        ("", None, "text: empty or blank; expected at least one token"),
        (" \u3000\n", None, "text: empty or blank; expected at least one token"),
        ("a", "", "pair: empty or blank; expected at least one token"),
        (
            "a\udcff",
            None,
            "text: character 2 is \\udcff, half a surrogate pair or a byte that is not UTF-8; expected Unicode text",
        ),
    ],
)
def test_texts_without_tokens_are_refused(text, pair, expected):
    for how in BUILTIN:
        with pytest.raises(InputError) as caught:
            encode(text, pair, how)
        assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("wrod", "tokenizer: 'wrod' is not known (did you mean 'word'?); "),
        ("bpe\x1b", "tokenizer: 'bpe\\x1b' is not known; "),
        ("", "tokenizer: '' is not known; "),
    ],
)
def test_unknown_names_are_refused_with_the_choices(spec, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        load_tokenizer(spec)
    assert str(caught.value) == expected + "expected word, whitespace, char or a tokenizer JSON file"


@pytest.mark.parametrize("spec", ["none.json", "folder/none"])
def test_what_is_spelled_like_a_path_is_a_path(spec):
    with pytest.raises(InputError) as caught:
        load_tokenizer(spec)
    assert str(caught.value) == f"{spec}: no such file; expected a tokenizer JSON file"


@pytest.mark.parametrize("name", BUILTIN)
def test_builtin_names_load(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).touch()  # a file of that name does not hide it
    assert load_tokenizer(name) == builtin_tokenizer(name)
    assert load_tokenizer(name).n_vocab is None


def test_padding_is_special_and_marked():
    padding = builtin_tokenizer("word").padding_token(N_VOCAB)
    tokens = pad(encode("a", "b"), 5, padding)

    assert tokens[:3] == encode("a", "b")
    expected = Token("", "[PAD]", id=token_id("[PAD]", N_VOCAB), piece="[PAD]", special=True, padding=True, segment=1)
    assert tokens[3:] == (expected, expected)
    assert pad(tokens, 5, padding) == tokens


def test_raw_labels_are_pieces():
    tokens = (Token(text="ing", label="ing", piece="##ing"), Token(text="", label="x", piece="\x1b"))
    assert [t.label for t in raw_labels(tokens)] == ["##ing", "\\x1b"]
    assert [t.text for t in raw_labels(tokens)] == ["ing", ""]
