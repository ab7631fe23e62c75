"""``-o FIGURE.pdf``: one figure in one file, of ``heatmap``, ``diff`` and ``heads --cluster``."""

import io
import os
import re
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import attnviz
from attnviz.cli.main import main

TEXT = "The cat sat on the table"
DRAWING = [("heatmap", TEXT), ("diff", TEXT, "A cat"), ("heads", TEXT, "--cluster")]
STARTS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def title(path: Path) -> str:
    with Image.open(path) as picture:
        return picture.text["Title"]


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "PDF"])
@pytest.mark.parametrize("command", [*DRAWING, ("heatmap", TEXT, "--heads-by-similarity")], ids=" ".join)
def test_a_name_with_the_ending_of_a_format_is_one_figure_in_it(cli, tmp_path, command, ending):
    ran = cli(*command, "-o", f"figure.{ending}")
    assert ran.code == 0
    assert ran.err == f"attnviz: note: figure.{ending}: written\n"
    assert files(tmp_path) == [f"figure.{ending}"]
    assert (tmp_path / f"figure.{ending}").read_bytes().startswith(STARTS[ending.lower()])


@pytest.mark.parametrize(
    ("options", "start"),
    [(("-H", "L2H8"), "L2H8"), (("-H", "L2H8,L1H7"), "Heads L2H8, L1H7"), ((), "Overview: layers 0-2, heads 0-11")],
)
def test_a_figure_is_of_one_head_of_some_or_of_all(cli, tmp_path, options, start):
    assert cli("heatmap", TEXT, *options, "-o", "a.png").code == 0
    assert title(tmp_path / "a.png").startswith(f"{start} ")


@pytest.mark.parametrize("name", ["out/", "out", "out.v2/", "a/b", "new.png/"])
def test_any_other_name_is_a_folder(cli, tmp_path, name):
    assert cli("heatmap", TEXT, "-H", "L2H8", "-o", name).err.endswith(": 1 picture written\n")
    assert files(tmp_path) == [f"{name.rstrip('/')}/L02H08.png"]


def test_an_existing_folder_is_one_whatever_its_name(cli, tmp_path):
    (tmp_path / "out.png").mkdir()
    assert cli("heatmap", TEXT, "-H", "L2H8", "-o", "out.png").code == 0
    assert files(tmp_path) == ["out.png/L02H08.png"]
    assert cli("diff", TEXT, "A cat", "-L", "2", "-H", "8", "-o", "out.png", "--force").code == 0
    assert cli("heads", TEXT, "--cluster", "-o", "out.png").code == 0
    assert files(tmp_path) == ["out.png/L02H08.png", "out.png/similarity.png"]


@pytest.mark.parametrize("name", ["a.txt", "a.svg", "a.png", "a.pdf"])
@pytest.mark.parametrize("content", ['attnviz heatmap "x" -o a.pdf\n', "Drawn by attnviz heatmap. And edited.\n"])
def test_a_file_that_only_mentions_the_command_is_kept(cli, tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    figure = name.replace(".txt", ".png")
    ran = cli("heatmap", TEXT, "-H", "L2H8", "-o", figure, "--caption")
    assert ran == (1, "", f"attnviz: error: {name}: exists already; expected a new file, or --force\n")
    assert (tmp_path / name).read_text(encoding="utf-8") == content
    assert files(tmp_path) == [name]
    for _ in range(2):  # what attnviz wrote is its own
        assert cli("heatmap", TEXT, "-H", "L2H8", "-o", f"own.{figure[-3:]}", "--caption").code == 0


def test_a_folder_where_the_caption_would_be_is_an_error_before_anything_is_written(cli, tmp_path):
    (tmp_path / "a.txt").mkdir()
    ran = cli("heatmap", TEXT, "-H", "L2H8", "-o", "a.png", "--caption", "--force")
    assert ran == (1, "", "attnviz: error: a.txt: is a folder; expected the name of a file\n")
    assert files(tmp_path) == []


def test_a_named_pipe_gets_the_figure(cli, tmp_path):
    os.mkfifo(tmp_path / "a.svg")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "a.svg").read_bytes()), daemon=True)
    reader.start()
    assert cli("heatmap", TEXT, "-H", "L2H8", "-o", "a.svg").code == 0
    reader.join(30)
    assert b"</svg>" in got[0]


def test_without_a_name_the_folder_is_attnviz_heatmaps(cli, tmp_path):
    assert cli("heatmap", TEXT, "-L", "2").err == "attnviz: note: attnviz-heatmaps: 13 pictures written\n"
    assert len(files(tmp_path / "attnviz-heatmaps")) == 13


def test_one_head_has_no_overview(cli, tmp_path):
    assert cli("heatmap", TEXT, "-H", "L2H8", "-o", "out", "--format", "svg,pdf").code == 0
    assert files(tmp_path / "out") == ["L02H08.pdf", "L02H08.svg"]


def test_the_format_may_be_said_twice(cli, tmp_path):
    assert cli("heatmap", TEXT, "-H", "L2H8", "-o", "a.pdf", "--format", "pdf").code == 0
    assert files(tmp_path) == ["a.pdf"]


def test_a_stream_of_one_text_is_a_figure(cli, tmp_path):
    assert cli("heatmap", "-", "-H", "L2H8", "-o", "a.png", stdin=f"{TEXT}\n").code == 0
    piped = (tmp_path / "a.png").read_bytes()
    assert cli("heatmap", TEXT, "-H", "L2H8", "-o", "a.png").code == 0
    assert (tmp_path / "a.png").read_bytes() == piped


def test_several_texts_are_refused_before_anything_is_written(cli, tmp_path):
    ran = cli("heatmap", "-", "-o", "a.png", stdin="one\ntwo\n")
    expected = "out: there are several texts, and a figure is of one; expected a folder, or one text"
    assert ran == (2, "", f"attnviz: error: {expected}\n")
    assert files(tmp_path) == []


@pytest.mark.parametrize(("more", "ending"), [((), "png"), (("--format", "svg"), "svg"), (("--format", "pdf"), "pdf")])
def test_a_dash_is_standard_output(cli, monkeypatch, tmp_path, more, ending):
    assert cli("heatmap", TEXT, "-H", "L2H8", "-o", f"a.{ending}").code == 0
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    monkeypatch.setattr("sys.stdout", out)
    assert main(["heatmap", TEXT, "-H", "L2H8", "-o", "-", *more]) == 0
    assert out.buffer.getvalue() == (tmp_path / f"a.{ending}").read_bytes()
    assert files(tmp_path) == [f"a.{ending}"]


def test_a_terminal_gets_no_bytes_of_a_picture(cli, monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    out.isatty = lambda: True
    monkeypatch.setattr("sys.stdout", out)
    assert main(["heatmap", TEXT, "-o", "-"]) == 2
    assert out.buffer.getvalue() == b""


# What is there already


def test_a_file_of_another_program_needs_force_in_every_format_and_beside_it(cli, tmp_path):
    for name in ("a.png", "a.svg", "a.pdf", "b.txt"):
        (tmp_path / name).write_bytes(b"mine")
        place = ("-o", "b.png", "--caption") if name == "b.txt" else ("-o", name)
        ran = cli("heatmap", TEXT, "-H", "L2H8", *place)
        assert ran == (1, "", f"attnviz: error: {name}: exists already; expected a new file, or --force\n")
        assert (tmp_path / name).read_bytes() == b"mine"
        assert cli("heatmap", TEXT, "-H", "L2H8", *place, "--force").code == 0
        assert (tmp_path / name).read_bytes() != b"mine"


def test_a_figure_is_not_written_without_its_caption(cli, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"mine")
    assert cli("heatmap", TEXT, "-H", "L2H8", "-o", "a.png", "--caption").code == 1
    assert files(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_a_figure_of_an_earlier_run_is_replaced_with_its_caption(cli, tmp_path, ending):
    for head in ("L2H8", "L1H7"):
        assert cli("heatmap", TEXT, "-H", head, "-o", f"a.{ending}", "--caption").code == 0
        assert (tmp_path / "a.txt").read_text("utf-8").startswith(head)
    assert files(tmp_path) == sorted([f"a.{ending}", "a.txt"])


def test_the_notes_name_the_caption_but_do_not_count_it(cli):
    figure = cli("heatmap", TEXT, "-H", "L2H8", "-o", "a.pdf", "--caption")
    assert figure.err == "attnviz: note: a.pdf, a.txt: written\n"
    folder = cli("heatmap", TEXT, "-H", "L2H8", "-o", "out", "--caption")
    assert folder.err == "attnviz: note: out: 1 picture written\n"


# How it looks


@pytest.mark.parametrize(
    ("size", "dpi", "pixels"),
    [("3.3inx2.5in", 200, (660, 500)), ("10.16x5.08cm", 100, (400, 200)), ("800x450px", 150, (800, 450))],
)
def test_a_png_has_the_size_that_is_given(cli, tmp_path, size, dpi, pixels):
    options = ("-H", "L2H8", "-o", "a.png", "--size", size, "--dpi", str(dpi))
    assert cli("heatmap", TEXT, *options).code == 0
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == pixels


@pytest.mark.parametrize("command", DRAWING, ids=" ".join)
def test_every_picture_takes_a_size(cli, tmp_path, command):
    assert cli(*command, "-o", "a.png", "--size", "4x3in", "--dpi", "100", "--no-title").code == 0
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (400, 300)


def words_of(path: Path) -> str:
    """The words that an SVG draws."""
    return " | ".join(re.findall(r">([^<>]+)</text>", path.read_text("utf-8")))


def test_words_around_the_drawing(cli, tmp_path):
    options = ("-H", "L2H8", "-o", "a.svg", "--force")
    assert cli("heatmap", TEXT, *options).code == 0
    own = words_of(tmp_path / "a.svg")
    assert "L2H8" in own
    assert f"text: {TEXT}" in own
    assert cli("heatmap", TEXT, *options, "--title", "What the cat does").code == 0
    other = words_of(tmp_path / "a.svg")
    assert "What the cat does" in other
    assert "L2H8" not in other
    assert cli("heatmap", TEXT, *options, "--no-title", "--caption").code == 0
    bare = words_of(tmp_path / "a.svg")
    assert "model" not in bare
    assert " | cat | " in bare  # a label
    caption = (tmp_path / "a.txt").read_text("utf-8")
    assert caption.startswith("L2H8")
    assert TEXT in caption
    assert cli("heatmap", TEXT, *options, "--outline-text").code == 0
    assert words_of(tmp_path / "a.svg") == ""


@pytest.mark.parametrize("style", ["lines", "arcs", "text"])
@pytest.mark.parametrize("word", [("--from", "on"), ("--to", "table"), ()], ids=" ".join)
def test_each_style_is_a_figure_also_of_one_word(cli, tmp_path, style, word):
    argv = ("heatmap", TEXT, "-H", "L2H8,L1H7", "--style", style, *word)
    assert cli(*argv, "-o", "a.svg").code == 0
    assert "cat" in words_of(tmp_path / "a.svg")
    assert cli(*argv, "-o", "out").err == "attnviz: note: out: 3 pictures written\n"


def test_one_word_is_another_picture_than_all(cli, tmp_path):
    pictures = set()
    for word in ((), ("--from", "on"), ("--from", "cat"), ("--to", "cat")):
        assert cli("heatmap", TEXT, "-H", "L2H8", "--style", "lines", *word, "-o", "a.png").code == 0
        pictures.add((tmp_path / "a.png").read_bytes())
    assert len(pictures) == 4


def test_a_word_of_the_target_is_looked_for_where_it_can_be(cli, tmp_path):
    argv = ("heatmap", "The cat drank", "--target", "An old dog", "--seed", "0", "--style", "lines", "-o", "out")
    assert cli(*argv, "--from", "dog").code == 0
    kinds = {name.partition("-")[0] for name in files(tmp_path / "out")}
    assert kinds == {"decoder", "cross"}
    ran = cli(*argv, "--from", "zebra")
    assert ran.code == 2
    assert ran.err.startswith("attnviz: error: from: no word is 'zebra'")


@pytest.mark.parametrize(
    "options",
    [
        ("--cmap", "Greys"),
        ("--range", "0:0.2"),
        ("--norm", "sqrt"),
        ("--norm", "log"),
        ("--numbers",),
        ("--scale", "head"),
    ],
    ids=" ".join,
)
def test_an_option_of_colours_changes_the_picture(cli, tmp_path, options):
    argv = ("heatmap", TEXT, "-H", "L2H8", "-o", "a.png")
    assert cli(*argv).code == 0
    plain = (tmp_path / "a.png").read_bytes()
    assert cli(*argv, *options).code == 0
    assert (tmp_path / "a.png").read_bytes() != plain


def test_a_variable_gives_the_colours_of_pictures_alone_or_of_the_terminal_too(cli, monkeypatch, tmp_path):
    def drawn(*options, **variables):
        for name in ("ATTNVIZ_PICTURE_CMAP", "ATTNVIZ_CMAP"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert cli("heatmap", TEXT, "-H", "L2H8", "-o", "a.png", *options).code == 0
        return (tmp_path / "a.png").read_bytes()

    paper, magma, greys = (drawn("--cmap", name) for name in ("paper", "magma", "Greys"))
    assert len({paper, magma, greys}) == 3
    assert drawn() == drawn(ATTNVIZ_CMAP="amber") == paper  # amber is of the terminal alone
    assert drawn(ATTNVIZ_CMAP="magma") == magma
    assert drawn(ATTNVIZ_CMAP="amber", ATTNVIZ_PICTURE_CMAP="greys") == greys
    assert drawn("--cmap", "magma", ATTNVIZ_PICTURE_CMAP="greys") == magma


def test_the_norm_of_the_block_is_meant_by_its_own_names(cli, tmp_path):
    argv = ("heatmap", TEXT, "--seed", "0", "-H", "L1H2", "-o", "a.png")
    pictures = []
    for norm in (("--norm", "rms"), ("--block-norm", "rms"), ("--set", "norm=rms"), ()):
        assert cli(*argv, *norm).code == 0
        pictures.append((tmp_path / "a.png").read_bytes())
    assert pictures[0] == pictures[1] == pictures[2] != pictures[3]
    assert cli(*argv, "--norm", "rms", "--block-norm", "layer") == (
        2,
        "",
        "attnviz: error: norm, block-norm: rms and layer; expected one norm of the block\n",
    )


# The library


def test_the_library_writes_the_same_figure(cli, tmp_path):
    assert cli("heatmap", TEXT, "-H", "L2H8", "-o", "a.pdf", "--size", "3.3in").code == 0
    result = attnviz.run(TEXT, heads="L2H8", words=True, hide_special=True)
    report = attnviz.figure(result, tmp_path / "b.pdf", size="3.3in")
    assert report.paths == (tmp_path / "b.pdf",)
    assert (tmp_path / "b.pdf").read_bytes() == (tmp_path / "a.pdf").read_bytes()


def test_the_library_refuses_what_is_not_a_picture_and_what_is_not_its_own(tmp_path):
    result = attnviz.run(TEXT, heads="L2H8")
    with pytest.raises(attnviz.AttnvizError, match=r"figure: .*figure is not the name of a picture|path: "):
        attnviz.figure(result, tmp_path / "figure")
    (tmp_path / "a.pdf").write_text("mine")
    with pytest.raises(attnviz.AttnvizError, match=r"a\.pdf: exists already; expected a new file, or --force"):
        attnviz.figure(result, tmp_path / "a.pdf")
    assert attnviz.figure(result, tmp_path / "a.pdf", force=True).paths == (tmp_path / "a.pdf",)


def test_a_difference_and_the_similarity_of_heads_take_a_file_in_the_library(tmp_path):
    from attnviz.api.heatmaps import similarity_picture

    runs = [attnviz.run(text, seed=0) for text in ("The cat sat", "The dog sat")]
    assert attnviz.diff(*runs).draw(tmp_path / "d.png", size="3in").paths == (tmp_path / "d.png",)
    with Image.open(tmp_path / "d.png") as picture:
        assert picture.size[0] == 450
    report = attnviz.heads("The cat sat", cluster=True)
    assert similarity_picture(report, tmp_path / "s.svg").paths == (tmp_path / "s.svg",)
    assert np.asarray([path.exists() for path in (tmp_path / "d.png", tmp_path / "s.svg")]).all()


def test_a_figure_of_a_target_is_of_the_cross_attention_and_a_note_says_so(cli, tmp_path):
    ran = cli("heatmap", "a b", "--target", "c d", "--seed", "0", "-o", "figure.svg", "-H", "L0H0")
    assert "figure of the cross-attention; --kind draws another one" in ran.err
    assert "query (target)" in Path("figure.svg").read_text(encoding="utf-8")
    assert (
        "note: figure of"
        not in cli("heatmap", "a b", "--target", "c d", "--seed", "0", "-o", "figure.svg", "--kind", "decoder").err
    )
