"""The README says what the program does: its commands are run, its tables are complete.

A ``console`` block holds commands (``$ ...``), each followed by exactly what it prints. Each block is a test, which
runs its commands in a new folder: no block needs another. Blocks with a trained model run only where it is
(``-m checkpoint``, as in CI).
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from attnviz.cli.app import app
from tests.approved import UPDATE, assert_stored

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"(```console\n)(.*?)(```)", re.DOTALL)
TRAINED = "all-MiniLM-L6-v2"


def blocks(*, trained: bool) -> list:
    """The blocks with or without a trained model, each named by its first command."""
    found = [match[2] for match in BLOCK.finditer(README.read_text(encoding="utf-8"))]
    return [
        pytest.param(block, id=block.splitlines()[0].removeprefix("$ "))
        for block in found
        if (TRAINED in block) == trained
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


def assert_block_is_real(block: str, shell) -> None:
    """A block has commands, and is exactly what its commands print, one after the other in a new folder."""
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    assert commands
    real = "".join(f"$ {command}\n{shell(command)}" for command in commands)
    if UPDATE:
        text = README.read_text(encoding="utf-8")
        README.write_text(text.replace(f"```console\n{block}```", f"```console\n{real}```", 1), encoding="utf-8")
        block = real
    assert_stored(real, block, "this block of the README")


@pytest.mark.parametrize("block", blocks(trained=False))
def test_a_block_is_what_its_commands_print(block, shell):
    assert_block_is_real(block, shell)


@pytest.mark.checkpoint
@pytest.mark.parametrize("block", blocks(trained=True))
def test_a_block_with_a_trained_model_is_what_its_commands_print(block, shell, minilm):
    (shell.folder / TRAINED).symlink_to(minilm)
    assert_block_is_real(block, shell)


def test_the_library_example_runs():
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    subprocess.run([sys.executable, "-c", example], cwd=ROOT, check=True, timeout=600)


def commands():
    """Every command with the words that call it."""
    group = typer.main.get_command(app)
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        for inner, one in getattr(command, "commands", {"": command}).items():
            yield f"{name} {inner}".strip(), one


def test_every_command_and_option_is_in_the_readme():
    text = README.read_text(encoding="utf-8")
    missing = []
    for words, command in commands():
        if f"attnviz {words}" not in text:
            missing.append(words)
        for parameter in command.params:
            missing += [o for o in (*parameter.opts, *parameter.secondary_opts) if not mentioned(o, text)]
    assert not sorted(set(missing))


def test_the_row_of_an_option_names_all_its_choices():
    """A row of the tables of options that names some choices of an option names all."""
    rows = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| `-")]
    missing = []
    for words, command in commands():
        for parameter in command.params:
            choices = set(getattr(parameter.type, "choices", ()))
            for row in rows:
                named = set(re.findall(r"`([^`]+)`", row))
                if choices & named and named & set(parameter.opts):
                    missing += [f"{words} {parameter.opts[0]}: {one}" for one in sorted(choices - named)]
    assert not missing, "add these choices to the row of the option in the README"


def mentioned(option: str, text: str) -> bool:
    if option.startswith("--no-"):
        return mentioned(f"--{option[5:]}", text)
    return not option.startswith("-") or bool(re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text))


def test_links_and_pictures_are_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README.read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target
