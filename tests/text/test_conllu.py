"""CoNLL-U: words, multiword tokens, empty nodes, and what is not a treebank."""

import gzip
import io

import pytest

from attnviz.errors import InputError
from attnviz.text.files.conllu import read_conllu


def lines(*rows: str, text: str | None = None) -> str:
    """A sentence: each row is ``id form head relation``, and ``-`` at its end means that no space follows."""
    made = [] if text is None else ["# sent_id = 1", f"# text = {text}"]
    for row in rows:
        number, form, head, relation, *more = row.split(" ")
        made.append(
            "\t".join([number, form, "_", "_", "_", "_", head, relation, "_", "SpaceAfter=No" if more else "_"])
        )
    return "\n".join(made) + "\n\n"


def read(text: str | bytes) -> list:
    data = text.encode() if isinstance(text, str) else text
    return list(read_conllu(io.BytesIO(data), "en.conllu"))


CAT = lines("1 The 2 det", "2 cat 3 nsubj", "3 sat 0 root -", "4 . 3 punct")


def test_words_are_placed_in_the_text():
    (one,) = read(CAT)
    assert (one.where, one.text) == ("en.conllu, line 1", "The cat sat.")
    assert [one.text[start:end] for start, end in one.spans] == ["The", "cat", "sat", "."]
    assert [(word.form, word.span, word.head, word.relation) for word in one.words] == [
        ("The", 0, 1, "det"),
        ("cat", 1, 2, "nsubj"),
        ("sat", 2, None, "root"),
        (".", 3, 2, "punct"),
    ]


def test_the_text_of_the_comment_counts():
    (one,) = read(lines("1 The 2 det", "2 cat 0 root", text="The  cat"))
    assert one.text == "The  cat"
    assert one.spans == ((0, 3), (5, 8))
    assert one.where == "en.conllu, line 3"


def test_a_multiword_token_is_shared_out_where_its_words_spell_it():
    rows = ["1-2 Don't _ _", "1 Do 3 aux", "2 n't 3 advmod", "3 go 0 root"]
    (one,) = read(lines(*rows))
    assert one.text == "Don't go"
    assert [one.text[start:end] for start, end in one.spans] == ["Do", "n't", "go"]
    assert [word.span for word in one.words] == [0, 1, 2]


def test_the_words_of_a_multiword_token_may_be_spelled_with_other_letters():
    (one,) = read(lines("1-2 DON'T _ _", "1 do 3 aux", "2 n't 3 advmod", "3 go 0 root"))
    assert [one.text[start:end] for start, end in one.spans] == ["DO", "N'T", "go"]


def test_words_of_a_multiword_token_that_they_do_not_spell_stand_for_the_whole():
    (one,) = read(lines("1 Il 2 nsubj", "2 vient 0 root", "3-4 du _ _ -", "3 de 5 case", "4 le 5 det", "5 ? 2 obl"))
    assert one.text == "Il vient du?"
    assert [one.text[start:end] for start, end in one.spans] == ["Il", "vient", "du", "?"]
    assert [word.span for word in one.words] == [0, 1, 2, 2, 3]


def test_empty_nodes_are_left_out():
    (one,) = read(lines("0.1 X _ _", "1 I 2 nsubj", "2 ran 0 root", "2.1 ran _ _", "3 home 2 advmod"))
    assert [word.form for word in one.words] == ["I", "ran", "home"]
    assert [word.head for word in one.words] == [1, None, 1]


def test_a_word_may_have_a_space_in_it():
    text = "\t".join(["1", "10 000", "_", "_", "_", "_", "0", "root", "_", "_"])
    (one,) = read(f"# text = 10 000\n{text}\n")
    assert one.spans == ((0, 6),)


def test_sentences_end_with_a_blank_line_and_the_last_with_the_file():
    assert [one.where for one in read(CAT + CAT.rstrip("\n"))] == ["en.conllu, line 1", "en.conllu, line 6"]
    assert [one.where for one in read("\n\n" + CAT + "\n\n")] == ["en.conllu, line 3"]
    assert len(read("# newdoc\n\n" + CAT)) == 1  # comments alone are no sentence


def test_windows_line_ends_a_mark_and_packed_files():
    expected = read(CAT)
    assert read("\ufeff" + CAT.replace("\n", "\r\n")) == expected
    assert read(gzip.compress(CAT.encode())) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 The\n", "en.conllu, line 1: 1 column; expected CoNLL-U, ten columns separated by tabs"),
        (
            CAT.replace("2\tcat", "x\tcat"),
            "en.conllu, line 2: 'x' is not the number of a word; expected 1, 1-2 or 1.1",
        ),
        (CAT.replace("3\tsat", "4\tsat"), "en.conllu, line 3: word 4 comes after word 2; expected 3"),
        (
            CAT.replace("\t3\tnsubj", "\t9\tnsubj"),
            "en.conllu, line 2: its head is '9'; expected a number from 0 to 4",
        ),
        (CAT.replace("\t3\tnsubj", "\t_\tnsubj"), "en.conllu, line 2: its head is '_'; expected a number from 0 to 4"),
        (
            CAT.replace("\tnsubj", "\t_"),
            "en.conllu, line 2: its relation is missing; expected one, such as nsubj",
        ),
        (
            "# text = The dog sat.\n" + CAT,
            "en.conllu, line 2: its text goes on with 'dog sat.' where its words have 'cat'; expected the words of the "
            "text",
        ),
        (
            lines("1 I 0 root", "1-2 x _ _", "2 y 1 obj"),
            "en.conllu, line 2: token 1-2 comes after 1 word; expected it before its words",
        ),
        (
            lines("1-3 x _ _", "1 I 0 root", "2 y 1 obj"),
            "en.conllu, line 1: token 1-3 has words past the last; expected at most 2",
        ),
        (
            lines("0.1 x _ _"),
            "en.conllu, line 1: a sentence without words; expected CoNLL-U, ten columns separated by tabs",
        ),
    ],
    ids=lambda value: value[-30:].strip(),
)
def test_a_sentence_that_cannot_be_read_is_its_error(text, message):
    first, second = read(text.rstrip("\n") + "\n\n" + CAT)
    assert isinstance(first, InputError)
    assert str(first) == message
    assert second.text == "The cat sat."  # the next one is good


def test_nothing_at_all_is_an_error():
    with pytest.raises(InputError, match=r"en\.conllu: it is empty"):
        read("")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["1 a 2 det", "2 b 1 det"], "line 1: its head, or the head of that, is the word itself"),
        (["1 a 0 root", "2 b 2 det"], "line 2: its head, or the head of that, is the word itself"),
        (["1-2 ab _ _", "1 a 0 root", "2-3 bc _ _", "2 b 1 x", "3 c 1 x"], "line 3: token 2-3 overlaps token 1-2"),
        (["1-2 ab _ _", "1-3 abc _ _", "1 a 0 root", "2 b 1 x", "3 c 1 x"], "line 2: token 1-3 overlaps token 1-2"),
        (["1 a " + "9" * 5000 + " root"], "line 1: its head is '9999"),
        (["1  0 root"], "line 1: its form is missing"),
        (["1 a 0 root", "2 b 1 :pass"], "line 2: its relation is missing"),
        (["1 a 0 root", "2 b 1 \x1b[31mnsubj"], r"line 2: its relation is '\\x1b[31mnsubj'"),
        (["1 a 0 root", "2 b 1 ns\u202eubj"], "line 2: its relation is"),
    ],
)
def test_what_is_not_a_tree_is_an_error_at_its_line(rows: list[str], says: str):
    damaged, whole = read(lines(*rows) + CAT)
    assert isinstance(damaged, InputError)
    assert f"en.conllu, {says}" in str(damaged)
    assert whole.text == "The cat sat."


@pytest.mark.parametrize(
    ("text", "says"), [("a b c", "goes on with 'c' after its last word"), ("a", "ends where its words have 'b'")]
)
def test_a_text_has_its_words_and_no_others(text: str, says: str):
    (error,) = read(lines("1 a 0 root", "2 b 1 x", text=text))
    assert f"its text {says}" in str(error)
