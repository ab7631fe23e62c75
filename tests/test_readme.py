"""The README and the topics of ``attnviz help`` say what the program does: commands are run, tables are complete.

A ``console`` block holds commands (``$ ...``), each followed by exactly what it prints. Each block is a test, which
runs its commands in a new folder with the samples: no block needs another. Blocks with a trained model run only where
it is (``-m checkpoint``, as in CI).
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import groupby, pairwise
from pathlib import Path

import pytest
import typer

import attnviz
from attnviz.checkpoints.huggingface.family import KINDS_OF_FAMILIES
from attnviz.checkpoints.huggingface.registry import families
from attnviz.checkpoints.huggingface.rules.text_part import TEXT_MODELS, text_part
from attnviz.cli.app import Commands, app
from attnviz.encoder.config.given import field_names
from tests.approved import UPDATE, assert_stored

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
GOLDEN = ROOT / "tests" / "checkpoints" / "golden"
TOPICS = sorted((Path(attnviz.__file__).parent / "docs").glob("*.md"))
PAGES = {page.name: page for page in (README, *TOPICS)}
BLOCK = re.compile(r"(```console\n)(.*?)(```)", re.DOTALL)
TRAINED = {"all-MiniLM-L6-v2": "minilm", "SmolLM2-135M-Instruct.Q4_1.gguf": "smollm2"}  # names, and their fixtures


def read(name: str) -> str:
    return PAGES[name].read_text(encoding="utf-8")


def blocks(*, trained: bool) -> list:
    """The blocks with or without a trained model, each named by its page and its first command."""
    return [
        pytest.param(name, match[2], id=f"{name}: {match[2].splitlines()[0].removeprefix('$ ')}")
        for name in PAGES
        for match in BLOCK.finditer(read(name))
        if any(model in match[2] for model in TRAINED) == trained
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
def test_a_block_with_a_trained_model_is_what_its_commands_print(name, block, shell, request):
    for model, fixture in TRAINED.items():
        if model in block:
            (shell.folder / model).symlink_to(request.getfixturevalue(fixture))
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
            one.declare_seldom()
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


def field_row(parameter) -> str:
    """The row of a field of the block, from its option: flag, default, what help says of it, and all choices."""
    meaning, _, default = (parameter.help or "").removesuffix("]").partition(" [default: ")
    choices = getattr(parameter.type, "choices", ())
    named = f": {', '.join(f'`{choice}`' for choice in choices)}" if choices else ""
    return f"| `{parameter.opts[0]}` | {default} | {meaning.removesuffix('.').replace('|', chr(92) + '|')}{named} |\n"


def test_the_topic_block_has_a_row_for_each_field_as_help_says_it():
    text = read("block.md")
    (stored,) = re.findall(r"^\| field \| default .*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    fields = {f"--{name.replace('_', '-')}" for name in field_names()}
    parameters = [one for one in dict(commands())["show"].params if one.name in field_names()]
    parameters.sort(key=lambda one: field_names().index(one.name))
    rows = "".join(map(field_row, parameters))
    if UPDATE:
        PAGES["block.md"].write_text(text.replace(stored, rows, 1), encoding="utf-8", newline="\n")
        stored = rows
    assert len(parameters) == len(fields)
    assert_stored(rows, stored, "the table of fields in attnviz/docs/block.md")


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


def test_the_readme_counts_the_families():
    text = read("README.md")
    (stored,) = re.findall(r"\d+ families of models", text)
    expected = f"{len(families())} families of models"
    if UPDATE:
        PAGES["README.md"].write_text(text.replace(stored, expected, 1), encoding="utf-8", newline="\n")
        stored = expected
    assert_stored(expected, stored, "the number of families in README.md")


def family_row(model_type: str) -> str:
    """The row of a family, with the classes and the number of the golden models that it was compared with."""
    family, classes = families()[model_type], Counter()
    for file in sorted(GOLDEN.glob("*/config.json")):
        settings = json.loads(file.read_text(encoding="utf-8"))
        if settings["model_type"] == model_type:
            classes[settings["architectures"][0]] += 1
    compared = ", ".join(f"`{name}`{f' ({times} times)' if times > 1 else ''}" for name, times in classes.items())
    return f"| {family.name} | `{model_type}` | {family.kind} | {family.paper} | {compared} |\n"


def wrapper_sentence() -> str:
    """The names of models that also read pictures: those that were compared, and those that load."""
    compared = sorted(file.parent.name for file in (GOLDEN / "wrapped").glob("*/config.json"))
    loading = {
        name for name in TEXT_MODELS if text_part({"model_type": name, "text_config": {}}, "").model_type in families()
    }
    named = [", ".join(f"`{name}`" for name in names) for names in (compared, sorted(loading - set(compared)))]
    return f"compared: {named[0]}.\nOthers that load: {named[1]}.\n"


def test_the_topic_families_says_what_each_was_compared_with():
    text = read("families.md")
    kinds = sorted(families().items(), key=lambda item: (KINDS_OF_FAMILIES.index(item[1].kind), item[0]))
    rows = "".join(family_row(model_type) for model_type, _ in kinds)
    expected = re.sub(r"(?<=\|---\|\n)(\|.*\n)*", lambda _: rows, text, count=1)
    expected = re.sub(
        r"compared: `.*?\.\nOthers that load: .*?\.\n", lambda _: wrapper_sentence(), expected, flags=re.DOTALL
    )
    if UPDATE:
        PAGES["families.md"].write_text(expected, encoding="utf-8", newline="\n")
        text = expected
    assert rows in expected
    assert wrapper_sentence() in expected
    assert_stored(expected, text, "the table of families in attnviz/docs/families.md")


def test_the_readme_is_short():
    assert len(read("README.md").splitlines()) <= 250, "move details to a topic in attnviz/docs"


def test_the_readme_links_every_topic():
    linked = set(re.findall(r"\]\(attnviz/docs/([^)#]+)\)", read("README.md")))
    assert linked == {topic.name for topic in TOPICS}


def command_lines(text: str) -> list[str]:
    """The commands of a page: of its console blocks, of its shell blocks, and those in the text."""
    consoles = [line[2:] for match in BLOCK.finditer(text) for line in match[2].splitlines() if line.startswith("$ ")]
    shells = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    return consoles + shells + re.findall(r"`(attnviz [^`\n]+)`", text)


def example_texts(line: str) -> list[str]:
    """The texts that a command line gives to the program: the arguments and ``--pair``."""
    if "attnviz" not in line:
        return []
    known = dict(commands())
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.commenters, lexer.whitespace_split = "", True
    found = []
    for is_split, words in groupby(lexer, key=lambda word: word in ("|", ">", "&&")):
        program, *rest = words
        name, *rest = rest if rest and rest[0] in {*TEXT_COMMANDS, *OTHER_COMMANDS} else ["show", *rest]
        # A file of weights, or a model with a decoder, has words of its own.
        if is_split or program != "attnviz" or name not in TEXT_COMMANDS or {"--weights", "--target"} & set(rest):
            continue
        options = [one for one in known[name].params if one.param_type_name == "option" and not one.is_flag]
        takes = {spelled for one in options for spelled in one.opts}
        for before, word in pairwise(["", *rest]):
            if before == "--pair" or not (word.startswith("-") or before in takes):
                found.append(word)
    return [text for text in found if text not in PLACEHOLDERS]


TEXT_COMMANDS = ("show", "explain", "heads", "diff", "check", "heatmap", "html")
OTHER_COMMANDS = ("probe", "weights", "models", "schema", "help", "version")
PLACEHOLDERS = {"TEXT", "A", "B", "-"}


@pytest.fixture(scope="module")
def vocabulary() -> set[str]:
    tokenizer = Path(attnviz.__file__).parent / "bundled" / "tiny" / "tokenizer.json"
    return set(json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"])


def unknown_words(lines: list[str], vocabulary: set[str]) -> list[str]:
    texts = [text for line in lines for text in example_texts(line)]
    return sorted({word for text in texts for word in re.findall(r"\w+|[^\w\s]", text.lower())} - vocabulary)


@pytest.mark.parametrize("name", PAGES)
def test_example_sentences_consist_of_words_that_tiny_knows(name, vocabulary):
    assert unknown_words(command_lines(read(name)), vocabulary) == []


def test_the_examples_of_help_consist_of_words_that_tiny_knows(vocabulary):
    lines = [*Commands.examples, *(line for _, command in commands() for line in command.examples)]
    assert sum("attnviz show" in line for line in lines) > 1
    assert unknown_words(lines, vocabulary) == []


def test_a_word_that_tiny_lacks_is_found(vocabulary):
    assert unknown_words(['attnviz show "The unicyclist sat"'], vocabulary) == ["unicyclist"]


def test_the_texts_of_a_command_line_are_found():
    line = 'echo "x y" | attnviz heads "The cat" --pair "A dog" -L 0 --words --where "a < b" | head -n 2'
    assert example_texts(line) == ["The cat", "A dog"]
    assert example_texts('attnviz show "Le chat" --target "The cat" --model ./translator') == []
    assert example_texts('attnviz "The cat" --json') == ["The cat"]
