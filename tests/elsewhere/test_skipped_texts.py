"""Texts that cannot be read are left out with a note, where the user says so."""

import io
import json

import numpy as np
import pytest

from attnviz.elsewhere.alignment_file import read_alignments
from attnviz.elsewhere.attention_file import read_attention
from attnviz.elsewhere.read_options import ReadOptions
from attnviz.errors import InputError
from tests.elsewhere.arrays import softmax

GOOD = [softmax(n, n).tolist() for n in (3, 4)]
SHORT = [[0.25, 0.25], [1, 0]]
LINES = "\n".join((json.dumps(GOOD[0]), "{broken", json.dumps(SHORT), json.dumps(GOOD[1])))
LIST = json.dumps([{"attention": GOOD[0]}, {}, {"attention": SHORT}, {"attention": GOOD[1]}])


@pytest.mark.parametrize(("data", "unit"), [(LINES, "line"), (LIST, "text")], ids=["lines", "list"])
def test_texts_that_cannot_be_read_are_skipped_with_a_note(data, unit):
    noted = []
    results = list(read_attention(io.BytesIO(data.encode()), name="f", note=noted.append, skip_errors=True))
    for result, good in zip(results, GOOD, strict=True):
        np.testing.assert_allclose(result.attention[0, 0], good, rtol=1e-6)
    skipped = [text for text in noted if text.endswith("; skipped")]
    assert len(skipped) == 2
    assert skipped[0].startswith(f"f: {unit} 2: it ")
    assert skipped[1] == f"f: {unit} 3: L0H0, row 0 sums to 0.5; expected 1; skipped"


def test_without_a_text_that_can_be_read_it_is_an_error():
    data = f"{json.dumps(SHORT)}\n{{broken\n".encode()
    with pytest.raises(InputError) as caught:
        list(read_attention(io.BytesIO(data), name="f", skip_errors=True))
    assert str(caught.value) == "f: none of its texts can be used; expected at least one"
    with pytest.raises(InputError, match="row 0 sums to"):
        list(read_attention(io.BytesIO(data), name="f"))


def test_lines_that_are_not_alignments_are_skipped_with_their_pair():
    noted = []
    options = ReadOptions(skip_errors=True, note=noted.append)
    pairs = [("a b", "c d"), ("e", "f"), ("g", "h i")]
    results = list(read_alignments(io.BytesIO(b"0-0 1-1\n0:0\n0-1\n"), "f", options, pairs))
    assert [result.text for result in results] == ["a b", "g"]
    np.testing.assert_array_equal(results[1].cross_attention[0, 0], [[0], [1]])
    assert noted == [
        "line 2: '0:0' is not a link; expected numbers of a source word and a target word, such as 0-0 1-2; skipped"
    ]


@pytest.mark.parametrize("lines", [b"\n \n", b"0:0\n1:1\n"], ids=str)
def test_a_file_without_a_line_of_links_is_an_error(lines):
    with pytest.raises(InputError) as caught:
        list(read_alignments(io.BytesIO(lines), "f", ReadOptions(skip_errors=True)))
    assert str(caught.value) == (
        "f: none of its 2 lines has links that can be used; expected word alignments, a line per pair of sentences, "
        "such as 0-0 1-2"
    )
