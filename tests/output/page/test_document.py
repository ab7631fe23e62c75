"""The document: nothing of a text becomes markup, and the policy allows its own script and style alone."""

import html
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import attnviz
from attnviz.output.page.document import SCRIPT_FILES, STYLE_FILES, embedded_json, stripped
from attnviz.output.words import escaped
from attnviz.text.labels import printable
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.result import Result
from attnviz.trace.tokens import Token
from tests.page_reader import Page, policy_hash, words_outside_data

HOSTILE = [
    "</script>",
    "<script>alert(1)</script>",
    "<!--",
    "]]>",
    "\u202e",
    "\x00",
    "\u2028\u2029",
    "\ud800",
    "x" * 300,
    "{{head}}",
    "{{data}}{{script}}",
    "\\u003c",
    '"><img src=x onerror=alert(1)>',
    "&lt;&amp;",
    "\n\t",
    "${1}`",
]


def page_of_tokens(texts: list[str], text: str | None = None) -> Page:
    return Page(attnviz.html(result_of_tokens(texts, text)))


def result_of_tokens(texts: list[str], text: str | None = None) -> Result:
    tokens = tuple(Token(text=one, label=printable(one), piece=one) for one in texts)
    n = len(tokens)
    matrices = np.full((1, 1, n, n), 1 / n, np.float32)
    model = ModelInfo("<b>model</b>", "sha256:<i>")
    view = Attention(matrices, tokens, tokens, (0,), (0,), model)
    return Result("".join(texts) if text is None else text, {"encoder": view}, model, tokens)


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(attnviz.html("The unbelievable cat sat on the table"))


def test_the_policy_allows_only_the_hashes_of_its_script_and_its_style(page):
    assert page.policy == (
        f"default-src 'none'; script-src {policy_hash(page.script)}; style-src {policy_hash(page.style)}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def test_the_policy_comes_before_anything_that_it_governs(page):
    names = [tag for tag, attrs in page.starts if tag in ("script", "style") or "http-equiv" in attrs]
    assert names[0] == "meta"


def test_the_document_names_no_address_and_loads_nothing(page):
    assert "http" not in words_outside_data(page).replace("http-equiv", "")
    assert "://" not in words_outside_data(page)
    assert not [attrs for _, attrs in page.starts if {"src", "href", "srcset", "action", "data"} & set(attrs)]


def test_no_element_has_a_handler_or_a_style_of_its_own(page):
    assert not [attrs for _, attrs in page.starts if any(name.startswith("on") or name == "style" for name in attrs)]


def test_scripts_are_two_of_data_and_one_of_code(page):
    assert page.script_types == [("head", "application/json"), ("data", "text/plain"), (None, None)]


def test_the_document_says_which_program_wrote_it(page):
    assert f'<meta name="generator" content="attnviz {attnviz.__version__}">' in page.document[:2048]
    assert page.document.startswith("<!doctype html>")


def test_every_file_of_the_assets_is_in_the_page():
    from attnviz.output.page import document

    folder = document._ASSETS
    assert sorted(path.name for path in (folder / "js").iterdir()) == sorted(SCRIPT_FILES)
    assert sorted(path.name for path in (folder / "css").iterdir()) == sorted(STYLE_FILES)
    placeholders = re.findall(r"\{\{([a-z]+)\}\}", (folder / "template.html").read_text(encoding="utf-8"))
    assert sorted(placeholders) == ["csp", "data", "head", "noscript", "script", "style", "title", "version"]


def test_the_title_is_the_text_and_names_how_many_more_there_are():
    document = attnviz.html(["The cat <b>", "A dog", "sat"])
    assert re.search("<title>(.*?)</title>", document)[1] == "The cat &lt;b&gt; and 2 more - attnviz"


def test_a_reader_without_scripts_has_a_table_of_the_first_matrix():
    page = page_of_tokens(["a<b", "c"])
    (table,) = re.findall("<noscript>(.*?)</noscript>", page.document, re.DOTALL)
    assert "<table>" in table
    assert "<th>0 a&lt;b<" in table
    assert table.count("<td>50") == 4
    (many,) = re.findall("<noscript>(.*?)</noscript>", page_of_tokens(["a"] * 41).document, re.DOTALL)
    assert many.count("<tr>") == 41  # a head and the 40 strongest links


def test_numbers_without_bounds_have_decimals_in_the_table():
    result = attnviz.run("The cat", values="norms")
    (table,) = re.findall("<noscript>(.*?)</noscript>", attnviz.html(result), re.DOTALL)
    assert f"<td>{result.views['encoder'].matrices[0, 0, 1, 1]:.2f}<" in table


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_token_is_a_label_and_nothing_else(hostile, page):
    assert_is_text([hostile, "a"], page)


@settings(max_examples=60)
@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(), max_size=12)), min_size=1, max_size=6))
@example(["</script><script>", "<!--<script>"])
def test_any_tokens_are_labels_and_nothing_else(texts):
    assert_is_text(texts, None)


def assert_is_text(texts: list[str], plain: Page | None) -> None:
    page = page_of_tokens(texts)
    (text,) = page.head["texts"]
    assert text["sides"][0]["tokens"]["labels"] == [printable(one) for one in texts]
    turns = re.compile("[\u202a-\u202e\u2066-\u2069]")
    assert text["text"] == turns.sub(lambda match: f"\\u{ord(match[0]):04x}", escaped("".join(texts)))
    assert text["model"] == "<b>model</b>"
    assert page.script_types == [("head", "application/json"), ("data", "text/plain"), (None, None)]
    page.document.encode("utf-8")
    assert "<" not in page.head_text
    assert not set("\u2028\u2029") & set(page.head_text)
    if plain is not None:
        assert page.script == plain.script
        tags = [tag for tag, _ in page.starts if tag not in ("table", "caption", "tr", "th", "td")]
        assert tags == [tag for tag, _ in plain.starts if tag not in ("table", "caption", "tr", "th", "td")]


def test_labels_of_other_programs_are_escaped_too():
    result = result_of_tokens(["a", "b"])
    view = result.views["encoder"]
    tokens = (replace(view.queries[0], label="\ud800\x00\u2029<"), view.queries[1])
    made = Page(attnviz.html(replace(result, views={"encoder": replace(view, queries=tokens, keys=tokens)})))
    made.document.encode("utf-8")
    assert made.head["texts"][0]["sides"][0]["tokens"]["labels"][0] == "\ud800\x00\u2029<"
    assert html.escape("\\ud800\\x00\\u2029<") in made.document


def test_json_within_a_script_has_no_character_that_could_end_it():
    assert embedded_json(["<a>", "\u2028", "\ud83d", "é"]) == r'["\u003ca>","\u2028","\ud83d","é"]'


def test_scripts_and_styles_lose_indentation_and_comments_of_their_own_lines():
    source = """// A comment.
/** One
 * of lines. */
const a = 1; // stays
  if (a / 2 /* stays */ > 0) {

    go("/* stays */");
  }
/* one */
.b { color: red; } /* stays */
"""
    assert stripped(source) == (
        'const a = 1; // stays\nif (a / 2 /* stays */ > 0) {\ngo("/* stays */");\n}\n.b { color: red; } /* stays */\n'
    )


def test_no_source_has_a_string_of_several_lines():
    from attnviz.output.page import document

    for name in SCRIPT_FILES:
        source = stripped((document._ASSETS / "js" / name).read_text(encoding="utf-8"))
        strings = re.findall(r"`((?:\\.|\$\{(?:[^{}]|\{[^{}]*\})*\}|[^`\\])*)`", source)
        texts = [re.sub(r"\$\{(?:[^{}]|\{[^{}]*\})*\}", "", string) for string in strings]
        assert not [text for text in texts if "\n" in text], name
