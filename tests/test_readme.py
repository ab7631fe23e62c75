"""The README says what the program does: its commands are run, its tables are complete.

A ``console`` block holds commands (``$ ...``), each followed by exactly what it prints. Those with a trained model run
only where it is (``-m checkpoint``, as in CI).
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

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"(```console\n)(.*?)(```)", re.DOTALL)
TRAINED = "all-MiniLM-L6-v2"
UPDATE = bool(os.environ.get("ATTNVIZ_UPDATE_SNAPSHOTS"))


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """Runs a command line in a folder of its own that holds the samples, with ``attnviz`` on the path."""
    folder = tmp_path_factory.mktemp("readme")
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
            ["sh", "-c", line], cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout + ran.stderr

    run.folder = folder
    return run


def run_block(block: str, shell) -> str:
    """The block as it is when its commands are run."""
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{shell(command)}" for command in commands)


def assert_blocks_are_real(shell, *, trained: bool) -> None:
    text = README.read_text(encoding="utf-8")
    blocks = [match for match in BLOCK.finditer(text) if (TRAINED in match[2]) == trained]
    assert len(blocks) > 2
    real = text
    for match in reversed(blocks):
        real = real[: match.start(2)] + run_block(match[2], shell) + real[match.end(2) :]
    if UPDATE:
        README.write_text(real, encoding="utf-8")
    assert real == text


def test_every_command_prints_what_the_readme_says(shell):
    assert_blocks_are_real(shell, trained=False)


@pytest.mark.checkpoint
def test_every_command_with_a_trained_model_prints_what_the_readme_says(shell, minilm):
    (shell.folder / TRAINED).symlink_to(minilm)
    assert_blocks_are_real(shell, trained=True)


def test_the_library_example_runs():
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    subprocess.run([sys.executable, "-c", example], cwd=ROOT, check=True, timeout=60)


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


def mentioned(option: str, text: str) -> bool:
    if option.startswith("--no-"):
        return mentioned(f"--{option[5:]}", text)
    return not option.startswith("-") or bool(re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text))


def test_links_and_pictures_are_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README.read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target
