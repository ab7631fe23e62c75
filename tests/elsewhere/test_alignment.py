"""Word alignments are shown as hard cross-attention: each target word shares its row among its links."""

import io

import numpy as np
import pytest

from attnviz.elsewhere.alignment_file import read_alignments
from attnviz.elsewhere.read_options import ReadOptions
from attnviz.errors import InputError
from tests.elsewhere.arrays import labels


def read(lines, pairs=None, **options):
    return list(read_alignments(io.BytesIO(lines.encode()), "a.txt", ReadOptions(**options), pairs))


def test_rows_are_target_words_and_columns_source_words():
    (result,) = read("0-0 1-2 3-2\n")
    view = result.views["cross"]
    np.testing.assert_array_equal(view.matrices[0, 0], [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0.5, 0, 0.5]][:3])
    assert (labels(view.queries), labels(view.keys)) == (["y0", "y1", "y2"], ["x0", "x1", "x2", "x3"])


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("0-0 1-1", {"query_labels": ["a", "cat"], "key_labels": ["le", "chat", "."]}),
        ("le chat . ||| a cat ||| 0-0 1-1", {}),
        ("0-0 1-1", {"pairs": [("le chat .", "a cat")]}),
        ("1-1 0-0 1-1\r", {"pairs": [("le chat .", "a  cat")]}),
    ],
)
def test_words_come_from_the_user_the_line_or_the_texts(line, options):
    (result,) = read(line + "\n", **options)
    view = result.views["cross"]
    assert (labels(view.queries), labels(view.keys)) == (["a", "cat"], ["le", "chat", "."])
    np.testing.assert_array_equal(view.matrices[0, 0], [[1, 0, 0], [0, 1, 0]])


def test_marian_writes_the_target_before_the_links():
    (result,) = read("a cat ||| 0-0 2-1\n")
    assert labels(result.target_tokens) == ["a", "cat"]
    assert len(result.tokens) == 3


def test_each_line_is_a_text_and_a_line_without_links_is_skipped_unless_its_words_are_known():
    noted = []
    assert len(read("0-0\n\n1-0\n", note=noted.append)) == 2
    assert noted == ["line 2 has no links, and its words are not known; skipped"]
    found = read("0-0\n\n", pairs=[("a", "b"), ("c", "d e")])
    np.testing.assert_array_equal(found[1].cross_attention[0, 0], [[0], [0]])


REFUSED = {
    "0-0\n0:1\n": (
        {},
        "a.txt, line 2: '0:1' is not a link; expected numbers of a source word and a target word, such as 0-0 1-2",
    ),
    "0-0 2-1\n": (
        {"pairs": [("a b", "c d")]},
        "a.txt, line 1: 2-1 links source word 2, of 2; expected 0-1",
    ),
    "0-0 0-2\n": (
        {"query_labels": ["c", "d"]},
        "a.txt, line 1: 0-2 links target word 2, of 2; expected 0-1",
    ),
    "0-0\n0-0\n": (
        {"pairs": [("a", "b")]},
        "a.txt, line 2: there are 1 pairs of texts; expected one for each line",
    ),
    "0-0\n": (
        {"pairs": [("a", "b")] * 2},
        "a.txt: it has 1 lines, and there are more pairs of texts; expected a line for each",
    ),
    "0-0 7-1000000\n": (
        {},
        "a.txt, line 1: 7-1000000 links a word past 999999; expected numbers from 0 to 999999",
    ),
    "99999-99999\n": (
        {},
        "a.txt, line 1: its links are between 100000 and 100000 words; expected those of a pair of sentences",
    ),
    "a ||| b ||| c ||| 0-0\n": (
        {},
        "a.txt, line 1: 3 parts before the links; expected SOURCE ||| TARGET ||| 0-0 1-2",
    ),
}


@pytest.mark.parametrize("lines", REFUSED)
def test_what_is_not_an_alignment_is_refused_with_its_line(lines):
    options, message = REFUSED[lines]
    with pytest.raises(InputError) as caught:
        read(lines, **options)
    assert str(caught.value) == message
