"""The README and the topics of ``attnviz help`` say what the program does: commands are run, tables are complete.

A ``console`` block holds commands (``$ ...``), each followed by exactly what it prints. Each block is a test, which
runs its commands in a new folder with the samples: no block needs another. Blocks with a trained model run only where
it is (``-m checkpoint``, as in CI).
"""

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
import typer

import attnviz
from attnviz.cli.app import app
from tests.approved import UPDATE, assert_stored

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
TOPICS = sorted((Path(attnviz.__file__).parent / "docs").glob("*.md"))
PAGES = {page.name: page for page in (README, *TOPICS)}
BLOCK = re.compile(r"(```console\n)(.*?)(```)", re.DOTALL)
TRAINED = "all-MiniLM-L6-v2"


def read(name: str) -> str:
    return PAGES[name].read_text(encoding="utf-8")


def blocks(*, trained: bool) -> list:
    """The blocks with or without a trained model, each named by its page and its first command."""
    return [
        pytest.param(name, match[2], id=f"{name}: {match[2].splitlines()[0].removeprefix('$ ')}")
        for name in PAGES
        for match in BLOCK.finditer(read(name))
        if (TRAINED in match[2]) == trained
    ]


@pytest.fixture
def shell(tmp_path):
    """Runs a command line in a folder of its own that holds the samples, with ``attnviz`` on the path."""
    folder = tmp_path / "readme"
    shutil.copytree(ROOT / "samples", folder / "samples")
    program = folder / "bin" / "attnviz"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m attnviz "$@"\n')
    program.chmod(0o755)
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("ATTNVIZ_", "CLICOLOR"))}
    keep = {name: value for name, value in keep.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    environ = keep | {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    def run(line: str) -> str:
        ran = subprocess.run(
            ["sh", "-c", line], cwd=folder, env=environ, capture_output=True, text=True, timeout=600, check=False
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout + ran.stderr

    run.folder = folder
    return run


def assert_block_is_real(name: str, block: str, shell) -> None:
    """A block has commands, and is exactly what its commands print, one after the other in a new folder."""
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    assert commands
    real = "".join(f"$ {command}\n{shell(command)}" for command in commands)
    if UPDATE:
        changed = read(name).replace(f"```console\n{block}```", f"```console\n{real}```", 1)
        PAGES[name].write_text(changed, encoding="utf-8", newline="\n")
        block = real
    assert_stored(real, block, f"this block of {name}")


@pytest.mark.parametrize(("name", "block"), blocks(trained=False))
def test_a_block_is_what_its_commands_print(name, block, shell):
    assert_block_is_real(name, block, shell)


@pytest.mark.checkpoint
@pytest.mark.parametrize(("name", "block"), blocks(trained=True))
def test_a_block_with_a_trained_model_is_what_its_commands_print(name, block, shell, minilm):
    (shell.folder / TRAINED).symlink_to(minilm)
    assert_block_is_real(name, block, shell)


@pytest.mark.parametrize("name", ["README.md", "library.md"])
def test_the_library_examples_run(name):
    examples = re.findall(r"```python\n(.*?)```", read(name), re.DOTALL)
    assert examples
    for example in examples:
        subprocess.run([sys.executable, "-c", example], cwd=ROOT, check=True, timeout=600)


def commands():
    """Every command with the words that call it."""
    group = typer.main.get_command(app)
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        for inner, one in getattr(command, "commands", {"": command}).items():
            yield f"{name} {inner}".strip(), one


def test_every_command_and_option_is_documented():
    text = "\n".join(map(read, PAGES))
    missing = []
    for words, command in commands():
        if f"attnviz {words}" not in text:
            missing.append(words)
        for parameter in command.params:
            missing += [o for o in (*parameter.opts, *parameter.secondary_opts) if not mentioned(o, text)]
    assert not sorted(set(missing)), "name these in the README or in a topic of attnviz/docs"


def rows() -> list[str]:
    """The rows of all tables of options."""
    return [line for name in PAGES for line in read(name).splitlines() if line.startswith("| `-")]


def test_the_row_of_an_option_names_all_its_choices():
    """Some row names all choices that a command has of an option, and no row names some of them only."""
    choices = defaultdict(set)  # each option's choices, which can differ between commands
    for _, command in commands():
        for parameter in command.params:
            if named := getattr(parameter.type, "choices", ()):
                choices[max(parameter.opts, key=len)].add(frozenset(named))
    for option, sets in choices.items():
        every = frozenset().union(*sets)
        named = {every & set(re.findall(r"`([^`]+)`", row)) for row in rows() if f"`{option}`" in row} - {frozenset()}
        assert named == sets, f"name all choices of {option} in its row in attnviz/docs"


def mentioned(option: str, text: str) -> bool:
    if option.startswith("--no-"):
        return mentioned(f"--{option[5:]}", text)
    return not option.startswith("-") or bool(re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text))


@pytest.mark.parametrize("name", PAGES)
def test_links_and_pictures_are_there(name):
    for target in re.findall(r"\]\(([^)#]+)\)", read(name)):
        assert target.startswith("https://") or (PAGES[name].parent / target).exists(), target


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.stem)
def test_a_topic_is_plain_markdown_that_a_terminal_can_print(topic):
    """A topic begins with its title, and has no HTML, no pictures and no links out of the wheel."""
    text = topic.read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    assert text.startswith("# ")
    assert not re.findall(r"<[a-z!/][^>]*>", prose)
    assert not re.findall(r"!\[", prose)
    assert all("/" not in link for link in re.findall(r"\]\((?!https://)([^)]+)\)", prose))


def test_the_readme_links_every_topic():
    linked = set(re.findall(r"\]\(attnviz/docs/([^)#]+)\)", read("README.md")))
    assert linked == {topic.name for topic in TOPICS}
