"""Imports point one way: cli, explorer -> api, output; api -> sweeps -> analysis, checkpoints, text -> trace."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "attnviz"
MODULES = sorted(PACKAGE.rglob("*.py"))

# What each room may import of the package; a room may always import itself.
BASE = {"errors", "memory", "names", "numbers", "records"}
ALLOWED = {
    "errors": set(),
    "records": set(),
    "names": set(),
    "memory": set(),
    "numbers": {"errors"},
    "turns": {"errors", "files", "outputs"},
    "files": {"errors"},
    "outputs": {"errors", "files"},
    "trace": {"names", "numbers", "records"},
    "text": BASE | {"files", "trace"},
    "encoder": BASE | {"trace"},
    "checkpoints": BASE | {"text", "encoder", "files", "outputs", "trace"},
    "elsewhere": BASE | {"checkpoints", "text", "files", "trace"},
    "analysis": BASE | {"encoder", "text", "trace"},
    "output": BASE | {"analysis", "files", "outputs", "turns", "trace"},
    "model": BASE | {"files", "checkpoints", "text", "encoder", "trace"},
    "sweeps": BASE | {"files", "outputs", "model", "checkpoints", "elsewhere", "text", "encoder", "analysis", "trace"},
    "api": BASE
    | {
        "sweeps",
        "output",
        "outputs",
        "files",
        "model",
        "checkpoints",
        "elsewhere",
        "text",
        "encoder",
        "analysis",
        "trace",
    },
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
        "outputs",
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


# What a command imports beside Typer and NumPy, and at most how many modules of the package.
LOADED = {
    ("show", "--help"): (set(), 45),
    ("heads", "--help"): (set(), 50),
    ("show", "the cat sat", "--json"): ({"orjson", "safetensors", "tokenizers"}, 196),
    ("heads", "the cat sat", "--json"): ({"orjson", "safetensors", "tokenizers"}, 216),
}
# Of the standard library, what takes a millisecond or more and is not needed to start.
SLOW = {
    *("asyncio", "concurrent.futures", "csv", "email", "http", "importlib.metadata", "importlib.resources", "logging"),
    *("multiprocessing", "secrets", "socket", "ssl", "statistics", "tempfile", "unittest", "xml", "zipfile"),
}


@pytest.mark.parametrize("words", LOADED, ids=" ".join)
def test_a_command_imports_only_what_it_needs(words):
    """What creeps in is paid for by every run (``attnviz help speed``)."""
    first = "typer, numpy" if "--json" in words else "typer"
    code = (
        f"import sys, {first}; before = set(sys.modules); from attnviz.cli.main import main\n"
        f"assert main({list(words)}) == 0; print(*set(sys.modules) - before)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=PACKAGE.parent)
    modules = ran.stdout.splitlines()[-1].split()
    libraries, most = LOADED[words]
    others = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names
    assert others - {"attnviz"} == libraries
    assert SLOW & set(modules) == set()
    assert sum(name.startswith("attnviz") for name in modules) <= most
