"""A message is short whatever it is about: what others wrote is quoted with 80 characters, a line has at most 800."""

import pytest

from attnviz.cli.main import main
from attnviz.errors import LONGEST_LINE, LONGEST_PATH, InputError, UsageError, bounded, brief, some
from attnviz.text.reading import check_text, read_lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", "short"),
        ("a" * 80, "a" * 80),
        ("a" * 500 + "z" * 500, f"{'a' * 57}...{'z' * 20}"),
        ("\x1b[1m", "\\x1b[1m"),
        ("\n" * 10**6, "\\n" * 28 + "\\..." + "\\n" * 10),
        ([1, 2], "[1, 2]"),
    ],
)
def test_what_others_wrote_is_quoted_briefly_and_in_one_line(text, expected):
    assert brief(text) == expected


def test_what_python_cannot_spell_is_named_by_its_type():
    deep = []
    for _ in range(10**5):
        deep = [deep]
    assert brief(deep) == "a list"
    assert brief(10**5000) == "a int"


def test_many_names_are_counted_and_the_first_three_named():
    assert some([]) == ""
    assert some(["a", "b", "c"]) == "a, b, c"
    assert some(list("abcdefg")) == "a, b, c and 4 more"


def test_a_long_path_keeps_its_start_and_its_end():
    usual = f"/home/{'folder/' * 20}model.safetensors"
    assert str(InputError(f"{usual}: no such file")) == f"{usual}: no such file"
    long = f"/home/{'folder/' * 200}model.safetensors"
    message = str(InputError(f"{long}: no such file; expected a file"))
    assert message.startswith("/home/folder/")
    assert message.endswith("/model.safetensors: no such file; expected a file")
    assert len(message) < LONGEST_PATH + 40


def test_no_message_and_no_hint_is_longer_than_a_line():
    error = UsageError("a: " + "word " * 10**5 + "; expected less", hint="do " * 10**5)
    assert len(str(error)) == len(error.hint) == LONGEST_LINE
    assert str(error).endswith("; expected less")
    assert len(str(error.at("text.txt, line 3"))) == LONGEST_LINE
    assert bounded("short") == "short"


def test_a_text_of_more_than_a_million_characters_is_refused_before_it_is_cut_into_tokens():
    check_text("a" * 10**6)
    with pytest.raises(InputError, match=r"^text: 1000001 characters; expected at most 1000000$"):
        check_text("a" * (10**6 + 1))


def test_a_line_without_end_is_refused(monkeypatch):
    class Endless:
        """A file of one line."""

        def read1(self, size):
            return b"a" * size

    monkeypatch.setattr("attnviz.text.reading._LONGEST_LINE", 10**7)
    with pytest.raises(InputError, match=r"^f.txt, line 1: more than 10000000 bytes; expected a text per line$"):
        list(read_lines(Endless(), "f.txt"))


@pytest.mark.parametrize("argv", [("--field", "1" * 5000), ("--attention", "a.json", "--padding", "1" * 5000 + ",1")])
def test_a_number_of_thousands_of_digits_is_not_one(argv, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.csv").write_text("a,b\n")
    (tmp_path / "a.json").write_text("[[1, 0], [0, 1]]")
    assert main(["show", *(("--file", "f.csv") if "--field" in argv else ()), *argv]) in (2, 3)
    assert "internal" not in capsys.readouterr().err
