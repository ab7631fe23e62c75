"""How a file holds texts: its format and fields, from its name, its first lines and what the user says."""

import json
from collections.abc import Sequence
from dataclasses import replace

from attnviz.errors import UsageError, one_line
from attnviz.numbers import is_count
from attnviz.records import dataclass
from attnviz.text.streams import unpacked_start

N_LOOKED_AT = 1 << 16  # bytes of a file that are looked at before it is read

_FORMATS_BY_ENDING = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv", ".tsv": "tsv"}
_PACKED_ENDINGS = (".gz", ".xz", ".bz2")
_MOST_LINES = 20


@dataclass(frozen=True)
class FileLayout:
    """How a file holds texts.

    Attributes:
        format: one of ``names.FILE_FORMATS``; None until it is known.
        field: the field of the text: a name, or the number of a column of a file without a header.
        pair_field: the field of a second segment.
        target_field: the field of a target text.
    """

    format: str | None = None
    field: str | None = None
    pair_field: str | None = None
    target_field: str | None = None

    @property
    def names(self) -> list[str]:
        """The fields that are given."""
        return [name for name in (self.field, self.pair_field, self.target_field) if name is not None]

    @property
    def has_target(self) -> bool:
        """Whether each text has a target text of its own."""
        return self.target_field is not None or (self.format == "pairs" and self.pair_field is None)


def settled_layout(
    layout: FileLayout, name: str, start: bytes, *, is_whole: bool, is_alone: bool = True
) -> tuple[FileLayout, list[str]]:
    """The layout with its format, and notes on what was taken for granted.

    Args:
        layout: what the user says.
        name: of the file.
        start: its first bytes, or nothing.
        is_whole: whether these are all its bytes.
        is_alone: whether nothing else says what belongs to each text, so that lines may be pairs.

    Raises:
        UsageError: fields of plain text.
    """
    name = one_line(name)
    if layout.format is None:
        layout = replace(layout, format=_format_by_name(name))
    elif layout.format == "text" and layout.names:
        raise UsageError(
            f"format, {_option(layout)}: plain text has no fields; expected --format jsonl, csv, tsv or pairs"
        )
    if layout.format is not None:
        return layout, []
    if layout.names:
        if not all(is_count(field) for field in layout.names):
            raise UsageError(
                f"{_option(layout)}: {name} has no fields by its name; expected --format jsonl, csv or tsv too, or the "
                "number of a column"
            )
        return replace(layout, format="pairs"), []
    lines = _first_lines(start, is_whole=is_whole)
    if is_alone and lines and all(_is_pair(line) for line in lines):
        note = f"{name}: read as SOURCE ||| TARGET; --format text reads whole lines, --pair-field 2 a second segment"
        return replace(layout, format="pairs"), [note]
    return replace(layout, format="text"), [f"{name}: {note}" for note in _doubts(lines)]


def _format_by_name(name: str) -> str | None:
    lower = name.lower()
    for ending in _PACKED_ENDINGS:
        lower = lower.removesuffix(ending)
    return next((known for ending, known in _FORMATS_BY_ENDING.items() if lower.endswith(ending)), None)


def _option(layout: FileLayout) -> str:
    """The first option that names a field."""
    options = {"field": layout.field, "pair-field": layout.pair_field, "target-field": layout.target_field}
    return next(option for option, name in options.items() if name is not None)


def _first_lines(start: bytes, *, is_whole: bool) -> list[str]:
    """The first lines that are not blank; the last one is left out where it may go on."""
    lines = unpacked_start(start).decode("utf-8-sig", "replace").split("\n")
    if not is_whole and len(lines) > 1:
        lines.pop()
    return [line for line in lines if line.strip()][:_MOST_LINES]


def _is_pair(line: str) -> bool:
    source, bar, target = line.partition(" ||| ")
    return bool(bar and source.strip() and target.strip()) and "|||" not in target


def _doubts(lines: Sequence[str]) -> list[str]:
    """Notes on lines of plain text that look like records."""
    if lines and all(_is_object(line) for line in lines):
        return ["its lines are JSON objects, and are read as plain text; --format jsonl reads a field of them"]
    tabs = {line.count("\t") for line in lines}
    if len(lines) > 1 and len(tabs) == 1 and 0 not in tabs:
        (n,) = tabs
        return [f"each line has {n} tab{'s' * (n > 1)}, and is read as plain text; --format tsv reads a column"]
    return []


def _is_object(line: str) -> bool:
    try:
        return line.lstrip().startswith("{") and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
