"""The package's docstrings, comments and messages, and its documentation, are plain English: patterns are refused."""

import ast
import io
import re
import tokenize
from itertools import groupby
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "attnviz"
PAGES = {path.name: path for path in (PACKAGE.parent / "README.md", *sorted((PACKAGE / "docs").glob("*.md")))}
MODULES = {path.relative_to(PACKAGE.parent).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}

# Each pattern, with a text that it must refuse and one that it must accept.
REFUSED = {
    r"\ba (row|line|file|head|layer|text|matrix|value|object|side|unit) a\b": ("A row a head", "One row per head"),
    r"^Of ": ("Of a word of several tokens, the first.", "The first token of a word. Of course."),
    r"\bit is (neither|given)\b": ("it is neither a folder nor a file", "not a folder, not a file"),
    r"\bexpected as many\b": ("A has 2 layers; expected as many", "A has 2 layers and B 3; expected equal numbers"),
    r"\bwhat there is\b": ("-h says what there is", "Run attnviz --help."),
    r"\bto be had\b": ("Not to be had here: same", "Not available for this input: same"),
    r"\b(is|are) told\b": ("a tensor that is neither is told", "unknown tensors are reported"),
    r"\bwhat became of\b": ("What became of a condition", "The outcome of a condition"),
    r"\blies? in\b": ("a BERT that lies in the folder", "a BERT in the folder; families in this folder"),
    r"\bstands? (in|beside|under)\b": ("its default stands in the help", "the help shows its default"),
    r"\blikewise\b": ("heads: likewise.", "heads: which heads, in the forms of layers."),
    r"(?<!\bthere )\bis no (?!more than\b|longer\b)[a-z]": (
        "it is no JSON",
        "it is not JSON; there is no model; it is no longer read; it is no more than 1",
    ),
}


def texts(source: str) -> list[str]:
    """The docstrings and other literals (an f-string with {} for its values), and comments, neighbours joined."""
    found = []
    nodes = list(ast.walk(ast.parse(source)))
    parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            found.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            found.append("".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values))
    comments = [
        (token.start, token.string.lstrip("#: "))
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    ]
    # Comments of neighbouring lines at one indentation are one text: the difference of line and rank is then equal.
    ranked = groupby(enumerate(comments), key=lambda item: (item[1][0][0] - item[0], item[1][0][1]))
    return found + ["\n".join(text for _, (_, text) in group) for _, group in ranked]


def refusals(text: str) -> list[str]:
    """The patterns that a text meets; sentences that are wrapped count as one line."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n|\n(?=\s*[\w, ]+: )", text)]
    return [p for p in REFUSED if any(re.search(p, part, re.IGNORECASE if p[0] != "^" else 0) for part in paragraphs)]


def found_in(source: str) -> list[str]:
    return [f"{text.strip()[:100]!r} meets {pattern}" for text in texts(source) for pattern in refusals(text)]


@pytest.mark.parametrize("pattern", REFUSED)
def test_each_pattern_refuses_its_sample_and_accepts_the_better_text(pattern):
    refused, accepted = REFUSED[pattern]
    assert pattern in refusals(refused)
    assert refusals(accepted) == []


@pytest.mark.parametrize(
    "source",
    [
        '"""A row a head."""',
        'def f():\n    """Values.\n\n    Args:\n        x: a row\n            a head.\n    """',
        "x = 1  # a row a head",
        "# There is a row\n# a head.\nx = 1",
        'x = "a row " "a head"',
        'x = f"{1}: a row a head"',
    ],
)
def test_every_kind_of_text_is_read(source):
    assert found_in(source)


def test_code_is_not_read():
    assert found_in("def likewise(lies_in):\n    return lies_in\n") == []
    assert found_in("x = 1  # a row\n\ny = 2  # a head\n") == []


@pytest.mark.parametrize("name", MODULES)
def test_the_package_is_in_plain_english(name):
    found = found_in(MODULES[name].read_text(encoding="utf-8"))
    assert not found, "\n".join(found)


def prose(markdown: str) -> str:
    """The text of a page without code: each list item and each row of a table is a paragraph."""
    text = re.sub(r"^ *```.*?^ *```|`[^`\n]*`", "x", markdown, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^ *(?:[|#-]+|\d+\.) +", "\n", text, flags=re.MULTILINE)  # an item, a row or a title begins
    return re.sub(r" \| ", "\n\n", text)


@pytest.mark.parametrize("name", PAGES)
def test_the_documentation_is_in_plain_english(name):
    assert refusals(prose(PAGES[name].read_text(encoding="utf-8"))) == []


def test_every_paragraph_of_a_page_is_read_and_no_code():
    assert refusals(prose("# A\n\nHere: a row\na head.\n"))
    assert refusals(prose("- one\n- A row a head\n"))
    assert refusals(prose("| a | A row a head |\n"))
    assert refusals(prose("1. one\n2. Of course.\n")) == refusals("Of course.")
    assert refusals(prose("```\na row a head\n```\n`a row a head`\n")) == []


@pytest.mark.parametrize("name", PAGES)
def test_sentences_of_the_documentation_are_short(name):
    """About 20 words is the aim; a sentence of more than 25 is two."""
    text = prose(PAGES[name].read_text(encoding="utf-8"))
    sentences = [
        one
        for block in re.split(r"\n\s*\n", text)
        for one in re.split(r"(?<=[.:;?!])(?:\*\*)?\s+", " ".join(block.split()))
    ]
    assert [one for one in sentences if len(one.split()) > 25] == []
