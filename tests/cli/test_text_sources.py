"""Texts of a folder, a pattern or an address: read in the order of their names, each file as its own name says."""

import gzip
import json
import os
import sys
from pathlib import Path

import fsspec
import pytest

import attnviz
from attnviz.errors import InputError, UsageError
from attnviz.sweeps.texts import opened_texts
from attnviz.text.files.sources import TextFiles, text_source
from attnviz.text.layout import FileLayout


def read(source, most=100):
    """Each text with its place and the bytes that were read by its end."""
    with opened_texts(source, most, FileLayout()) as texts:
        return [(one.where, one.text, one.end) for window in texts for one in window.texts], texts


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, data in {
        "corpus/b.txt": b"the dog\nslept\n",
        "corpus/a.jsonl": b'{"text": "the cat"}\n',
        "corpus/more/c.txt.gz": gzip.compress(b"it rained"),
        "corpus/.hidden": b"no\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "corpus"


def test_a_folder_means_all_its_files_and_each_is_read_by_its_own_name(folder):
    source = text_source("corpus")
    assert source.names == ("corpus/a.jsonl", "corpus/b.txt", "corpus/more/c.txt.gz")
    found, texts = read(source)
    assert [(where, text) for where, text, _ in found] == [
        ("corpus/a.jsonl, line 1", "the cat"),
        ("corpus/b.txt, line 1", "the dog"),
        ("corpus/b.txt, line 2", "slept"),
        ("corpus/more/c.txt.gz, line 1", "it rained"),
    ]
    assert found[-1][2] == texts.size == sum(Path(name).stat().st_size for name in source.names)
    assert texts.name == "3 files"


def test_a_pattern_means_the_files_that_match(folder):
    assert text_source("corpus/*.txt").names == ("corpus/b.txt",)
    assert text_source("corpus/**/*.txt*").names == ("corpus/b.txt", "corpus/more/c.txt.gz")
    assert text_source(Path("corpus/[ab].*")).names == ("corpus/a.jsonl", "corpus/b.txt")
    assert [text for _, text, _ in read(text_source("corpus/*.txt"))[0]] == ["the dog", "slept"]


def test_any_depth_is_where_a_pattern_says_it(folder, monkeypatch):
    assert text_source("**/*.txt").names == ("corpus/b.txt",)
    assert text_source("corpus/**").names == ("corpus/a.jsonl", "corpus/b.txt", "corpus/more/c.txt.gz")
    assert text_source("c*/**/more/**/*").names == ("corpus/more/c.txt.gz",)
    assert text_source(f"{folder}/**/*.txt").names == (f"{folder}/b.txt",)
    monkeypatch.chdir(folder)
    assert text_source("**/*.*").names == ("a.jsonl", "b.txt", "more/c.txt.gz")
    assert text_source(".").names == ("./a.jsonl", "./b.txt", "./more/c.txt.gz")


def test_links_in_a_circle_are_read_once(folder):
    for name in ("self", "more/up", "more/down"):
        (folder / name).symlink_to(folder)
    names = ("corpus/a.jsonl", "corpus/b.txt", "corpus/more/c.txt.gz")
    assert text_source("corpus").names == names
    assert text_source("corpus/**/*").names == names


def test_a_folder_below_that_cannot_be_read_is_an_error(folder, monkeypatch):
    scandir = os.scandir

    def refused(path):
        if os.fspath(path) == "corpus/more":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(InputError, match=r"^corpus/more: no permission to read it; expected text files$"):
        text_source("corpus")


def test_a_file_is_never_a_pattern(folder):
    (folder / "b[1].txt").write_text("one\n")
    assert text_source("corpus/b[1].txt") == Path("corpus/b[1].txt")
    assert text_source("corpus/b.txt") == Path("corpus/b.txt")


@pytest.mark.parametrize("place", ["nothing*", "corpus/more/[x]", "empty"])
def test_a_place_without_files_is_one_line(folder, place):
    os.mkdir("empty")
    with pytest.raises(InputError) as error:
        text_source(place)
    assert str(error.value) == f"{place}: no file is there; expected text files"


def test_files_without_a_text_are_skipped_unless_all_are(cli, folder):
    (folder / "a.csv").touch()
    (folder / "aa.txt").write_bytes(b"\n\n")
    ran = cli("show", "--file", "corpus", "--json")
    assert (ran.code, ran.out.count("\n")) == (0, 4)
    assert ran.err == "attnviz: note: skipped 2 files without a text: corpus/a.csv, corpus/aa.txt\n"
    (folder / "a.jsonl").unlink()
    ran = cli("show", "--file", "corpus/a*", "--json")
    assert (ran.code, ran.err) == (3, "attnviz: error: corpus/a.csv: it is empty; expected a text file\n")


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_a_skipped_file_has_its_whole_name_in_the_note(cli, folder):
    (folder / "b: c.txt").touch()
    ran = cli("show", "--file", "corpus", "--json")
    assert ran.err == "attnviz: note: skipped 1 file without a text: corpus/b: c.txt\n"


def test_a_file_that_cannot_be_read_is_skipped_alone(cli, folder):
    (folder / "aa.txt").write_bytes(b"\x89PNG")
    ran = cli("show", "--file", "corpus", "--json", "--on-error", "skip")
    assert (ran.code, ran.out.count("\n")) == (0, 4)
    assert ran.err == (
        "attnviz: note: corpus/aa.txt: it is a picture; expected text, one per line; skipped\n"
        "attnviz: note: 4 files: 1 of 5 texts skipped\n"
    )
    assert cli("show", "--file", "corpus", "--json").code == 3


def test_files_of_which_only_some_have_targets_are_an_error(cli, folder):
    (folder / "b.txt").write_text("the cat ||| le chat\n")
    ran = cli("show", "--file", "corpus/b.txt", "--json")
    (folder / "c.txt").write_text("the cat ||| le chat\n")
    (first,) = map(json.loads, ran.out.splitlines())
    several = [json.loads(line) for line in cli("show", "--file", "corpus/[bc].txt", "--json").out.splitlines()]
    assert [one["cross_attention"] for one in several] == [first["cross_attention"]] * 2
    (folder / "a.txt").write_text("the cat\n")
    ran = cli("show", "--file", "corpus/[ab].txt", "--json")
    message = "attnviz: error: corpus/b.txt: only some files have targets; expected all of them, or none\n"
    assert (ran.code, ran.err) == (3, message)


def test_a_whole_file_is_one_file(cli, folder):
    assert '"text":"the dog\\nslept"' in cli("show", "--file", "corpus/*.txt", "--whole", "--json").out
    message = "attnviz: error: whole, file: there are 3 files; expected one, or no --whole\n"
    assert cli("show", "--file", "corpus", "--whole", "--json") == (2, "", message)


@pytest.fixture
def memory():
    files = fsspec.filesystem("memory")
    files.pipe("/corpus/b.txt", b"the dog\nslept\n")
    files.pipe("/corpus/a.txt", b"the cat\n")
    yield files
    files.store.clear()


def test_addresses_are_opened_by_fsspec(memory):
    assert text_source("memory://corpus/b.txt") == TextFiles(("memory://corpus/b.txt",))
    assert text_source("memory://corpus").names == ("memory:///corpus/a.txt", "memory:///corpus/b.txt")
    assert text_source("memory://corpus/*.txt").names == ("memory:///corpus/a.txt", "memory:///corpus/b.txt")
    found, texts = read(text_source("memory://corpus"))
    assert [text for _, text, _ in found] == ["the cat", "the dog", "slept"]
    assert texts.size is None


def test_heads_of_an_address_are_those_of_the_files(cli, memory, folder):
    here = cli("heads", "--file", "corpus/b.txt", "--json")
    assert cli("heads", "--file", "memory://corpus/b.txt", "--json") == here
    report = attnviz.heads(text_source("memory://corpus/b.txt"))
    assert report.metrics.texts == 2


@pytest.mark.parametrize(
    ("place", "code", "message"),
    [
        ("memory://gone/*.txt", 3, "memory://gone/*.txt: no file is there; expected text files"),
        ("memory://gone.txt", 3, "memory://gone.txt: no such file; expected text files"),
        ("nosuch://x", 3, "nosuch://x: it cannot be read (Protocol not known: nosuch); expected text files"),
    ],
)
def test_an_address_that_cannot_be_read_is_one_line(cli, place, code, message):
    assert cli("show", "--file", place, "--json") == (code, "", f"attnviz: error: {message}\n")


def test_without_fsspec_one_line_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(UsageError) as error:
        text_source("s3://bucket/texts.txt")
    assert (str(error.value), error.value.hint) == (
        "file: an address needs fsspec; expected it installed",
        "pip install 'attnviz[dask]'",
    )
