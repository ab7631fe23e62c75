"""Files of attnviz are known by what its writers put there; a file that only looks like one is somebody else's."""

import os
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.output.pictures.files.encoding import png
from attnviz.output.signatures import CREATOR, is_written_by_attnviz

SAMPLES = Path(__file__).parents[2] / "samples" / "pictures"
PIXELS = np.zeros((1, 1, 4), np.uint8)
WORDS = dict.fromkeys(("Title", "Description", "Source"), "x") | {"Creator": CREATOR}


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> dict[str, bytes]:
    """A file of each kind, as attnviz writes it."""
    folder = tmp_path_factory.mktemp("written")
    result = attnviz.run("a <b> & -- cat", heads="L0H0")
    for ending in ("png", "svg", "pdf"):
        attnviz.figure(result, folder / f"a.{ending}", caption=ending == "png")
    (folder / "a.html").write_text(attnviz.html(result))
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


def test_what_attnviz_writes_is_known_also_by_another_name(written, tmp_path):
    assert set(written) == {".png", ".svg", ".pdf", ".txt", ".html"}
    for ending, data in written.items():
        for name in (f"a{ending}", "a") if ending != ".txt" else ("a.txt",):
            (tmp_path / name).write_bytes(data)
            assert is_written_by_attnviz(tmp_path / name), name
    for name in ("head.svg", "overview.png", "panels.png", "arcs.svg", "words.svg"):  # of earlier versions
        assert is_written_by_attnviz(SAMPLES / name), name


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Creator\0\0\0\0\0attnviz heatmap",
        b"\x89PNG\r\n\x1a\n Creator\0\0\0\0\0attnviz heatmap",
        png(PIXELS, {"Creator": CREATOR}, 100),
        png(PIXELS, {**WORDS, "Software": "another program"}, 100),
        png(PIXELS, dict(reversed(WORDS.items())), 100),
        png(PIXELS, {**WORDS, "Creator": f"not {CREATOR}"}, 100),
        png(PIXELS, WORDS, 100).replace(b"Title", b"title"),  # whose checksum is wrong
        png(PIXELS, WORDS, 100)[:60],
        b"%PDF-1.4 /Creator (attnviz heatmap)",
        b"<svg><!-- <dc:title>attnviz heatmap</dc:title> --></svg>",
        b'<!doctype html>\n<html lang="en">\n<head>\n<meta name="generator" content="attnviz 1.0">',
        b"See how it was Drawn by attnviz heatmap.\nAnd more.\n",
        b"My notes:\nDrawn by attnviz heatmap.\n",
    ],
)
def test_a_file_that_only_mentions_attnviz_is_somebody_elses(tmp_path, data):
    for ending in ("png", "pdf", "svg", "html", "txt"):
        path = tmp_path / f"a.{ending}"
        path.write_bytes(data)
        assert not is_written_by_attnviz(path), ending


def test_a_file_that_another_program_saved_since_is_somebody_elses(written, tmp_path):
    edits = {
        ".svg": lambda data: data.replace(b"<metadata>", b"<!-- Created with Inkscape -->\n<metadata>"),
        ".pdf": lambda data: data.replace(b"/Producer (Matplotlib pdf backend", b"/Producer (Another"),
        ".html": lambda data: data.replace(b"<head>", b"<head><!-- saved from url=(0042) -->"),
        ".txt": lambda data: data + b"I add this.\n",
    }
    for ending, edit in edits.items():
        path = tmp_path / f"a{ending}"
        path.write_bytes(edit(written[ending]))
        assert path.read_bytes() != written[ending]
        assert not is_written_by_attnviz(path), ending


def test_notes_that_end_as_a_caption_does_are_somebody_elses(tmp_path):
    for text in ("Notes. Drawn by attnviz heatmap.\n", "Mine. See the text: a b. Drawn by attnviz heatmap.\n"):
        (tmp_path / "a.txt").write_text(text, "utf-8")
        assert not is_written_by_attnviz(tmp_path / "a.txt"), text


def test_a_pipe_a_folder_a_link_to_nothing_and_a_loop_are_not_opened(tmp_path, written):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "nothing.png").symlink_to("missing")
    (tmp_path / "loop.png").symlink_to("loop.png")
    assert not any(is_written_by_attnviz(path) for path in tmp_path.iterdir())
    (tmp_path / "real.png").write_bytes(written[".png"])
    (tmp_path / "link.png").symlink_to("real.png")
    assert is_written_by_attnviz(tmp_path / "link.png")
