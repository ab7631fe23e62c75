"""What ``attnviz help`` prints: the page of a command, a file of ``attnviz/docs``, or the list of both."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from attnviz.cli.help.pages import list_page
from attnviz.cli.help.suggestions import nearest_names
from attnviz.errors import UsageError, brief

if TYPE_CHECKING:
    from typer._click.core import Context

_FOLDER = Path(__file__).parent.parent.parent / "docs"
_SUBJECTS = {
    **dict.fromkeys(("query", "key", "value", "q", "k", "v", "softmax", "score", "weight"), "reading"),
    **dict.fromkeys(("figure", "picture", "png", "pdf", "svg", "plot"), "heatmap"),
    **dict.fromkeys(("page", "browser", "click", "interactive", "bertviz", "notebook", "jupyter"), "html"),
    **dict.fromkeys(("model", "bert", "gpt2", "llama", "hub", "transformers"), "models"),
    **dict.fromkeys(("gguf", "ollama", "llama.cpp", "translator", "language", "languages", "nllb"), "models"),
    **dict.fromkeys(("generate", "generation", "continuation", "stop", "file", "pair", "vectors"), "input"),
    **dict.fromkeys(("head", "label", "labels", "verb", "verbs", "object", "objects", "subject", "syntax"), "heads"),
    **dict.fromkeys(("probe", "induction", "treebank", "conllu", "alignment", "aer"), "probes"),
    **dict.fromkeys(("explorer", "tui", "ssh", "mouse", "keys", "textual"), "explore"),
    **dict.fromkeys(("ci", "exit", "pipe"), "scripts"),
    **dict.fromkeys(("cross-attention", "cross", "source", "target", "decoder", "encoder"), "self-attention"),
    **dict.fromkeys(("encoder-decoder", "translation", "translate"), "self-attention"),
}
"""Words that people look up, and the topics that explain them."""
_WIDEST = 100  # columns of text that are easy to read
_SYSTEMS: dict[str, Literal["standard", "256", "truecolor"]] = {
    "standard": "standard",
    "256": "256",
    "truecolor": "truecolor",
}


def topics() -> dict[str, str]:
    """The topics with their headings: each is a Markdown file."""
    headings = {}
    for path in sorted(_FOLDER.glob("*.md")):
        with path.open(encoding="utf-8") as lines:
            headings[path.stem] = next(lines, "").lstrip("#").strip()
    return headings


def subject_text(words: Sequence[str], *, color: str) -> str:
    """The topic of that name, else the help on that command; without words, the list of both.

    Args:
        words: one topic, or the words of a command.
        color: whether headings have colours: auto, always or never.

    Raises:
        UsageError: there is neither such a command nor such a topic.
    """
    context = _root_context()
    summaries: Mapping[str, str] = context.command.summaries  # type: ignore[attr-defined]
    headings = topics()
    if not words:
        return list_page(summaries, {name: text for name, text in headings.items() if name not in summaries})
    name = _topic_of(" ".join(words), headings)
    if name in headings:
        rendered = _rendered((_FOLDER / f"{name}.md").read_text(encoding="utf-8"), color=color)
        return f"{rendered}\n\nOptions: attnviz {name} --help" if name in summaries else rendered
    if words[0] in summaries:
        with _context(context, words) as inner:
            return inner.get_help()
    near = nearest_names(name, [*summaries, *headings])[:1]
    question = f" (did you mean {near[0]}?)" if near else ""
    raise UsageError(
        f"help: '{brief(name)}' is not a command or a topic{question}", hint="run `attnviz help` for a list"
    )


def _topic_of(name: str, headings: Mapping[str, str]) -> str:
    """The topic that has a name, a heading or a subject; the name itself where none has."""
    subjects = {heading.lower(): topic for topic, heading in headings.items()} | _SUBJECTS
    plain = name.lower()
    return plain if plain in headings else subjects.get(plain, name)


def print_long(text: str) -> None:
    """Prints a text, on a terminal through a pager that leaves colours alone and short texts on the screen."""
    if not sys.stdout.isatty():
        typer.echo(text, color=True)
        return
    import pydoc

    os.environ.setdefault("LESS", "FRX")
    pydoc.pager(text + "\n")


def _root_context() -> "Context":
    from attnviz.cli.app import app

    command = typer.main.get_command(app)
    return typer.Context(command, info_name="attnviz")


def _context(context: "Context", words: Sequence[str]) -> "Context":
    """The context in which a command's help is written.

    Raises:
        UsageError: a group has no command of that name.
    """
    for word in words:
        group = context.command
        if not hasattr(group, "resolve_command"):
            raise UsageError(
                f"help: '{context.command_path}' has no command '{brief(word)}'; expected it without that word"
            )
        _, command, _ = group.resolve_command(context, [word])
        context = typer.Context(command, info_name=word, parent=context)
    return context


def _rendered(markdown: str, *, color: str) -> str:
    """Markdown as text for the screen, in the terminal's own colours; code keeps its lines."""
    from io import StringIO

    from rich.console import Console
    from rich.theme import Theme

    from attnviz.cli.help.markdown import Page
    from attnviz.output.terminal.screen import Screen

    screen, stream = Screen.of(sys.stdout, os.environ, color=color), StringIO()
    system = None if screen.color is None else _SYSTEMS[screen.color]
    width = min(screen.width, _WIDEST)
    console = Console(
        file=stream,
        width=width,
        color_system=system,
        force_terminal=system is not None,
        legacy_windows=False,
        theme=Theme({"markdown.code": "cyan"}),  # by default it is on black, whatever the terminal's background
    )
    console.print(Page(markdown, hyperlinks=False), crop=False)
    return "\n".join(line.rstrip() for line in stream.getvalue().rstrip().splitlines())
