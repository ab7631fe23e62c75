"""Help: one screen, everything, topics; a text without a command."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from attnviz.cli.app import Commands, app
from attnviz.cli.help.suggestions import is_text, nearest_names
from attnviz.cli.help.topics import topics
from attnviz.encoder.config.given import field_names

ROOT = Path(__file__).parents[2]
SECTIONS = ["Examples", "Conditions", "Selection", "Rows and columns", "View", "Pictures", "Measures", "Input"]
SECTIONS += ["How --attention is read", "The other side", "Many texts", "Model", "Output", "Model shape"]


def leaves():
    """Every command that is not a group, by its words."""
    group = typer.main.get_command(app)
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        for inner, one in getattr(command, "commands", {"": command}).items():
            yield f"{name} {inner}".strip(), one


LEAVES = dict(leaves())


def headings(page: str) -> list[str]:
    return [line.rstrip(":") for line in page.splitlines() if re.match(r"\S.*:$", line)]


@pytest.mark.parametrize("words", [*LEAVES, "probe", "weights", ""])
def test_the_short_page_is_one_screen(cli, words):
    ran = cli(*words.split(), "-h")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    path = f"attnviz {words}".strip()
    assert f"{path} " in lines[0]
    assert "Examples:" in lines
    assert lines[-1] == f"{path} --help for everything" if words in LEAVES else "for one command" in lines[-1]


@pytest.mark.parametrize("words", LEAVES)
def test_the_short_page_has_at_most_a_dozen_options_and_three_examples(cli, words):
    command = LEAVES[words]
    assert len(set(command.main_options)) == len(command.main_options) <= 13
    assert set(command.main_options) <= {parameter.name for parameter in command.params}
    out = cli(*words.split(), "-h").out
    assert 1 <= sum(f"attnviz {words}" in line for line in out.partition("Examples:")[2].splitlines()[:-1]) <= 3


@pytest.mark.parametrize("words", LEAVES)
def test_the_full_page_has_its_sections_in_order_and_every_option(cli, words):
    page = cli(*words.split(), "--help").out
    order = [
        next(i for i, name in enumerate(SECTIONS) if title.split(" (")[0].split(",")[0] == name)
        for title in headings(page)
    ]
    assert order == sorted(set(order))
    assert headings(page)[0] == "Examples"
    for parameter in LEAVES[words].params:
        assert getattr(parameter, "hidden", False) or parameter.opts[-1] in page or parameter.make_metavar(None) in page


@pytest.mark.parametrize("words", [*LEAVES, "probe", "weights", ""])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_no_page_has_words_of_the_library(cli, words, flag):
    page = cli(*words.split(), flag).out
    assert not re.search(r"<\w+[|>]|\[[x0-9]*[<>]=|\b(INTEGER|FLOAT|BOOLEAN)\b", page)


def test_headings_are_bold_where_there_are_colours(cli, monkeypatch):
    plain = cli("show", "--help").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    bold = cli("show", "--help").out
    assert "\x1b[1mExamples:\x1b[0m" in bold
    assert re.sub(r"\x1b\[\d*m", "", bold) == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert cli("show", "--help").out == plain


def test_a_page_fits_the_terminal(cli, monkeypatch):
    for columns in ("74", "80", "100"):
        monkeypatch.setenv("COLUMNS", columns)
        lines = [line for line in cli("heads", "--help").out.splitlines() if not line.startswith("  attnviz")]
        assert max(map(len, lines)) <= int(columns)


def test_help_alone_lists_commands_and_topics_with_a_line_each(cli):
    ran = cli("help")
    assert (ran.code, ran.err) == (0, "")
    for name in {*Commands.summaries, *topics()}:
        assert len(re.findall(rf"^  {name}  +\S", ran.out, re.M)) == 1
    assert max(map(len, ran.out.splitlines())) <= 80


@pytest.mark.parametrize("words", sorted(LEAVES.keys() - topics().keys()))
def test_help_on_a_command_without_a_topic_is_its_full_page(cli, words):
    assert cli("help", *words.split()) == cli(*words.split(), "--help")


@pytest.mark.parametrize("topic", topics())
def test_a_topic_is_its_file(cli, topic):
    ran = cli("help", topic)
    assert (ran.code, ran.err) == (0, "")
    stored = [line.strip() for line in (ROOT / "attnviz" / "docs" / f"{topic}.md").read_text("utf-8").splitlines()]
    assert max(len(line) for line in ran.out.splitlines() if line.strip() not in stored) <= 100  # code is uncut
    assert stored[0].lstrip("# ") == ran.out.splitlines()[0].strip() == topics()[topic]
    assert (ran.out.splitlines()[-1] == f"Options: attnviz {topic} --help") == (topic in Commands.summaries)


def test_the_topic_of_the_block_has_every_field(cli):
    page = cli("help", "block").out
    for name in field_names():
        assert f"--{name.replace('_', '-')}" in page


@pytest.mark.parametrize("words", LEAVES)
def test_a_command_names_a_topic_that_is_there(words):
    topic = LEAVES[words].topic
    assert topic in topics() if topic else words in ("help", "version")


@pytest.mark.parametrize("words", [words for words, command in LEAVES.items() if command.topic])
def test_the_full_page_ends_with_its_topic(cli, words):
    assert cli(*words.split(), "--help").out.splitlines()[-1].startswith(f"More: attnviz help {LEAVES[words].topic}")


@pytest.mark.parametrize(
    ("word", "topic"),
    [
        ("generate", "input"),
        ("gguf", "models"),
        ("Ollama", "models"),
        ("translate", "self-attention"),
        ("alignment", "probes"),
    ],
)
def test_words_that_people_look_up_have_a_topic(cli, word, topic):
    assert cli("help", word).out == cli("help", topic).out


def test_a_topic_has_colours_where_they_are_wanted(cli):
    assert "\x1b[" in cli("help", "contributing", "--color", "always").out
    assert "\x1b[" not in cli("help", "contributing").out


# A text without a command


def test_a_text_alone_is_shown(cli):
    text = "The animal was too tired"
    assert cli(text) == cli("show", text)
    assert cli(text, "-L", "1", "--json") == cli("show", text, "-L", "1", "--json")
    assert cli("-", stdin="the cat\n") == cli("show", "-", stdin="the cat\n")
    assert cli(text, "-h") == cli("show", "-h")


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("the cat", True),
        ("cat.", False),  # as the name of a file
        ("cat!", True),
        ("it's", True),
        ("-", True),
        ("猫坐在垫子上", True),
        ("Straße", True),
        ("shw", False),
        ("show2", False),
        ("hello", False),
        ("sentences.txt", False),
        ("./my-bert", False),
        ("C:\\texts\\one.txt", False),
        ("42", False),
    ],
)
def test_a_text_has_what_no_name_has(word, text):
    assert is_text(word) is text


def test_the_nearest_name_is_first():
    assert nearest_names("haeds", ["heatmap", "heads"])[0] == "heads"
    assert nearest_names("zebra", ["heatmap", "heads"]) == []


# Short options


def test_the_model_the_file_and_the_width_have_one_letter(cli, tmp_path):
    (tmp_path / "texts.txt").write_text("the cat sat\n")
    assert cli("show", "-m", "tiny", "-f", "texts.txt", "-w", "60") == cli(
        "show", "--model", "tiny", "--file", "texts.txt", "--width", "60"
    )


# Start-up


@pytest.mark.parametrize("words", [["-h"], ["show", "-h"], ["help"], ["help", "weights", "init"]])
def test_help_loads_nothing_heavy(words):
    code = (
        f"import sys; from attnviz.cli.main import main; assert main({words!r}) == 0; "
        "heavy = {'numpy', 'matplotlib', 'pydantic', 'rich.table', 'rich.console', 'tokenizers', 'safetensors'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")
def test_on_a_terminal_help_goes_through_the_pager():
    main_end, terminal = os.openpty()
    environ = {**os.environ, "PAGER": "sed s/^/paged:/", "TERM": "xterm", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    try:
        subprocess.run(
            [sys.executable, "-m", "attnviz", "help"],
            stdin=terminal,
            stdout=terminal,
            env=environ,
            check=True,
            timeout=60,
        )
        assert "paged:Commands:" in os.read(main_end, 100_000).decode()
    finally:
        os.close(main_end)
        os.close(terminal)


def test_a_topic_has_no_names_of_files_no_background_and_uncut_code(cli):
    plain, coloured = cli("help", "heads").out, cli("help", "heads", "--color", "always").out
    assert ".md" not in plain
    assert "see attnviz help json" in " ".join(plain.split())
    stored = (ROOT / "attnviz" / "docs" / "heads.md").read_text(encoding="utf-8")
    code = [line for block in re.findall(r"```console\n(.*?)```", stored, re.DOTALL) for line in block.splitlines()]
    assert {line.rstrip() for line in code} <= set(plain.splitlines())
    assert not re.findall(r"\x1b\[(?:\d+;)*(?:4\d|10\d)(?:;\d+)*m", coloured)


@pytest.mark.parametrize("flags", [["-L", "2"], ["-m", "tiny"], ["--json"], ["--"]])
def test_options_before_a_text_are_those_of_show(cli, flags):
    assert cli(*flags, "The cat sat") == cli("show", *flags, "The cat sat")


@pytest.mark.parametrize("argv", [[], ["-h"]])
def test_the_first_page_needs_no_scrolling(cli, argv):
    lines = cli(*argv).out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("subject", "topic"), [("query", "reading"), ("Reading", "reading"), ("figure", "heatmap"), ("bert", "models")]
)
def test_a_subject_leads_to_its_topic(cli, subject, topic):
    assert cli("help", subject).out == cli("help", topic).out
