"""Texts that are fields of records."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.errors import InputError, UsageError
from attnviz.text.files.datasets import Records
from attnviz.text.layout import FileLayout, settled_layout
from attnviz.text.reading import is_blank


def records(data: str | bytes, layout: FileLayout, most: int = 64) -> list:
    stream = io.BytesIO(data if isinstance(data, bytes) else data.encode())
    return [line for window in Records(stream, "data", layout).windows(most) for line in window]


def texts(data: str | bytes, format: str, **fields: str) -> list[tuple]:  # noqa: A002
    """(number of the line, text, pair, target) of each record."""
    return [(line.number, line.text, line.pair, line.target) for line in records(data, FileLayout(format, **fields))]


def plain(data: str, format: str, **fields: str) -> list[str]:  # noqa: A002
    return [text for _, text, _, _ in texts(data, format, **fields)]


def errors(data: str, format: str, **fields: str) -> list[str]:  # noqa: A002
    return [str(text) for _, text, _, _ in texts(data, format, **fields) if isinstance(text, InputError)]


def message(data: str, format: str, **fields: str) -> str:  # noqa: A002
    with pytest.raises(InputError) as caught:
        texts(data, format, **fields)
    return str(caught.value)


DATASET = '{"text": "The baker sold warm bread.", "label": 0}\n{"text": "He paid in coins.", "label": 1}\n'
PAIRS = "sentence1\tsentence2\tlabel\nThe cat slept.\tA cat was asleep.\t1\nIt rained.\tThe sun shone.\t0\n"


def test_json_lines_give_the_field_text():
    assert plain(DATASET, "jsonl") == ["The baker sold warm bread.", "He paid in coins."]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('{"content": "a", "id": 1}\n', ["a"]),
        ('{"id": 1, "Sentence": "a"}\n', ["a"]),
        ('{"sentence": "b", "text": "a"}\n', ["a"]),
        ('"a"\n"b c"\n', ["a", "b c"]),
        ('{"text": "a\\nb"}\r\n', ["a\nb"]),
    ],
)
def test_usual_fields_are_found(data, expected):
    assert plain(data, "jsonl") == expected


def test_named_fields_give_text_pair_and_target_also_of_objects_inside():
    data = '{"translation": {"en": "The cat", "fr": "Le chat"}, "context": "pets", "a.b": "c"}\n'
    fields = {"field": "translation.en", "target_field": "translation.fr", "pair_field": "context"}
    assert texts(data, "jsonl", **fields) == [(1, "The cat", "pets", "Le chat")]
    assert plain(data, "jsonl", field="a.b") == ["c"]


def test_lines_of_json_without_a_text_are_errors_of_their_line_or_blank():
    data = '{"text": "a"}\n{"text": 3}\n{"txt": "b"}\n[1]\n{"text": \n\n{"text": " "}\n{"text": "c"}\n'
    stream = Records(io.BytesIO(data.encode()), "data", FileLayout("jsonl"))
    lines = [line for window in stream.windows(3) for line in window]
    assert [(line.number, str(line.text)) for line in lines] == [
        (1, "a"),
        (2, "data, line 2: its field text is not a string; expected a text"),
        (3, "data, line 3: it has no field text; its fields are txt"),
        (4, "data, line 4: it is not a JSON object; expected one JSON object per line"),
        (5, "data, line 5: it is not JSON (Expecting value); expected one JSON object per line"),
        (8, "c"),
    ]
    assert lines[3].text.hint == "to turn a list into lines: jq -c '.[]' FILE > FILE.jsonl"
    assert (stream.blank, stream.n_blank) == ([6, 7], 2)


def test_csv_is_that_of_rfc_4180():
    lines = [
        "id,text",
        '1,"The cat slept, and woke."',
        "",
        '2,"He said ""no"".',
        "",
        'Then, nothing"',
        '3,5" wide',
        '4,""',
    ]
    data = "\r\n".join([*lines, ""])
    assert texts(data, "csv") == [
        (2, "The cat slept, and woke.", None, None),
        (4, 'He said "no".\n\nThen, nothing', None, None),
        (7, '5" wide', None, None),
    ]


@given(
    st.lists(st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\0\r")), st.text("ab")), min_size=1),
    st.integers(1, 5),
)
def test_what_the_standard_library_writes_as_csv_is_read(rows, most):
    rows = [(text or "x", label) for text, label in rows]
    file = io.StringIO()
    csv.writer(file).writerows([("text", "label"), *rows])
    found = records("\ufefftext,label".encode()[:0] + file.getvalue().encode(), FileLayout("csv"), most)
    assert [line.text for line in found] == [text for text, _ in rows if not is_blank(text)] or all(
        is_blank(text) for text, _ in rows
    )


COMMAS = 'data, line 2: it has 3 fields, and its header 2; expected 2, with quotes (") round a text that has commas'
AFTER_QUOTE = (
    "data, line 2: it is not CSV (',' expected after '\"'); expected CSV as of RFC 4180: a quoted field ends before "
    'its comma, and a quote in it is ""'
)
OPEN = "data, line 2: a quote is opened and never closed; expected CSV as of RFC 4180"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("text,label\nThe cat slept, and woke.,pos\nb,1\n", [COMMAS]),
        ('text,label\n"a" b,1\n', [AFTER_QUOTE]),
        ('text,label\n"a,1\nb,2\n', [OPEN]),
    ],
)
def test_records_of_csv_that_cannot_be_read_are_errors(data, expected):
    assert errors(data, "csv") == expected


def test_after_a_wrong_record_of_csv_the_next_ones_are_read():
    assert [str(text)[:12] for text in plain('text\n"a" b\nc\n"d\nd"\n', "csv")] == ["data, line 2", "c", "d\nd"]


def test_a_header_names_the_fields_in_errors():
    assert message(PAIRS, "tsv") == (
        "data: it has no field text, sentence or content; expected --field with one of its fields: sentence1, "
        "sentence2, label"
    )
    assert message(PAIRS, "tsv", field="sentence") == (
        "data: --field sentence is not one of its fields; expected one of sentence1, sentence2, label"
    )
    assert message(PAIRS, "tsv", field="sentence1", pair_field="other") == (
        "data: --pair-field other is not one of its fields; expected one of sentence1, sentence2, label"
    )
    assert message('{"id": 1}\n', "jsonl").endswith("expected --field with one of its fields: id")


def test_of_many_or_long_names_as_many_are_listed_as_may_be_quoted():
    assert message(",".join("abcdefghij") + "\n", "csv").endswith("fields: a, b, c, d, e, f, g, h and 2 more")
    assert message(",".join(letter * 30 for letter in "abcd") + "\n", "csv").endswith(f"{'b' * 30} and 2 more")
    assert message("a" * 300 + ",b\n", "csv").endswith(" and 1 more")


@pytest.mark.parametrize(
    ("data", "format", "hint"),
    [
        ("id;text\n1;a\n", "csv", "its fields seem to be separated by semicolons, and CSV has commas"),
        ("id\ttext\n1\ta\n", "csv", "its fields seem to be separated by tabs: --format tsv"),
        ("The cat,1\n", "csv", "of a file without a header, --field takes the number of a column"),
        ('{"id": 1}\n', "jsonl", None),
    ],
)
def test_a_hint_says_what_may_be_wrong_with_a_header(data, format, hint):  # noqa: A002
    with pytest.raises(InputError) as caught:
        texts(data, format)
    assert caught.value.hint == hint


def test_json_over_several_lines_has_a_hint():
    hints = [line.text.hint for line in records('{\n "text": "a"\n}\n', FileLayout("jsonl"))]
    assert hints == ["to put each object on one line: jq -c . FILE > FILE.jsonl", None, None]


def test_tsv_gives_columns_by_name_and_keeps_quotes_that_are_part_of_a_text():
    assert texts(PAIRS, "tsv", field="sentence1", pair_field="sentence2") == [
        (2, "The cat slept.", "A cat was asleep.", None),
        (3, "It rained.", "The sun shone.", None),
    ]
    data = 'text\tlabel\n"Hello," he said\t1\n"open\t2\n"a ""b"""\t3\n'
    assert plain(data, "tsv") == ['"Hello," he said', '"open', 'a "b"']


def test_numbers_are_columns_of_a_file_without_a_header():
    assert texts("a\tb\nc\td\n", "tsv", field="1", target_field="2") == [(1, "a", None, "b"), (2, "c", None, "d")]
    assert plain("1,a\n2,b\n", "csv", field="2") == ["a", "b"]
    with pytest.raises(UsageError, match="field: x is a name, and columns have numbers here; expected a number from 1"):
        texts("a\tb\n", "tsv", field="1", pair_field="x")


def test_pairs_are_separated_by_bars_or_a_tab():
    data = "The cat ||| Le chat\nA dog\tUn chien\nalone\n"
    found = texts(data, "pairs")
    assert found[:2] == [(1, "The cat", None, "Le chat"), (2, "A dog", None, "Un chien")]
    assert str(found[2][1]) == "data, line 3: it has no column 2; expected 2 columns (separated by ||| or tabs)"
    assert texts("a ||| b ||| c\n", "pairs", pair_field="3") == [(1, "a", "c", None)]
    assert texts("a ||| b\n", "pairs", field="2", target_field="1") == [(1, "b", None, "a")]


def test_pairs_of_more_than_two_parts_are_errors_of_their_line():
    assert errors("a ||| b\na ||| b ||| c\n", "pairs") == ["data, line 2: it has 3 parts; expected SOURCE ||| TARGET"]
    assert errors("a\tb\tc\n", "pairs") == ["data, line 1: it has 3 parts; expected SOURCE ||| TARGET"]


def test_a_field_that_a_header_has_twice_is_not_guessed():
    twice = "data: its header has 2 fields text; expected one"
    assert message("id,text,text\n1,a,b\n", "csv") == message("id\ttext\ttext\n1\ta\tb\n", "tsv") == twice
    assert message("t,text,t\n1,a,b\n", "csv", pair_field="t") == "data: its header has 2 fields t; expected one"
    assert plain("id,text,id\n1,a,b\n", "csv") == ["a"]


def test_a_text_of_csv_may_be_as_long_as_a_book():
    book = "a " * 200_000
    assert plain(f'text\n"{book}"\n', "csv") == [book]


def test_a_file_of_nothing_but_a_header_has_no_text():
    assert message("text,label\n", "csv") == "data: it has no record with a text; expected at least one"


def test_bytes_that_are_not_utf_8_are_an_error_of_their_line():
    lines = records(b'text\n"a\n\xff"\nb\n', FileLayout("csv"))
    assert [str(line.text)[:24] for line in lines] == ["data, line 3: byte 1 of ", "b"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jsonl", "jsonl"),
        ("a.ndjson", "jsonl"),
        ("a.json", "jsonl"),
        ("A.CSV", "csv"),
        ("a.tsv.gz", "tsv"),
        ("a.jsonl.xz", "jsonl"),
        ("a.csv.bz2", "csv"),
        ("a.txt", "text"),
        ("a", "text"),
    ],
)
def test_the_name_says_the_format(name, expected):
    assert settled_layout(FileLayout(), name, b"a\n", is_whole=True)[0].format == expected


def test_the_format_that_is_given_wins_over_the_name():
    layout, notes = settled_layout(FileLayout("text"), "a.jsonl", DATASET.encode(), is_whole=True)
    assert (layout.format, notes) == ("text", [])


JSON_NOTE = "a.txt: its lines are JSON objects, and are read as plain text; --format jsonl reads a field of them"
TAB_NOTE = "a.txt: each line has 2 tabs, and is read as plain text; --format tsv reads a column"
PAIR_NOTE = "a.txt: read as SOURCE ||| TARGET; --format text reads whole lines, --pair-field 2 a second segment"


@pytest.mark.parametrize(
    ("start", "format", "notes"),
    [
        (DATASET, "text", [JSON_NOTE]),
        (json.dumps({"a": 1}), "text", [JSON_NOTE]),
        (PAIRS, "text", [TAB_NOTE]),
        ("a ||| b\n\nc ||| d\n", "pairs", [PAIR_NOTE]),
        ("a\tb\tc\nd\te\n", "text", []),
        ("a\tb\n", "text", []),
        ("{a}\n{b}\n", "text", []),
        ("a ||| b\nc\n", "text", []),
        ("a ||| b ||| c\n", "text", []),
        ("", "text", []),
    ],
)
def test_the_first_lines_of_other_files_are_looked_at(start, format, notes):  # noqa: A002
    layout, found = settled_layout(FileLayout(), "a.txt", start.encode(), is_whole=True)
    assert (layout.format, found) == (format, notes)
    utf_16 = "\ufeff".encode("utf-16-le") + start.encode("utf-16-le")
    assert settled_layout(FileLayout(), "a.txt", utf_16, is_whole=True) == (layout, found)


def test_a_line_that_may_go_on_is_not_looked_at():
    start = b"a ||| b\nc"
    assert settled_layout(FileLayout(), "a", start, is_whole=False)[0].format == "pairs"
    assert settled_layout(FileLayout(), "a", start, is_whole=True)[0].format == "text"


def test_pairs_are_not_looked_for_where_a_pair_or_a_target_is_given():
    layout, notes = settled_layout(FileLayout(), "a", b"a ||| b\n", is_whole=True, is_alone=False)
    assert (layout.format, notes) == ("text", [])


def test_fields_need_a_format_that_has_them():
    with pytest.raises(UsageError, match=r"pair-field: a\.txt has no fields by its name; expected --format jsonl"):
        settled_layout(FileLayout(pair_field="other"), "a.txt", b"", is_whole=True)
    with pytest.raises(UsageError, match="format, field: plain text has no fields; expected --format jsonl, csv"):
        settled_layout(FileLayout("text", field="a"), "a.jsonl", b"", is_whole=True)
    assert settled_layout(FileLayout(target_field="2"), "a.txt", b"", is_whole=True)[0].format == "pairs"
