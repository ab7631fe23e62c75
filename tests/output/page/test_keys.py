"""The topic on the page lists its keys, as the page's own help does."""

import re
from pathlib import Path

import attnviz
from tests.approved import UPDATE, assert_stored

PACKAGE = Path(attnviz.__file__).parent
TOPIC = PACKAGE / "docs" / "html.md"


def key_rows() -> str:
    """The rows of the table, from the list in the page's script."""
    script = (PACKAGE / "output" / "page" / "assets" / "js" / "keys.js").read_text("utf-8")
    listed = script.partition("const KEYS = [")[2].partition("\n];")[0]
    pairs = re.findall(r'^  \["([^"]+)", "([^"]+)"\],$', listed, re.MULTILINE)
    assert len(pairs) == len(listed.strip().splitlines()) > 10
    return "".join(f"| {' '.join(f'`{key}`' for key in keys.split())} | {words} |\n" for keys, words in pairs)


def test_the_topic_has_a_row_for_each_key_of_the_page():
    text = TOPIC.read_text("utf-8")
    (stored,) = re.findall(r"^\| key \| does \|\n\|---\|---\|\n((?:\|.*\n)*)", text, re.MULTILINE)
    rows = key_rows()
    if UPDATE:
        TOPIC.write_text(text.replace(f"|---|---|\n{stored}\n", f"|---|---|\n{rows}\n", 1), "utf-8", newline="\n")
        stored = rows
    assert_stored(rows, stored, "the table of keys in attnviz/docs/html.md")
