"""Rooms, files and functions stay small enough to be read at one sitting."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "attnviz"
MODULES = {path.relative_to(PACKAGE.parent).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
FOLDERS = sorted({name.rpartition("/")[0] for name in MODULES})

MOST_FILES, MOST_LINES, MOST_CODE = 12, 350, 40

# The files of a folder are all alike, one for each family of models: a reader needs one of them.
ROOMS_WITHOUT_LIMIT = {"attnviz/checkpoints/huggingface/families"}

# What is larger; the numbers may only shrink.
LONG_FILES: dict[str, int] = {}
LONG_FUNCTIONS: dict[str, int] = {}


def files_of(folder: str) -> list[str]:
    return [name for name in MODULES if name.rpartition("/")[0] == folder and not name.endswith("/__init__.py")]


def n_lines(source: str) -> int:
    return len(source.splitlines())


def code_sizes(source: str) -> dict[str, int]:
    """The lines of each function from its ``def``, decorators, docstring and blank lines left out.

    A function in another counts for both. The name of a method begins with its class.
    """
    sizes: dict[str, int] = {}
    lines = source.splitlines()

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            name = f"{prefix}{child.name}" if hasattr(child, "name") else prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                size = sum(bool(line.strip()) for line in lines[child.lineno - 1 : child.end_lineno])
                if ast.get_docstring(child) is not None:
                    doc = child.body[0]
                    size -= sum(bool(line.strip()) for line in lines[doc.lineno - 1 : doc.end_lineno])
                sizes[name] = max(size, sizes.get(name, 0))  # overloads share a name
            is_scope = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            visit(child, f"{name}." if is_scope else prefix)

    visit(ast.parse(source), "")
    return sizes


def long_files() -> dict[str, int]:
    sizes = {name: n_lines(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}
    return {name: size for name, size in sizes.items() if size > MOST_LINES}


def long_functions() -> dict[str, int]:
    return {
        f"{name}:{function}": size
        for name, path in MODULES.items()
        for function, size in code_sizes(path.read_text(encoding="utf-8")).items()
        if size > MOST_CODE
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_room_has_at_most_a_dozen_files(folder):
    files = files_of(folder)
    assert len(files) <= MOST_FILES or folder in ROOMS_WITHOUT_LIMIT, f"{folder} has {len(files)} files: {files}"


def test_exceptions_of_rooms_are_needed():
    assert {folder for folder in FOLDERS if len(files_of(folder)) > MOST_FILES} == ROOMS_WITHOUT_LIMIT


def test_no_file_is_long():
    assert long_files() == LONG_FILES, "split what is longer; lower the number of what has shrunk, or take it off"


def test_no_function_is_long():
    assert long_functions() == LONG_FUNCTIONS, "split what is longer; lower the number of what has shrunk"


def test_code_is_counted_without_docstring_and_blank_lines():
    source = '''
class Thing:
    @property
    def size(self) -> int:
        """One line.

        And more.
        """
        first = 1

        def inner() -> int:
            return 2

        return first + inner()


def outer(
    a: int,
) -> int:
    return a
'''
    assert code_sizes(source) == {"Thing.size": 5, "Thing.size.inner": 2, "outer": 4}


def test_functions_under_conditions_are_counted():
    assert code_sizes("if True:\n    def f():\n        return 1\n") == {"f": 2}
