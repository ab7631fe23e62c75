"""The options of files of texts: their format, and the fields that are read."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal

from attnviz.cli.command import Options, option
from attnviz.cli.help.pages import INPUT
from attnviz.errors import UsageError
from attnviz.names import FILE_FORMATS

if TYPE_CHECKING:
    from attnviz.cli.options import InputOptions
    from attnviz.text.files.sources import TextFiles
    from attnviz.text.layout import FileLayout

    FileFormat = str
else:
    FileFormat = Literal[FILE_FORMATS]


def _format_option(*names: str) -> Any:
    text = (
        "Format of --file or stdin: text (a text per line), jsonl, csv, tsv, pairs (SOURCE ||| TARGET). [default: by "
        "name, else text]"
    )
    return option(INPUT, *names, help=text)


def _field_option(name: str, text: str) -> Any:
    return option(INPUT, name, metavar="NAME", help=text)


Field = Annotated[
    str | None,
    _field_option(
        "--field",
        "Field of the text in jsonl, csv, tsv; a number is a column of a file without a header. [default: text, "
        "sentence or content]",
    ),
]
PairField = Annotated[str | None, _field_option("--pair-field", "Field of a second segment of each text.")]
TargetField = Annotated[str | None, _field_option("--target-field", "Field of a target text for each text.")]


class TextFileOptions(Options):
    """How a file, or standard input, holds texts."""

    file_format: Annotated[FileFormat | None, _format_option("--format", "--file-format")] = None
    field: Field = None
    pair_field: PairField = None
    target_field: TargetField = None


class DrawnTextFileOptions(TextFileOptions):
    """``TextFileOptions`` of a command whose ``--format`` is that of its pictures."""

    file_format: Annotated[FileFormat | None, _format_option("--file-format")] = None
    field: Field = None
    pair_field: PairField = None
    target_field: TargetField = None


class TextsInput:
    """The texts that a command reads, and how they are laid out.

    Args:
        inputs: the options of the input: neither vectors nor attention.
        options: the options of files of texts.
        note: called with notes on what was taken for granted.

    Attributes:
        texts: one text, a file or several, or standard input.
        layout: how a file or standard input holds texts.
        has_target: whether each text has a target text.

    Raises:
        UsageError: options of files without a file; fields and texts of the same part.
    """

    def __init__(self, inputs: "InputOptions", options: Options, note: Callable[[str], None]):
        from attnviz.sweeps.texts import layout_of
        from attnviz.sweeps.whole_text import whole_text
        from attnviz.text.layout import FileLayout

        self.texts: str | Path | TextFiles | BinaryIO = _source(inputs)
        self.layout = FileLayout()
        if not isinstance(self.texts, str):
            self.layout = _stated(inputs, options)
            if inputs.whole:
                self.texts = whole_text(self.texts)
            else:
                is_alone = inputs.pair is None and inputs.target is None
                self.layout, notes = layout_of(self.texts, self.layout, is_alone=is_alone)
                for text in notes:
                    note(text)
        else:
            refuse_text_options(inputs, options)
        self.has_target = inputs.target is not None or self.layout.has_target


def refuse_text_options(inputs: "InputOptions", options: Options) -> None:
    """Refuses the options of files of texts where there is none.

    Raises:
        UsageError: one is given.
    """
    if names := [*options.values_by_name(), *(["whole"] * inputs.whole)]:
        raise UsageError(f"{_flag(names[0])}: it is about a file of texts; expected --file, or text on standard input")


def _source(inputs: "InputOptions") -> "str | Path | TextFiles | BinaryIO":
    from attnviz.text.files.sources import text_source

    if inputs.file not in (None, "-"):
        return text_source(inputs.file)
    return sys.stdin.buffer if inputs.file is not None or inputs.text in (None, "-") else inputs.text


def _stated(inputs: "InputOptions", options: Options) -> "FileLayout":
    """What the options say of the layout."""
    from attnviz.text.layout import FileLayout

    values = options.values_by_name()
    if inputs.whole and values:
        name = next(iter(values))
        raise UsageError(f"whole, {_flag(name)}: a whole file is one text, without fields; expected one of them")
    for part in ("pair", "target"):
        if f"{part}_field" in values and getattr(inputs, part) is not None:
            raise UsageError(f"{part}, {part}-field: both are given; expected one of them")
    return FileLayout(values.pop("file_format", None), **values)


def _flag(name: str) -> str:
    return "format" if name == "file_format" else name.replace("_", "-")
