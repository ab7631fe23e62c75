"""Labels that people type: words, a JSON list, or a file of one per line."""

import codecs

import pytest

from attnviz.elsewhere.tokens.token_list import token_list
from attnviz.errors import InputError


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("the cat  sat", ["the", "cat", "sat"]),
        ("[CLS] the [SEP]", ["[CLS]", "the", "[SEP]"]),
        ("[PAD]", ["[PAD]"]),
        ('["the", " cat", "a\\tb", ""]', ["the", " cat", "a\tb", ""]),
        ("@ b @c", ["@", "b", "@c"]),
        ("@", ["@"]),
    ],
)
def test_labels_on_the_command_line(text, labels):
    assert token_list(text, "tokens") == labels


@pytest.mark.parametrize(
    ("data", "labels"),
    [
        (b"the\n cat\nsat\n", ["the", " cat", "sat"]),
        (b"the\r\ncat\r\n\r\n", ["the", "cat", ""]),
        (b"the cat sat\n", ["the", "cat", "sat"]),
        (b'["the", " cat"]\n', ["the", " cat"]),
        ('[\n  "é",\n  "b"\n]'.encode(), ["é", "b"]),
        (b"[CLS]\na\n", ["[CLS]", "a"]),
        (codecs.BOM_UTF8 + "é\nb".encode(), ["é", "b"]),
        ("é\nb\n".encode("utf-16"), ["é", "b"]),
    ],
)
def test_labels_in_a_file(tmp_path, data, labels):
    path = tmp_path / "two words.txt"
    path.write_bytes(data)
    assert token_list(f"@{path}", "tokens") == labels


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@nowhere.txt", "nowhere.txt: no such file; expected labels, one per line, or a JSON list of texts"),
        ("[1, 2]", "tokens: the list has 1; expected texts in quotes"),
        ('["a", null]', "tokens: the list has None; expected texts in quotes"),
        ("  ", "tokens: empty or blank; expected at least one token"),
        ("@latin1.txt", "tokens: latin1.txt: it is not UTF-8; expected labels, one per line, or a JSON list of texts"),
    ],
)
def test_labels_that_cannot_be_read_are_one_line(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin1.txt").write_bytes("é\nb\n".encode("latin-1"))
    with pytest.raises(InputError) as caught:
        token_list(text, "tokens")
    assert str(caught.value) == message
