"""The page as one HTML document: a template with style, script and data, and a policy that allows only these."""

import base64
import hashlib
import html
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from attnviz import __version__
from attnviz.errors import one_line
from attnviz.output.page.chunks import check_size
from attnviz.output.page.content import TextContent
from attnviz.output.page.facts import metric_documents
from attnviz.output.page.still import still_table
from attnviz.output.rendering import Document
from attnviz.output.words import escaped

PAGE_FORMAT = "attnviz-page/1"
_ASSETS = Path(__file__).parent / "assets"
# Joined in this order; the script is one strict function.
STYLE_FILES = ("page.css", "small.css")
SCRIPT_FILES = (
    "data.js",
    "numbers.js",
    "state.js",
    "colors.js",
    "surfaces.js",
    "view.js",
    "panes.js",
    "matrix.js",
    "links.js",
    "sentence.js",
    "grid.js",
    "ranking.js",
    "table.js",
    "status.js",
    "controls.js",
    "carry.js",
    "keys.js",
    "main.js",
)
_MOST_TITLE = 80  # characters
_PLACEHOLDER = re.compile(r"\{\{([a-z]+)\}\}")
_COMMENTS = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:(?!\*/)[\s\S])*\*/[ \t]*)$", re.MULTILINE)  # on lines of their own
_UNSAFE = re.compile("[<\u2028\u2029\ud800-\udfff]")  # in JSON within HTML, and in UTF-8
_POLICY = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; img-src data: blob:; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'"
)


def page_document(texts: Sequence[TextContent]) -> str:
    """The page of one text or several; the first is shown first.

    Args:
        texts: at least one.

    Raises:
        UsageError: it would be too large.
    """
    style, script = _joined("css", STYLE_FILES), _script()
    chunks = [data for text in texts for data in text.chunks]
    check_size(sum(map(len, chunks)))
    head = {
        "format": PAGE_FORMAT,
        "version": __version__,
        "texts": _numbered(texts),
        "metrics": metric_documents(_metric_names(texts)),
        "chunks": [len(data) for data in chunks],
        "precision": min(text.precision for text in texts),
        "start": texts[0].start,
    }
    filled = {
        "title": html.escape(_title(texts)),
        "version": __version__,
        "csp": _POLICY.format(script=_hash(script), style=_hash(style)),
        "style": style,
        "script": script,
        "head": embedded_json(head),
        "data": b"".join(chunks).decode("ascii"),
        "noscript": still_table(texts[0].first),
    }
    # In one pass, so that a text that looks like a placeholder stays a text.
    return _PLACEHOLDER.sub(lambda match: filled[match[1]], _asset("template.html"))


def embedded_json(value: object) -> str:
    r"""JSON that a script element can hold: ``<`` and what UTF-8 or older scripts cannot hold as escapes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _numbered(texts: Sequence[TextContent]) -> list[dict[str, object]]:
    """The texts with chunks counted over all of them, and where each begins."""
    documents, before = [], 0
    for number, text in enumerate(texts):
        sets = [_shifted(one, before) for one in text.sets]
        documents.append({**text.document, "sets": sets, "start": {**text.start, "text": number}})
        before += len(text.chunks)
    return documents


def _shifted(document: Document, before: int) -> dict[str, object]:
    """A set with the chunks of earlier texts counted too."""
    heads = [{**head, "chunk": head["chunk"] + before} for head in document["heads"]]
    thumbnails = document["thumbs"]
    if thumbnails is not None:
        thumbnails = {**thumbnails, "chunk": thumbnails["chunk"] + before}
    return {**document, "heads": heads, "thumbs": thumbnails}


def _metric_names(texts: Sequence[TextContent]) -> set[str]:
    return {name for text in texts for one in text.sets for name in one["metrics"]}


def _title(texts: Sequence[TextContent]) -> str:
    text, *others = (one.document["text"] or one.document["model"] for one in texts)
    title = escaped(one_line(text))
    title = f"{title[:_MOST_TITLE]}…" if len(title) > _MOST_TITLE else title
    return f"{title}{f' and {len(others)} more' if others else ''} - attnviz"


@cache  # a folder of pages has one script
def _script() -> str:
    return f'(() => {{\n"use strict";\n{_joined("js", SCRIPT_FILES)}}})();\n'


@cache
def _joined(folder: str, names: tuple[str, ...]) -> str:
    return "".join(stripped(_asset(f"{folder}/{name}")) for name in names)


def stripped(source: str) -> str:
    """A script or a style without indentation and without comments that have lines of their own.

    Strings of several lines would change: sources have none.
    """
    lines = _COMMENTS.sub("", source).splitlines()
    return "".join(f"{line.strip()}\n" for line in lines if line.strip())


@cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The hash by which a policy names a script or a style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"
