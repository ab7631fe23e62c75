"""Imports point one way: cli, explorer -> api, output; api -> sweeps -> analysis, checkpoints, text -> trace."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "attnviz"
MODULES = sorted(PACKAGE.rglob("*.py"))

# What each room may import of the package; a room may always import itself.
BASE = {"errors", "names", "numbers", "records"}
ALLOWED = {
    "errors": set(),
    "records": set(),
    "names": set(),
    "numbers": {"errors"},
    "turns": {"errors", "files"},
    "files": {"errors"},
    "trace": {"names", "numbers", "records"},
    "text": BASE | {"files", "trace"},
    "encoder": BASE | {"trace"},
    "checkpoints": BASE | {"text", "encoder", "files", "trace"},
    "elsewhere": BASE | {"checkpoints", "text", "files", "trace"},
    "analysis": BASE | {"encoder", "text", "trace"},
    "output": BASE | {"analysis", "files", "turns", "trace"},
    "model": BASE | {"files", "checkpoints", "text", "encoder", "trace"},
    "sweeps": BASE | {"files", "model", "checkpoints", "elsewhere", "text", "encoder", "analysis", "trace"},
    "api": BASE
    | {"sweeps", "output", "files", "model", "checkpoints", "elsewhere", "text", "encoder", "analysis", "trace"},
    "explorer": BASE | {"api", "output", "analysis", "trace"},
    "cli": BASE
    | {
        "explorer",
        "api",
        "sweeps",
        "model",
        "output",
        "analysis",
        "checkpoints",
        "elsewhere",
        "text",
        "encoder",
        "files",
        "turns",
        "trace",
    },
    "__main__": {"cli"},
    "__init__": set(),
}
# Who may import a library, besides nobody else.
LIBRARIES = {
    "typer": ("cli",),
    "rich": ("output", "cli", "explorer"),
    "textual": ("explorer",),
    "tokenizers": ("text",),
    "sentencepiece": ("text",),
    "safetensors": ("checkpoints",),
    "distributed": ("sweeps",),
    "fsspec": ("text",),
    "huggingface_hub": ("checkpoints",),
}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides its room"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_rooms_below_it(path):
    own = room(path)
    rooms = {
        name.split(".")[1] for name in imports(path) if name.startswith("attnviz.") and not name.endswith("__version__")
    }
    assert rooms - {own} <= ALLOWED[own]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_library_stays_in_its_rooms(path):
    for library in {name.split(".")[0] for name in imports(path)} & set(LIBRARIES):
        assert room(path) in LIBRARIES[library], library


def test_matplotlib_is_imported_by_one_module_of_output():
    users = [path for path in MODULES if "matplotlib" in {name.split(".")[0] for name in imports(path)}]
    assert [room(path) for path in users] == ["output"]


def test_the_explorer_is_imported_by_its_command_alone():
    users = [
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if room(path) != "explorer" and any(name.startswith("attnviz.explorer") for name in imports(path))
    ]
    assert users == ["cli/commands/explore/__init__.py"]


def test_textual_is_imported_by_two_modules_of_the_explorer():
    users = [path for path in MODULES if "textual" in {name.split(".")[0] for name in imports(path)}]
    assert [path.relative_to(PACKAGE).as_posix() for path in users] == ["explorer/app.py", "explorer/program.py"]


def test_every_room_of_the_package_is_listed_above():
    assert {room(path) for path in MODULES} == set(ALLOWED)


def test_importing_the_package_and_asking_for_help_load_nothing_heavy():
    code = (
        "import sys; from attnviz.cli.main import main; assert main(['show', '--help']) == 0; "
        "heavy = {'numpy', 'matplotlib', 'pydantic', 'rich.table', 'rich.console', 'tokenizers', 'safetensors'};"
        "heavy |= {'textual', 'attnviz.explorer'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=PACKAGE.parent)


def test_json_of_a_sentence_loads_nothing_that_only_views_need():
    code = (
        "import sys; from attnviz.cli.main import main; assert main(['show', 'the cat sat', '--json']) == 0; "
        "others = {'rich', 'matplotlib', 'textual', 'importlib.resources', 'tempfile', 'secrets'};"
        "others |= {'attnviz.trace.steps', 'attnviz.explorer'};"
        "assert not others & set(sys.modules), others & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=PACKAGE.parent)
