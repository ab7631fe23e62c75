"""Rows and columns of ``show --json`` are read back, and only as what they are."""

import contextlib
import io
import json

import numpy as np
import pytest

from attnviz.cli.main import main
from attnviz.elsewhere.attention_file import read_attention
from attnviz.errors import InputError


def read(tmp_path, document):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    return next(iter(read_attention(path)))


DOCUMENT = {
    "schema": "attnviz/1",
    "text": "a b c d",
    "tokens": ["a", "b", "c", "d"],
    "special": [False] * 4,
    "rows": [1, 3],
    "columns": [0, 2, 3],
    "axes": ["layer", "head", "query", "key"],
    "layers": [0],
    "heads": [0],
    "rest": [[[0.5, 0.25]]],
    "attention": [[[[0.25, 0.25, 0.0], [0.0, 0.25, 0.5]]]],
}


def test_the_rows_and_columns_keep_their_tokens_and_their_rest(tmp_path):
    result = read(tmp_path, DOCUMENT)
    view = result.views["encoder"]
    np.testing.assert_array_equal(view.matrices, DOCUMENT["attention"])
    np.testing.assert_array_equal(view.rest, DOCUMENT["rest"])
    assert [(token.label, token.position) for token in view.queries] == [("b", 1), ("d", 3)]
    assert [(token.label, token.position) for token in view.keys] == [("a", 0), ("c", 2), ("d", 3)]
    assert view.keys_chosen
    assert [token.label for token in result.tokens] == ["a", "b", "c", "d"]


def test_a_mask_is_of_the_rows_and_columns(tmp_path):
    masked = [[False, False, True], [False, False, False]]
    view = read(tmp_path, DOCUMENT | {"masked": masked}).views["encoder"]
    assert view.masked.tolist() == [masked]
    assert read(tmp_path, DOCUMENT).views["encoder"].masked is None


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"rows": [1, 4]}, "its rows have the place 4; expected places of 4 tokens"),
        ({"columns": ["a"]}, "its columns are not places of tokens; expected a list of numbers from 0"),
        ({"rows": []}, "its rows are not places of tokens; expected a list of numbers from 0"),
        ({"rows": [1]}, "attention does not have the shape of its rows and columns; expected 1 x 3"),
        ({"rest": [[[0.5]]]}, "rest does not have the shape of its rows; expected 2 numbers"),
        (
            {"attention": [[[[0.5], [1.0]]]]},
            "attention does not have the shape of its rows and columns; expected 2 x 3",
        ),
    ],
)
def test_what_does_not_fit_is_an_error(tmp_path, change, error):
    with pytest.raises(InputError) as caught:
        read(tmp_path, DOCUMENT | change)
    assert str(caught.value) == f"{tmp_path / 'a.json'}: {error}"


@pytest.mark.parametrize(
    "options",
    [
        ("--rows", "cat", "--columns", "special,1-2"),
        ("--rows", "sat"),
        ("--columns", "cat", "--words"),
        ("--rows", "1-2", "--values", "scores"),
        ("--rows", "1-2", "--hide-special"),
        ("--columns", "1-2", "--received"),
        ("--blocks",),
        ("--blocks", "--pair", "A dog ran"),
        ("--rows", "cat", "--reduce", "mean"),
    ],
)
def test_what_show_prints_is_read_back(tmp_path, options):
    first = printed("show", "The cat sat", "--json", "-L", "2", *options)
    (tmp_path / "a.json").write_bytes(first)
    received = ["--received"] * ("--received" in options)
    assert printed("show", "--attention", str(tmp_path / "a.json"), "--json", *received) == first


def printed(*argv: str) -> bytes:
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    with contextlib.redirect_stdout(out):
        assert main([*argv]) == 0
    return out.buffer.getvalue()
