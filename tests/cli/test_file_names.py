"""Names that no file has, or that no file can have: every option that takes the name of a file says so in one line."""

from collections.abc import Iterator

import pytest
import typer

from attnviz.cli.app import app

TEXT = "the cat"
NAMES = ["a" * 5000, "a\0b", "\ud800.json", "file.txt/x", "\udcff\n."]  # the last could be written
WRITES = {"-o"}
BESIDE = {  # what else each command needs so as to come to the name
    "heatmap": ("--overview-only", "-q"),
    "explain": ("--query", "1"),
    "check": ("--where", "max(entropy) < 9"),
}
NO_TEXT = {"--file", "--vectors", "--attention", "--alignment", "--treebank", "--pairs", "--gold"}


def path_options() -> Iterator[tuple[str, str]]:
    """Each option with the name of a file, with the first command that has it; the outputs with every one."""
    root = typer.main.get_command(app)
    context, known = typer.Context(root), set()
    for name in root.list_commands(context):
        for parameter in root.get_command(context, name).params:
            option = parameter.opts[0 if parameter.opts[0] == "-o" else -1]
            is_path = parameter.param_type_name == "option" and parameter.metavar in ("PATH", "DIR", "DIR|FILE|ID")
            if is_path and name != "explore" and (option not in known or option in WRITES):
                known.add(option)
                yield name, option


OPTIONS = sorted(path_options())


def test_options_with_names_of_files_are_found():
    assert {"--file", "--weights", "--config", "--vectors", "--attention", "--labels", "-o", "--model"} <= {
        option for _, option in OPTIONS
    }


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_an_impossible_name_is_one_line(cli, tmp_path, command, option):
    (tmp_path / "file.txt").write_text("the cat\n")
    argv = [command, *([] if option in NO_TEXT else [TEXT]), *BESIDE.get(command, ())]
    if command == "diff" and option == "-o":
        argv.append("the dog")
    before = sorted(tmp_path.rglob("*"))
    for name in NAMES[:-1] if option in WRITES else NAMES:
        ran = cli(*argv, option, name)
        assert ran.code in ((1, 2, 3) if option in WRITES else (2, 3)), (name[:20], ran)
        assert ran.err.startswith("attnviz: error: ")
        assert "internal" not in ran.err
        assert len(ran.err) < 1000
        assert ran.out == ""
    assert sorted(tmp_path.rglob("*")) == before
