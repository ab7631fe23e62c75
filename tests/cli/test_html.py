"""``attnviz html``: where pages go, what is on them, what is refused, and the command that a page names."""

import errno
import html
import json
import os
import re
import shlex
import subprocess
import sys
import webbrowser
from pathlib import Path

import numpy as np
import pytest
import typer

import attnviz
from attnviz.cli.app import app
from attnviz.cli.pictures.options import FigureOptions

TEXT = "The cat didn't sit."
SMALL = ("--seed", "0")
HEAD = re.compile(r'<script type="application/json" id="head">(.*?)</script>', re.DOTALL)


def head_of(page: str | Path) -> dict:
    """What a page says of its texts."""
    text = page.read_text("utf-8") if isinstance(page, Path) else page
    return json.loads(HEAD.search(text)[1])


def names_of(page: str | Path) -> list[str]:
    """The names of the sets of a page's first text."""
    return [one["name"] for one in head_of(page)["texts"][0]["sets"]]


# Where it goes


def test_a_page_is_one_file_and_a_note_says_its_size(cli):
    ran = cli("html", "The cat sat on the table")
    page = Path("attnviz.html")
    kilobytes = round(page.stat().st_size / 1e3)
    note = f"attnviz: note: attnviz.html: {kilobytes} KB, 36 heads; open it in a browser\n"
    assert ran == (0, "", note)
    assert os.listdir() == ["attnviz.html"]
    (text,) = head_of(page)["texts"]
    assert text["text"] == "The cat sat on the table"
    assert text["model"].startswith("tiny")
    assert cli("html", "The cat sat on the table", "-q") == (0, "", "")


def test_the_same_input_gives_the_same_bytes_and_no_path_of_the_machine(cli, tmp_path):
    (tmp_path / "texts.txt").write_text("the cat\nthe dog\n")
    for name in ("one.html", "two.html"):
        assert cli("html", "-f", "texts.txt", *SMALL, "-o", name).code == 0
    page = Path("one.html").read_text("utf-8")
    assert page == Path("two.html").read_text("utf-8")
    assert str(tmp_path) not in page


def test_a_minus_is_standard_output(cli):
    ran = cli("html", TEXT, *SMALL, "-o", "-")
    assert (ran.code, ran.err, os.listdir()) == (0, "", [])
    assert ran.out.startswith("<!doctype html>")
    assert cli("html", TEXT, *SMALL).code == 0
    assert Path("attnviz.html").read_text("utf-8") == ran.out


@pytest.mark.parametrize("folder", ["new/", "deep/new/", "there"])
def test_in_a_folder_one_text_has_the_usual_name(cli, tmp_path, folder):
    (tmp_path / "there").mkdir()
    assert cli("html", TEXT, *SMALL, "-o", folder).code == 0
    assert [path.name for path in Path(folder).iterdir()] == ["attnviz.html"]


def test_in_a_folder_each_of_several_texts_has_a_page(cli):
    ran = cli("html", "-", *SMALL, "-o", "pages/", stdin="one two\nthree four\n")
    assert (ran.code, ran.out) == (0, "")
    paths = [Path("pages/text-001.html"), Path("pages/text-002.html")]
    assert sorted(Path("pages").iterdir()) == paths
    assert [[text["text"] for text in head_of(path)["texts"]] for path in paths] == [["one two"], ["three four"]]
    kilobytes = round(sum(path.stat().st_size for path in paths) / 1e3)
    assert ran.err == f"attnviz: note: pages: 2 pages written, {kilobytes} KB; open them in a browser\n"
    alone = cli("html", "-", *SMALL, "-o", "one/", stdin="one two\n")
    assert [path.name for path in Path("one").iterdir()] == ["text-001.html"]
    assert "one/text-001.html: " in alone.err


def test_several_texts_in_a_file_are_a_list(cli):
    ran = cli("html", "-", *SMALL, "-o", "texts.html", stdin="one two\nthree four\nfive\n")
    assert [text["text"] for text in head_of(Path("texts.html"))["texts"]] == ["one two", "three four", "five"]
    assert "KB, 3 texts, 8 heads; open it" in ran.err


def test_only_a_page_of_its_own_is_replaced(cli):
    page = Path("attnviz.html")
    assert cli("html", TEXT, *SMALL).code == cli("html", "another text", *SMALL).code == 0
    assert head_of(page)["texts"][0]["text"] == "another text"
    page.write_text("<p>somebody else's")
    refused = (1, "", "attnviz: error: attnviz.html: exists already; expected a new file, or --force\n")
    assert cli("html", TEXT, *SMALL) == refused
    assert cli("html", TEXT, "--model", "not-there") == refused  # before anything is loaded
    assert page.read_text() == "<p>somebody else's"
    assert cli("html", TEXT, *SMALL, "--force").code == 0
    Path("pages").mkdir()
    Path("pages/text-002.html").write_text("<p>somebody else's")
    ran = cli("html", "-", *SMALL, "-o", "pages", stdin="one\ntwo\n")
    assert (ran.code, Path("pages/text-002.html").read_text()) == (1, "<p>somebody else's")


@pytest.mark.parametrize("step", ["open", "replace"])
def test_a_full_disk_leaves_no_half_of_a_page(cli, monkeypatch, step):
    assert cli("html", "an old text", *SMALL).code == 0
    before = Path("attnviz.html").read_bytes()

    def full(*arguments, **more):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        if step == "replace":
            patch.setattr(os, "replace", full)
        else:
            patch.setattr("attnviz.outputs.open", full, raising=False)
        ran = cli("html", TEXT, *SMALL)
    assert ran == (1, "", "attnviz: error: attnviz.html: the disk is full; expected free space\n")
    assert Path("attnviz.html").read_bytes() == before
    assert os.listdir() == ["attnviz.html"]


def test_a_device_is_written_to_whatever_its_name(cli):
    assert cli("html", TEXT, *SMALL, "-o", "/dev/null").code == 0


# The browser


class Browser:
    """A browser that remembers what it opened."""

    def __init__(self, basename="firefox", works=True):
        self.basename, self.works, self.opened = basename, works, []

    def open(self, url):
        self.opened.append(url)
        return self.works


def test_open_opens_the_page_once_it_is_written(cli, monkeypatch, tmp_path):
    browser = Browser()
    monkeypatch.setattr(webbrowser, "get", lambda: browser)
    assert cli("html", TEXT, *SMALL, "-o", "my page.html", "--open").code == 0
    assert browser.opened == [(tmp_path / "my page.html").as_uri()]
    assert "no browser" not in cli("html", "-", *SMALL, "-o", "pages/", "--open", stdin="a\nb\n").err
    assert browser.opened[1:] == [(tmp_path / "pages" / "text-001.html").as_uri()]


@pytest.mark.parametrize("browser", [None, Browser("w3m"), Browser(works=False)])
def test_without_a_browser_a_note_says_so(cli, monkeypatch, browser):
    def get():
        if browser is None:
            raise webbrowser.Error("could not locate runnable browser")
        return browser

    monkeypatch.setattr(webbrowser, "get", get)
    monkeypatch.delenv("BROWSER", raising=False)
    ran = cli("html", TEXT, *SMALL, "--open")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.endswith("attnviz: note: no browser was found; open attnviz.html in one\n")


def test_a_browser_in_the_terminal_is_used_where_it_was_asked_for(cli, monkeypatch):
    browser = Browser("w3m")
    monkeypatch.setattr(webbrowser, "get", lambda: browser)
    monkeypatch.setenv("BROWSER", "w3m")
    assert cli("html", TEXT, *SMALL, "--open").code == 0
    assert len(browser.opened) == 1


# What is on it


def test_lists_of_values_and_reductions_are_sets_and_what_does_not_fit_is_left_out(cli):
    options = ("--values", "weights,norms", "--reduce", "none, rollout,none")
    assert cli("html", TEXT, *options).code == 0
    sets = head_of(Path("attnviz.html"))["texts"][0]["sets"]
    kinds = [(one["values"], one["reduce"]) for one in sets]
    assert sorted(kinds) == [("norms", "none"), ("weights", "none"), ("weights", "rollout")]
    assert len(set(names_of(Path("attnviz.html")))) == 3


def test_of_several_values_those_that_have_no_words_stay_without(cli):
    assert cli("html", TEXT, "--values", "scores,weights", "--words").code == 0
    assert names_of(Path("attnviz.html")) == ["scores", "weights"]


def test_heads_that_are_chosen_are_the_only_ones(cli):
    assert "KB, 2 heads; open" in cli("html", TEXT, "-H", "L2H8,L1H7").err
    (one,) = head_of(Path("attnviz.html"))["texts"][0]["sets"]
    assert [head["name"] for head in one["heads"]] == ["L2H8", "L1H7"]
    assert "KB, 36 heads; open" in cli("html", TEXT, "--reduce", "mean,none").err
    assert "KB, 1 matrix; open" in cli("html", TEXT, "--reduce", "mean").err
    assert "KB, 3 matrices; open" in cli("html", TEXT, "--reduce", "mean-heads").err


def test_words_and_special_tokens_say_how_it_opens(cli):
    def start(*options):
        return head_of(cli("html", TEXT, *options, "-o", "-").out)["start"]

    assert (start()["words"], start()["special"]) == (True, False)
    changed = start("--no-words", "--show-special")
    assert (changed["words"], changed["special"]) == (False, True)
    assert (start("--from", "cat")["side"], start("--from", "cat")["query"]) == ("from", 2)
    assert (start("--to", "cat")["side"], start("--to", "cat")["key"]) == ("to", 2)


def test_tokens_have_the_spelling_of_the_vocabulary_if_asked(cli):
    def text(*options):
        return head_of(cli("html", "unbelievable", *options, "-o", "-").out)["texts"][0]

    assert "##ble" not in text()["sides"][0]["tokens"]["labels"]
    assert "##ble" in text("--raw-tokens")["sides"][0]["tokens"]["labels"]
    assert text("--raw-tokens")["command"] == "attnviz show unbelievable --raw-tokens"


def test_a_piped_page_whose_reader_is_gone_ends_quietly():
    line = f"{shlex.quote(sys.executable)} -m attnviz html 'The cat' --seed 0 -o - | head -c 100"
    ran = subprocess.run(["sh", "-c", line], capture_output=True, check=True)
    assert (len(ran.stdout), ran.stderr) == (100, b"")


def test_decimals_are_chosen(cli):
    for given in ("2", "3"):
        assert head_of(cli("html", TEXT, *SMALL, "--precision", given, "-o", "-").out)["precision"] == int(given)


def test_a_target_gives_every_kind_and_kind_one(cli):
    target = (TEXT, "--target", "The dog", *SMALL, "-o", "-")
    kinds = [one["kind"] for one in head_of(cli("html", *target).out)["texts"][0]["sets"]]
    assert sorted(kinds) == ["cross", "decoder", "encoder"]
    kinds = [one["kind"] for one in head_of(cli("html", *target, "--kind", "decoder").out)["texts"][0]["sets"]]
    assert kinds == ["decoder"]


def test_the_page_of_piped_json_has_the_numbers_of_the_text(cli):
    piped = cli("show", TEXT, *SMALL, "--json").out
    (of_json,) = head_of(cli("html", "--attention", "-", "-o", "-", stdin=piped).out)["texts"]
    (of_text,) = head_of(cli("html", TEXT, *SMALL, "-o", "-").out)["texts"]
    assert of_json["sides"] == of_text["sides"]
    assert of_json["sets"][0]["metrics"] == of_text["sets"][0]["metrics"]
    assert of_json["command"] == ""  # nothing can be piped again


def test_lines_that_cannot_be_used_are_skipped_if_asked(cli):
    ran = cli("html", "-", *SMALL, "--n-ctx", "3", "--on-error", "skip", "-o", "-", stdin="a\na b c d\nb\n")
    assert [text["text"] for text in head_of(ran.out)["texts"]] == ["a", "b"]
    assert "4 tokens, and n_ctx is 3" in ran.err


# Comparisons


@pytest.mark.parametrize(
    "options",
    [
        ("The animal was too tired.", "The animal was too wide."),
        ("The animal was too tired.", "--vs-seed", "0"),
        ("The animal was too tired.", "--layer", "0", "--vs-layer", "2"),
    ],
)
def test_a_second_side_gives_the_difference_and_both(cli, options):
    ran = cli("html", *options)
    assert ran.code == 0, ran.err
    assert names_of(Path("attnviz.html")) == ["B - A", "A", "B"]
    (text,) = head_of(Path("attnviz.html"))["texts"]
    assert text["command"].startswith("attnviz diff ")
    assert cli(*shlex.split(text["command"])[1:]) == cli("diff", *options)


def test_a_comparison_opens_with_a_word_if_asked(cli):
    def start(*options):
        return head_of(cli("html", "The animal was too tired.", *options, "-o", "-").out)["start"]

    opened = start("The animal was too wide.", "--from", "was")
    assert (opened["side"], opened["query"], opened["key"]) == ("from", 3, None)
    opened = start("--vs-seed", "0", "--to", "animal")
    assert (opened["side"], opened["query"], opened["key"]) == ("to", None, 2)


def test_a_comparison_of_files_and_of_a_piped_text(cli, tmp_path):
    (tmp_path / "a.json").write_text(cli("show", "the cat sat", "--seed", "0", "--json").out)
    (tmp_path / "b.json").write_text(cli("show", "the cat sat", "--seed", "1", "--json").out)
    page = cli("html", "--attention", "a.json", "--vs-attention", "b.json", "-o", "-").out
    assert head_of(page)["texts"][0]["command"] == "attnviz diff --attention a.json --vs-attention b.json"
    page = cli("html", "-", "the dog sat", *SMALL, "-o", "-", stdin="the cat sat\n").out
    assert head_of(page)["texts"][0]["command"] == "attnviz diff 'the cat sat' 'the dog sat' --seed 0"


# The command that prints the same


@pytest.mark.parametrize(
    "options",
    [
        ('it\'s a "cat" $HOME `ls` \\ !',),
        ("the cat", "--pair", "the dog", "--model", "tiny"),
        ("the cat", "--target", "a dog's", "--seed", "3", "--score", "cosine", "--no-bias", "--kind", "cross"),
        ("the cat", "--n-heads", "2", "--set", "rotary_base=5e5", "--position", "rotary", "--seed", "5"),
        ("the cats", "--seed", "0", "--n-ctx", "9", "--truncate", "--no-words"),
        ("the cat", "--seed", "0", "--mask", "causal", "--pad-to", "5", "-L", "0"),
    ],
)
def test_the_command_prints_the_same_numbers(cli, options):
    (text,) = head_of(cli("html", *options, "-o", "-").out)["texts"]
    words = shlex.split(text["command"])
    assert words[:3] == ["attnviz", "show", options[0]]
    for unwanted in ("--kind", "--no-words", "-L", "--layer"):
        assert unwanted not in words
    plain = [word for word in options if word != "--no-words"]
    again = [word for name in ("--kind", "-L") if name in options for word in options[options.index(name) :][:2]]
    assert cli(*words[1:], *again, "--json") == cli("show", *plain, "--json")


def test_the_command_of_a_line_has_its_text(cli, tmp_path):
    (tmp_path / "texts.txt").write_text("the cat\n-5 cats\n")
    texts = head_of(cli("html", "-f", "texts.txt", *SMALL, "-o", "-").out)["texts"]
    assert [text["command"] for text in texts] == [
        "attnviz show 'the cat' --seed 0",
        "printf '%s\\n' '-5 cats' | attnviz show - --seed 0",
    ]


def test_the_command_has_the_model_of_a_variable_unless_a_flag_wins(cli, monkeypatch):
    monkeypatch.setenv("ATTNVIZ_MODEL", "tiny")
    monkeypatch.setenv("ATTNVIZ_N_HEADS", "2")

    def command(*options):
        return head_of(cli("html", "the cat", *options, "-o", "-").out)["texts"][0]["command"]

    assert command("--seed", "0") == "attnviz show 'the cat' --n-heads 2 --seed 0"
    monkeypatch.delenv("ATTNVIZ_N_HEADS")
    assert command() == "attnviz show 'the cat' --model tiny"


def test_the_command_of_vectors_and_of_a_file_of_attention_names_the_file(cli, tmp_path):
    np.save(tmp_path / "vectors.npy", np.eye(4))
    np.save(tmp_path / "eye.npy", np.eye(3)[None])
    page = cli("html", "--vectors", "vectors.npy", "--tokens", "a b c d", "-o", "-").out
    assert head_of(page)["texts"][0]["command"] == "attnviz show --vectors vectors.npy --tokens 'a b c d'"
    page = cli("html", "--attention", "eye.npy", "--tokens", "a b c", "-o", "-").out
    assert head_of(page)["texts"][0]["command"] == "attnviz show --attention eye.npy --tokens 'a b c'"


# Notebooks


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ({}, ()),
        ({"seed": 0}, ("--seed", "0")),
        ({"seed": 0, "target": "The old dog"}, ("--seed", "0", "--target", "The old dog")),
        ({"heads": "L2H8"}, ("-H", "L2H8")),
        ({"values": "scores"}, ("--values", "scores")),
        ({"reduce": "rollout"}, ("--reduce", "rollout")),
        ({"words": True, "hide_special": True}, ()),
    ],
)
def test_a_result_in_a_notebook_is_as_text_what_show_prints(cli, given, options):
    text = "The cat sat on the table"
    shown = attnviz.run(text, **given)._repr_mimebundle_(include={"text/plain"})
    assert shown == {"text/plain": cli("show", text, *options).out.rstrip("\n")}


def test_a_difference_in_a_notebook_is_as_text_what_diff_prints(cli):
    texts = ("The animal was too tired.", "The animal was too wide.")
    shown = attnviz.diff(*map(attnviz.run, texts))._repr_mimebundle_()
    assert shown["text/plain"] == cli("diff", *texts).out.rstrip("\n")
    assert names_of(html.unescape(re.search('srcdoc="([^"]*)"', shown["text/html"])[1])) == ["B - A", "A", "B"]
    assert shown["text/plain"] in html.unescape(shown["text/html"].partition("<details>")[2])


# Help


@pytest.mark.parametrize("subject", ["html", "page", "browser", "BertViz", "notebook"])
def test_help_finds_the_topic(cli, subject):
    assert cli("help", subject).out.startswith("html: attention as a page to click")


def test_the_first_screen_has_the_page(cli):
    assert re.search(r"^  html +.*page to click", cli("-h").out, re.M)
    assert "html" in attnviz.__all__


def test_it_takes_every_option_of_show_but_those_of_tables_of_json_and_of_parts():
    group = typer.main.get_command(app)
    show, page = ({one.name for one in group.get_command(None, name).params} for name in ("show", "html"))
    tables_and_json = {
        "grid",
        "style",
        "top",
        "cmap",
        "width",
        "json",
        "model_info",
        "workers",
        "dask",
        "resume",
        "image",
    }
    parts = {"rows", "columns", "blocks", "received"}  # the page has every token; its reader chooses
    assert show - page == tables_and_json | parts
    diff = {one.name for one in group.get_command(None, "diff").params}
    figure = set(FigureOptions.names())
    assert diff - page == {"top", "tolerance", "width", "json", "model_info"} | figure
