"""Labels of one scheme say which tokens are pieces of one word."""

import io

import pytest

from attnviz.analysis.matrices.words import hide_special, merge_words
from attnviz.elsewhere.attention_file import read_attention
from attnviz.elsewhere.tokens.word_pieces import word_pieces
from attnviz.output.documents.results import dump, result_document
from attnviz.text.tokenizer import raw_labels
from tests.elsewhere.arrays import labels, read, softmax, text

SCHEMES = {
    "##": (["[CLS]", "un", "##icy", "day", "[SEP]"], ["[CLS]", "un", "icy", "day", "[SEP]"], [None, 0, 0, 1, None]),
    "Ġ": (["The", "Ġcat", "s", "'s", "Ġsat", ".", "Ċ", "It"],
          ["The", "cat", "s", "'s", "sat", ".", "⏎", "It"], [0, 1, 1, 1, 2, 3, 4, 5]),
    "▁": (["▁The", "▁cat", "s.", "</s>", "▁", "日"], ["The", "cat", "s.", "</s>", "␣", "日"], [0, 1, 1, None, 2, 2]),
    "@@": (["un@@", "ic@@", "y", "day"], ["un", "ic", "y", "day"], [0, 0, 0, 1]),
    "</w>": (["un", "icy</w>", "day</w>"], ["un", "icy", "day"], [0, 0, 1]),
}  # fmt: skip


@pytest.mark.parametrize("sign", SCHEMES)
def test_labels_of_one_scheme_are_words(sign):
    names, printed, words = SCHEMES[sign]
    found = word_pieces(names, [name in ("[CLS]", "[SEP]", "</s>") for name in names])
    assert (found.sign, list(found.labels), list(found.words)) == (sign, printed, words)


@pytest.mark.parametrize("names", [["a", "b"], ["Ġa", "##b"], ["▁a", "b@@"], ["##", "a"], ["@@"], ["</w>"], ["###"]])
def test_other_labels_are_none(names):
    assert word_pieces(names, [False] * len(names)) is None


def test_what_takes_the_place_of_a_word_is_one():
    assert word_pieces(["ĠThe", "<mask>", "ed", "Ġcat"], [False] * 4).words == (0, 1, 2, 3)
    assert word_pieces(["▁a", "<unk>", "▁b"], [False] * 3).words == (0, 1, 2)


def test_bytes_of_a_character_in_several_pieces_are_one_character_of_the_word():
    found = word_pieces(["Ġx", "æĹ", "¥"], [False] * 3)
    assert found.words == (0, 0, 0)
    assert "".join(found.texts) == " x日"


def test_a_sign_before_text_that_is_not_bytes_is_a_space():
    assert word_pieces(["Ġcafé", "Ġ日本"], [False] * 2).labels == ("café", "日本")


def pieces():
    return text({"attention": softmax(4, 4).tolist(), "tokens": ["[CLS]", "un", "##icy", "[SEP]"]})


def test_pieces_of_a_file_merge_to_words_and_keep_their_spelling():
    noted = []
    view = read(pieces(), name="a", note=noted.append).views["encoder"]
    assert labels(view.keys) == ["[CLS]", "un", "icy", "[SEP]"]
    assert labels(raw_labels(view.keys)) == ["[CLS]", "un", "##icy", "[SEP]"]
    assert labels(hide_special(merge_words(view)).keys) == ["unicy"]
    assert noted == [
        "a: special by their labels: [CLS], [SEP]; --special says which are",
        "a: labels are pieces of words (## continues a word), printed without it; --words merges them, "
        "--raw-tokens keeps the spelling",
    ]


@pytest.mark.parametrize("key", ["labels", "offsets"])
def test_what_the_file_says_of_labels_is_not_guessed(key):
    value = {"labels": list("abcd"), "offsets": [[0, 0]] * 4}[key]
    data = text({"attention": softmax(4, 4).tolist(), "tokens": ["[CLS]", "un", "##icy", "[SEP]"], key: value})
    noted = []
    read(data, note=noted.append)
    assert not any("pieces of words" in note for note in noted)


def test_the_words_of_the_file_are_its_words():
    tokens = ["[CLS]", "un", "##icy", "day", "[SEP]"]
    data = text({"attention": softmax(5, 5).tolist(), "tokens": tokens, "word_ids": [None, 0, 0, 0, None]})
    view = read(data).views["encoder"]
    assert labels(view.keys) == ["[CLS]", "un", "icy", "day", "[SEP]"]
    assert labels(hide_special(merge_words(view)).keys) == ["unicyday"]


def test_words_of_pieces_come_back_from_json():
    result = read(pieces())
    (again,) = read_attention(io.BytesIO(dump(result_document(result))))
    assert again.tokens == result.tokens
    assert labels(merge_words(again.views["encoder"]).keys) == ["[CLS]", "unicy", "[SEP]"]


def test_labels_of_the_user_are_pieces_too():
    view = read(text(softmax(3, 3).tolist()), token_labels=["Ġa", "b", "Ġc"]).views["encoder"]
    assert labels(merge_words(view).keys) == ["ab", "c"]


def test_special_tokens_are_those_that_the_user_names():
    noted = []
    data = text(
        {"attention": softmax(4, 4).tolist(), "tokens": ["[CLS]", "sat", "BOS", "[SEP]"], "special": [True] * 4}
    )
    view = read(data, special=["BOS", "EOS"], name="a", note=noted.append).views["encoder"]
    assert [token.special for token in view.keys] == [False, False, True, False]
    assert noted == ["a: no token is 'EOS', which --special names"]
