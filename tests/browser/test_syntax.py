"""Each file of the page's script is JavaScript by itself, in strict mode; the browser's own compiler says so."""

from pathlib import Path

import pytest

from tests.browser.samples import ROOT

pytestmark = pytest.mark.browser

SCRIPTS = sorted((ROOT / "attnviz" / "output" / "page" / "assets" / "js").glob("*.js"))


def faults(browser, source: str) -> list[str]:
    """What the compiler says of a file inside a strict function, with the line; nothing is run."""
    with browser.new_context() as context:
        session = context.new_cdp_session(context.new_page())
        session.send("Runtime.enable")
        wrapped = f'(() => {{"use strict";{source}\n}})'
        options = {"expression": wrapped, "sourceURL": "file.js", "persistScript": False}
        details = session.send("Runtime.compileScript", options).get("exceptionDetails")
    return [] if details is None else [f"line {details['lineNumber'] + 1}: {details['exception']['description']}"]


def test_the_script_has_files():
    assert {"main.js", "data.js"} <= {path.name for path in SCRIPTS}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_file_of_the_script_compiles(browser, path: Path):
    assert faults(browser, path.read_text(encoding="utf-8")) == []


def test_a_fault_has_its_line(browser):
    assert faults(browser, "const a = 1;\nconst = 2;") == ["line 2: SyntaxError: Unexpected token '='"]
    assert faults(browser, "x = 010;") != []  # only strict mode refuses it
