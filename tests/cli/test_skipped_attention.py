"""``--on-error`` of attention from elsewhere, and ``--whole`` of a blank file."""

import json

from tests.elsewhere.arrays import softmax


def test_a_line_of_attention_that_cannot_be_read_is_skipped(cli, tmp_path):
    lines = "\n".join((json.dumps(softmax(3, 3).tolist()), "{broken", json.dumps(softmax(3, 3).tolist())))
    stopped = cli("heads", "--attention", "-", stdin=lines)
    assert (stopped.code, stopped.out) == (3, "")
    skipped = cli("heads", "--attention", "-", "--on-error", "skip", stdin=lines)
    assert skipped.code == 0
    assert "means over 6 tokens of 2 texts" in skipped.out
    assert skipped.err.rstrip().endswith("; skipped")
    links = cli("show", "--alignment", "-", "--on-error", "skip", stdin="0-0\nx\n")
    assert links.code == 0
    assert "line 2: 'x' is not a link" in links.err


def test_a_whole_file_of_blank_lines_is_named(cli):
    ran = cli("show", "-", "--whole", stdin=" \n\n")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "attnviz: error: standard input: it is blank; expected a text\n"
