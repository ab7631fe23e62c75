"""A whole file as one text."""

from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

from attnviz.errors import InputError, UsageError, one_line
from attnviz.text.files.sources import TextFiles, open_texts
from attnviz.text.reading import is_blank, open_lines, read_lines


def whole_text(source: Path | TextFiles | BinaryIO) -> str:
    """All of a file or a stream as one text.

    Raises:
        UsageError: there are several files.
        InputError: it cannot be read, or has no text.
    """
    if isinstance(source, TextFiles):
        if len(source.names) > 1:
            raise UsageError(f"whole, file: there are {len(source.names)} files; expected one, or no --whole")
        with open_texts(source.names[0]) as stream:
            return whole_text(stream)
    name = one_line(source) if isinstance(source, Path) else "standard input"
    with open_lines(source) if isinstance(source, Path) else nullcontext(source) as stream:
        text = "\n".join(line for _, line in read_lines(stream, name, keeps_blank=True))
    if is_blank(text):
        raise InputError(f"{name}: it is blank; expected a text")
    return text
