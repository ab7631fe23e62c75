"""Markdown for the terminal: rich's, but headings are plain, and code keeps its lines and has no background."""

import re

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown
from rich.text import Text

_LINK_TO_TOPIC = re.compile(r"\[([^\]]+)\]\([^)]+\.md\)")


class Code(CodeBlock):
    """Code as it is written; commands that are typed stand out."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines, uncut: the screen wraps those that do not fit."""
        code = Text(str(self.text).rstrip(), no_wrap=True, overflow="ignore")
        code.highlight_regex(r"(?m)^\$ .*", "bold")
        yield code


class Title(Heading):
    """A heading at the left, bold; rich's differs between its versions."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The title of the page underlined, the others bold only."""
        self.text.justify = "left"
        self.text.stylize("bold underline" if self.tag == "h1" else "bold")
        yield self.text


class Page(Markdown):
    """A topic of ``attnviz help``; a link to another topic is the command that prints it."""

    elements = {**Markdown.elements, "heading_open": Title, "fence": Code, "code_block": Code}  # noqa: RUF012 (rich's own declaration)

    def __init__(self, markdown: str, *, hyperlinks: bool):
        super().__init__(_LINK_TO_TOPIC.sub(r"\1", markdown), hyperlinks=hyperlinks)
