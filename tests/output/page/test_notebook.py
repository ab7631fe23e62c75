"""What a notebook shows of a result: the page in a frame, a table, and the text of ``attnviz show``."""

import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest

import attnviz
from attnviz.api.pages import notebook
from attnviz.output.page.notebook import LARGEST

TEXT = "The cat sat on the table"
HOSTILE = ("</script><b>x", '"><img src=x onerror=alert(1)>', "a&quot;b", "'x'", "\u202eabc", "\x1b[31m")


def bundle(result, **wanted) -> dict[str, str]:
    return result._repr_mimebundle_(**wanted)


class Elements(HTMLParser):
    """The elements of a document with their attributes, and its text."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def frame(html: str) -> tuple[dict[str, str | None], str]:
    """The attributes of the only frame, and what follows it."""
    (tag,) = re.findall(r"<iframe [^>]*></iframe>", html)
    ((_, attributes),) = Elements(tag).elements
    return attributes, html.partition(tag)[2]


def test_the_frame_holds_the_page_and_may_not_reach_the_notebook():
    result = attnviz.run(TEXT)
    attributes, _ = frame(bundle(result)["text/html"])
    assert attributes["srcdoc"] == attnviz.html(result)
    assert attributes["sandbox"] == "allow-scripts allow-downloads allow-popups"
    assert attributes["height"] == "640"


def test_without_trust_the_table_and_the_text_are_left():
    result = attnviz.run(TEXT)
    _, static = frame(bundle(result)["text/html"])
    read = Elements(static)
    assert static.startswith("<details><summary>")
    names = {name for name, _ in read.elements}
    assert names == {"details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "i", "pre", "p"}
    assert {key for _, attributes in read.elements for key in attributes} <= {"style", "scope"}
    assert any("background-color" in (attributes.get("style") or "") for _, attributes in read.elements)
    assert unescape(re.search(r"<pre>(.*)</pre>", static, re.DOTALL)[1]) == bundle(result)["text/plain"]


def test_the_numbers_of_the_table_are_those_of_the_text():
    result = attnviz.run(TEXT, heads="L2H8")
    shown = bundle(result)
    rows = re.findall(r"<tr>(.*?)</tr>", shown["text/html"].partition("<tbody>")[2], re.DOTALL)
    cells = [[unescape(re.sub("<.*?>", "", cell)) for cell in re.findall("<t[hd].*?</t[hd]>", row)] for row in rows]
    printed = [line.split()[1:] for line in shown["text/plain"].splitlines()[5:]]
    assert [[cell for cell in row if cell] for row in cells] == [[c.strip("*") for c in row] for row in printed]


def test_a_notebook_gets_only_what_it_wants():
    result = attnviz.run("The cat", seed=0)
    assert list(bundle(result)) == ["text/plain", "text/html"]
    assert list(bundle(result, include=["text/plain"])) == ["text/plain"]
    assert list(bundle(result, exclude={"text/plain"})) == ["text/html"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_token_stays_text(text):
    result = attnviz.run(text, seed=0, tokenizer="whitespace")
    html = bundle(result)["text/html"]
    attributes, static = frame(html)
    assert attributes["srcdoc"] == attnviz.html(result)
    read = Elements(html)
    assert {name for name, _ in read.elements} <= {
        *("iframe", "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "i", "pre", "p")
    }
    assert "\u202e" not in static
    assert "\x1b" not in static


def test_a_page_that_is_too_large_is_left_out_with_how_to_write_it(monkeypatch):
    result = attnviz.run(TEXT)
    size = len(attnviz.html(result).encode())
    assert size < LARGEST
    monkeypatch.setattr(notebook, "LARGEST", size)
    assert "<iframe" in bundle(result)["text/html"]
    monkeypatch.setattr(notebook, "LARGEST", size - 1)
    html = bundle(result)["text/html"]
    assert "<iframe" not in html
    assert html.startswith("<p>The page is larger than 1 MB")
    assert "<details>" in html
    assert "attnviz.html(result)" in html


def test_many_numbers_need_no_page_to_be_too_large(monkeypatch):
    result = attnviz.run(TEXT)
    monkeypatch.setattr(notebook, "_MOST_NUMBERS", result.attention.size - 1)
    monkeypatch.setattr(attnviz.api.html, "html", None)  # it is not called
    assert "<iframe" not in bundle(result)["text/html"]


def test_a_long_text_has_a_table_of_bounded_size():
    result = attnviz.run(" ".join(["word"] * 200), seed=0, n_ctx=300)
    assert bundle(result)["text/html"].partition("<table>")[2].count("<tr>") <= 41


@pytest.mark.parametrize(
    "options",
    [{"words": True, "hide_special": True}, {"reduce": "rollout"}, {"values": "norms"}, {"values": "scores"}],
)
def test_what_was_arranged_already_is_shown_too(options):
    shown = bundle(attnviz.run(TEXT, **options))
    assert "<iframe" in shown["text/html"]
    assert shown["text/plain"].startswith(TEXT)


def test_attention_from_elsewhere_and_of_a_sweep_is_shown(tmp_path):
    np.save(tmp_path / "eye.npy", np.eye(3)[None])
    code = (
        "import attnviz, sys; (result,) = attnviz.read_attention(sys.argv[1]); "
        "assert 'iframe' in result._repr_mimebundle_()['text/html']"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "eye.npy")], check=True)
    (result,) = attnviz.sweep(["The cat"], model=attnviz.load(seed=0))
    assert "<iframe" in bundle(result)["text/html"]


def test_no_notebook_is_imported():
    code = (
        "import sys, attnviz; attnviz.run('The cat', seed=0)._repr_mimebundle_(); "
        "assert not [name for name in sys.modules if name.lower().startswith(('ipython', 'jupyter'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
