"""Files of texts in every command that reads them: datasets, encodings, packed files, pairs, whole files."""

import gzip
import json
import lzma

import pytest

PLAIN = "The baker sold warm bread.\nHe paid in coins.\n"
DATASET = '{"text": "The baker sold warm bread.", "label": 0}\n{"text": "He paid in coins.", "label": 1}\n'
CSV = 'id,text,label\n1,"The cat slept, and woke.",pos\n'
PAIRS = "sentence1\tsentence2\tlabel\nThe cat slept.\tA cat was asleep.\t1\nIt rained.\tThe sun shone.\t0\n"
UTF_16 = b"\xff\xfe" + PLAIN.encode("utf-16-le")


@pytest.fixture
def files(tmp_path):
    contents = {
        "plain.txt": PLAIN.encode(),
        "dataset.jsonl": DATASET.encode(),
        "dataset.ndjson.gz": gzip.compress(DATASET.encode()),
        "dataset.txt": DATASET.encode(),
        "data.csv": b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode(),
        "pairs.tsv": PAIRS.encode(),
        "utf16.txt": UTF_16,
        "packed.txt.xz": lzma.compress(UTF_16),
        "bars.txt": b"The cat slept. ||| A cat was asleep.\nIt rained. ||| The sun shone.\n",
        "table.parquet": b"PAR1\x15\0\n",
        "raw16.txt": PLAIN.encode("utf-16-le"),
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def texts(ran) -> list[str]:
    assert (ran.code, ran.err) == (0, "")
    return [json.loads(line)["text"] for line in ran.out.splitlines()]


@pytest.mark.parametrize("name", ["dataset.jsonl", "dataset.ndjson.gz", "utf16.txt", "packed.txt.xz"])
def test_a_file_as_people_save_it_is_the_same_as_its_plain_lines(cli, files, name):
    plain = cli("heads", "--file", "plain.txt")
    ran = cli("heads", "--file", name)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == plain.out
    assert "means over 15 tokens of 2 texts" in ran.out


@pytest.mark.parametrize("data", [DATASET.encode(), gzip.compress(DATASET.encode())], ids=["plain", "packed"])
@pytest.mark.parametrize("file", [("--file", "-"), ("-",), ()])
def test_a_pipe_has_the_format_that_is_given(cli, data, file):
    ran = cli("show", *file, "--format", "jsonl", "--json", "-L", "0", stdin=data)
    assert texts(ran) == PLAIN.splitlines()


def test_a_csv_has_texts_with_commas(cli, files):
    assert texts(cli("show", "--file", "data.csv", "--json", "-L", "0")) == ["The cat slept, and woke."]
    assert "the" in cli("show", "--file", "data.csv", "-H", "L0H0").out.lower()


def test_workers_read_fields_as_one_process_does(cli, files):
    lines = [json.dumps({"sentence1": f"The cat {n}", "sentence2": "A dog ran"}) for n in range(100)]
    (files / "many.jsonl").write_text("\n".join([*lines[:50], '{"sentence1": 3}', *lines[50:]]))
    options = (
        "--file",
        "many.jsonl",
        "--field",
        "sentence1",
        "--pair-field",
        "sentence2",
        "--on-error",
        "skip",
        "-L",
        "0",
    )
    one, two = (cli("show", *options, "--json", "--workers", n) for n in ("1", "2"))
    assert (one.code, two.out, two.err) == (0, one.out, one.err)
    assert one.err == (
        "attnviz: note: many.jsonl, line 51: its field sentence1 is not a string; expected a text; skipped\n"
        "attnviz: note: many.jsonl: 1 of 101 texts skipped\n"
    )
    first = json.loads(one.out.splitlines()[0])
    assert (first["text"], first["pair"], first["where"]) == ("The cat 0", "A dog ran", "many.jsonl, line 1")


def test_a_field_can_be_a_pair_or_a_target_of_each_text(cli, files):
    fields = ("--file", "pairs.tsv", "--field", "sentence1")
    lines = cli("show", *fields, "--pair-field", "sentence2", "--json", "-L", "0").out.splitlines()
    assert [json.loads(line)["pair"] for line in lines] == ["A cat was asleep.", "The sun shone."]
    ran = cli("show", *fields, "--target-field", "sentence2", "--seed", "0", "--json", "-L", "0")
    line = json.loads(ran.out.splitlines()[1])
    assert (line["text"], line["target"]) == ("It rained.", "The sun shone.")
    assert line["target_tokens"] == ["The", "sun", "shone", "."]
    ran = cli("heads", *fields, "--target-field", "sentence2", "--seed", "0")
    assert "cross-attention" in ran.out


def test_lines_with_bars_are_sources_and_targets_and_a_note_says_so(cli, files):
    note = (
        "attnviz: note: bars.txt: read as SOURCE ||| TARGET; --format text reads whole lines, --pair-field 2 a second "
        "segment\n"
    )
    ran = cli("show", "--file", "bars.txt", "--seed", "0", "--json", "-L", "0")
    assert (ran.code, ran.err) == (0, note)
    assert [json.loads(line)["target"] for line in ran.out.splitlines()] == ["A cat was asleep.", "The sun shone."]
    plain = cli("show", "--file", "bars.txt", "--format", "text", "--seed", "0", "--json", "-L", "0")
    assert json.loads(plain.out.splitlines()[1])["text"] == "It rained. ||| The sun shone."
    pair = cli("show", "--file", "bars.txt", "--pair-field", "2", "--json", "-L", "0")
    assert (pair.err, json.loads(pair.out.splitlines()[1])["pair"]) == ("", "The sun shone.")


def test_a_whole_file_is_one_text(cli, files):
    assert texts(cli("show", "--file", "utf16.txt", "--whole", "--json", "-L", "0")) == [PLAIN.rstrip("\n")]
    ran = cli("show", "--whole", "-", "--json", "-L", "0", stdin=PLAIN)
    assert texts(ran) == [PLAIN.rstrip("\n")]
    ran = cli("heatmap", "--file", "plain.txt", "--whole", "-o", "out", "--overview-only")
    assert (ran.code, [path.name for path in (files / "out").iterdir()]) == (0, ["overview.png"])


def test_explain_check_and_heatmap_read_fields(cli, files):
    ran = cli("explain", "--file", "dataset.jsonl", "-H", "L2H8", "--query", "1", "--json")
    assert texts(ran) == PLAIN.splitlines()
    ran = cli("check", "--file", "data.csv", "--where", "all(self <= 1)")
    assert ran.code == 0
    ran = cli("heatmap", "-", "--format", "svg,jsonl", "-o", "out", "--overview-only", stdin=DATASET)
    assert ran.code == 0
    assert sorted(path.name for path in (files / "out").rglob("*.svg")) == ["overview.svg", "overview.svg"]
    ran = cli("heatmap", "--file", "plain.txt", "--file-format", "text", "-o", "out", "--format", "jsonl")
    assert (ran.code, ran.err) == (
        2,
        "attnviz: error: format: several formats of a file of texts are given; expected one\n",
    )


def test_lines_that_look_like_records_get_a_note(cli, files):
    ran = cli("show", "--file", "dataset.txt", "--json", "-L", "0", "--truncate")
    assert ran.code == 0
    assert ran.err.startswith(
        "attnviz: note: dataset.txt: its lines are JSON objects, and are read as plain text; --format jsonl reads a "
        "field of them\n"
    )


@pytest.mark.parametrize(
    ("command", "code", "error"),
    [
        (
            "heads --file pairs.tsv",
            3,
            "pairs.tsv: it has no field text, sentence or content; expected --field with one of its fields: sentence1, "
            "sentence2, label\nhint: of a file without a header, --field takes the number of a column",
        ),
        (
            "show --file raw16.txt",
            3,
            "raw16.txt, line 1: it has zero bytes, as UTF-16 without a byte order mark has; expected UTF-8, or UTF-16 "
            "with its mark\nhint: iconv -f UTF-16LE -t UTF-8 converts it, if it is that",
        ),
        (
            "show --file table.parquet",
            3,
            "table.parquet: it is a Parquet file; expected text, one per line\nhint: to turn it into JSON lines: "
            'python -c "import pandas; '
            "pandas.read_parquet('FILE').to_json('FILE.jsonl', orient='records', lines=True)\"",
        ),
        (
            "show text --field a",
            2,
            "field: it is about a file of texts; expected --file, or text on standard input",
        ),
        (
            "show --attention a.npy --whole",
            2,
            "whole: it is about a file of texts; expected --file, or text on standard input",
        ),
        (
            "show --file plain.txt --whole --format jsonl",
            2,
            "whole, format: a whole file is one text, without fields; expected one of them",
        ),
        (
            "show --file dataset.jsonl --pair a --pair-field label",
            2,
            "pair, pair-field: both are given; expected one of them",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(cli, files, command, code, error):
    ran = cli(*command.split())
    assert (ran.code, ran.out, ran.err) == (code, "", f"attnviz: error: {error}\n")
