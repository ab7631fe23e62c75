"""``--truncate``: a text that is too long is cut, and a note says how much is left."""

import json

import pytest

SHORT = ("--seed", "0", "--n-layers", "1", "--n-heads", "2", "--d-model", "8", "--n-ctx")


def document(ran):
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


@pytest.mark.parametrize("command", [("show",), ("explain",), ("heads",), ("check", "--where", "max(self) < 9")])
def test_a_long_text_is_its_beginning(cli, command):
    cut = cli(*command, "one two three four five", *SHORT, "3", "--truncate", "--json")
    assert document(cut) == document(cli(*command, "one two three", *SHORT, "3", "--json"))
    assert cut.err == "attnviz: note: text: 5 tokens cut to the first 3, the most that the model takes\n"


def test_pictures_and_differences_cut_too(cli, tmp_path):
    ran = cli("heatmap", "one two three four", *SHORT, "3", "--truncate", "-o", "out", "--overview-only")
    assert (ran.code, "4 tokens cut to the first 3" in ran.err) == (0, True)
    ran = cli("diff", "one two three four", "one two three five", *SHORT, "3", "--truncate", "--json")
    assert [text["text"] for text in (document(ran)["a"], document(ran)["b"])] == ["one two three"] * 2


def test_special_tokens_stay(cli):
    found = document(cli("show", "cat " * 600, "--truncate", "--json", "-L", "0", "-H", "0"))
    assert len(found["tokens"]) == 512
    assert [found["tokens"][i] for i in (0, 1, -2, -1)] == ["[CLS]", "cat", "cat", "[SEP]"]


def test_of_two_segments_the_longer_is_cut(cli):
    pair = ("--pair", "f g h")
    cut = document(cli("show", "a b c d e", *pair, *SHORT, "6", "--truncate", "--json"))
    assert cut == document(cli("show", "a b c", "--pair", "f g", *SHORT, "6", "--json"))


def test_a_target_is_cut_by_itself(cli):
    cut = cli("show", "a b", "--target", "c d e f", *SHORT, "3", "--truncate", "--json")
    assert document(cut) == document(cli("show", "a b", "--target", "c d e", *SHORT, "3", "--json"))
    assert cut.err == "attnviz: note: target: 4 tokens cut to the first 3, the most that the model takes\n"


def test_each_line_that_is_cut_has_a_note(cli, tmp_path):
    (tmp_path / "texts.txt").write_text("a b c d\na b\na b c d e\n")
    ran = cli("show", "--file", "texts.txt", *SHORT, "3", "--truncate", "--json")
    assert [json.loads(line)["text"] for line in ran.out.splitlines()] == ["a b c", "a b", "a b c"]
    assert [line.split(": ")[2] for line in ran.err.splitlines()] == ["texts.txt, line 1", "texts.txt, line 3"]


def test_a_text_that_fits_is_left_alone(cli):
    ran = cli("show", "a b c", *SHORT, "3", "--truncate", "--json")
    assert ran == cli("show", "a b c", *SHORT, "3", "--json")


def test_the_error_says_how_to_cut(cli):
    ran = cli("show", "a b c d", *SHORT, "3")
    assert ran.code == 3
    assert "--truncate cuts the text to 3 tokens" in ran.err
