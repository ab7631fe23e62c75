"""A public name means one thing in the package, and names a thing."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "attnviz"
TREES = {path.relative_to(PACKAGE): ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}

# Public names that several modules define, each with the reason.
FAMILY_DATA = "each family's file has its own table"
ONE_NOUN = "the library's function, the command and the function below them have one noun"
SHARED = {
    "FAMILY": FAMILY_DATA,
    "FIELDS": FAMILY_DATA,
    "HEADS": FAMILY_DATA,
    "MODULES": FAMILY_DATA,
    "SPECIALS": FAMILY_DATA,
    "app": "each command's file has one",
    "check": ONE_NOUN,
    "diff": ONE_NOUN,
    "explain": ONE_NOUN,
    "heads": ONE_NOUN,
    "html": ONE_NOUN,
    "run": ONE_NOUN,
    "ValueT": "a type variable, which only its own module reads",
}

FILLERS = {
    "told", "found", "own", "there", "ours", "theirs", "besides", "shown", "said", "given", "chosen", "wanted", "what",
}  # fmt: skip


def top_level(tree: ast.Module) -> Iterator[str]:
    """The public classes, functions, constants and type aliases that a module defines itself."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        else:
            names = []
        yield from (name for name in names if not name.startswith("_"))


def public_words(tree: ast.Module) -> Iterator[str]:
    """Public top-level names, the parameters of public functions and methods, and the attributes of public classes."""
    yield from top_level(tree)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    bodies = [node for owner in (tree, *classes) for node in owner.body]
    for node in bodies:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            arguments = node.args
            yield node.name
            yield from (one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))
    for owner in classes:
        for node in owner.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                yield node.target.id


def repeated_names(trees: dict[Path, ast.Module]) -> dict[str, list[str]]:
    modules = defaultdict(list)
    for path, tree in trees.items():
        for name in set(top_level(tree)):
            modules[name].append(path.as_posix())
    return {name: paths for name, paths in modules.items() if len(paths) > 1}


def filler_names(trees: dict[Path, ast.Module]) -> set[str]:
    return {
        f"{path.as_posix()}:{word}" for path, tree in trees.items() for word in public_words(tree) if word in FILLERS
    }


def test_a_public_name_is_defined_in_one_module():
    repeated = repeated_names(TREES)
    assert repeated.keys() - SHARED.keys() == set(), repeated
    assert repeated.keys() >= SHARED.keys(), "take a name that is not shared any more off the list"


def test_a_public_name_names_a_thing():
    assert filler_names(TREES) == set(), "name the thing"


@pytest.mark.parametrize(
    ("source", "fillers"),
    [
        ("def given(x): ...", {"given"}),
        ("def size(there, *, told=1): ...", {"there", "told"}),
        ("class Own:\n    own: int\n    def of(self, shown): ...", {"own", "shown"}),
        ("what = 1\nfound: int = 2", {"what", "found"}),
        ("def _size(there): ...\nclass _Own:\n    own: int\n_what = 1\ngive, n_found = 1, 2", set()),
    ],
)
def test_fillers_are_found_wherever_a_name_is_public(source, fillers):
    assert filler_names({Path("a.py"): ast.parse(source)}) == {f"a.py:{name}" for name in fillers}


def test_a_name_repeated_in_another_module_is_found_but_not_an_import_or_a_private_name():
    sources = {"a.py": "def size(): ...\n_x = 1", "b.py": "size = 1\n_x = 2", "c.py": "from a import size"}
    trees = {Path(name): ast.parse(source) for name, source in sources.items()}
    assert repeated_names(trees) == {"size": ["a.py", "b.py"]}
