"""Texts that are fields of records: JSON lines, CSV, TSV, and pairs of texts on one line."""

import json
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from typing import BinaryIO, NamedTuple

from attnviz.errors import LONGEST_QUOTE, EmptyInputError, InputError, UsageError, brief, one_line, some
from attnviz.numbers import is_count
from attnviz.records import dataclass
from attnviz.text.layout import FileLayout
from attnviz.text.reading import Line, Lines, is_blank, read_lines

_TEXT_FIELDS = ("text", "sentence", "content")
_BAR = "|||"
_JQ = "to turn a list into lines: jq -c '.[]' FILE > FILE.jsonl"
_JQ_OBJECT = "to put each object on one line: jq -c . FILE > FILE.jsonl"
_LONGEST = 1 << 27  # characters of a field; the standard library's limit is shorter than many documents


class _Columns(NamedTuple):
    """Where the texts of a record are: names of its fields, or numbers of columns from 0."""

    text: str | int
    pair: str | int | None = None
    target: str | int | None = None


@dataclass(eq=False)
class _Header:
    """The names of the columns, and the columns that are read; None until the first line is read."""

    names: Sequence[str] | None = None
    columns: _Columns | None = None


class _HeaderError(InputError):
    """A field that no record has: not the fault of one of them."""


class Records:
    """The texts of a stream of records, in its order.

    Args:
        stream: a file, a pipe, standard input.
        where: what messages call it.
        layout: its format, which is not plain text, and its fields.

    Attributes:
        blank: numbers of the first lines without a text.
        n_blank: how many there were.
    """

    def __init__(self, stream: BinaryIO, where: str, layout: FileLayout):
        self._where, self._layout = one_line(where), layout
        self._lines: Lines = read_lines(stream, where, keeps_blank=layout.format == "csv")
        self._header = _Header(columns=_numbered(layout))
        self._begun: list[Line] = []  # the lines of a record of CSV that is not complete

    @property
    def blank(self) -> list[int]:
        """The numbers of the first lines without a text."""
        return self._lines.blank

    @property
    def n_blank(self) -> int:
        """How many lines have no text."""
        return self._lines.n_blank

    def ready(self) -> bool:
        """Whether more lines can be read without waiting for their writer."""
        return self._lines.ready()

    def windows(self, most: int) -> Iterator[list[Line]]:
        """The texts, at most so many at a time; what cannot be read is its error.

        Raises:
            InputError: the stream fails, its header lacks a field, or it has no text at all.
        """
        has_texts = False
        for lines in self._lines.windows(most):
            if window := [record for line in lines for record in self._records(line)]:
                has_texts = True
                yield window
        if self._begun:
            has_texts = True
            yield [self._failed(self._begun[0], "a quote is opened and never closed", "expected CSV as of RFC 4180")]
        if not has_texts:
            raise EmptyInputError(f"{self._where}: it has no record with a text; expected at least one")

    def _records(self, line: Line) -> Iterator[Line]:
        """The record that a line completes, or its error; nothing of a header, and of a record without a text."""
        if isinstance(line.text, InputError):
            self._begun.clear()
            yield line
            return
        try:
            record = self._parsed(line, line.text)
        except _HeaderError:
            raise
        except InputError as error:
            yield line._replace(text=error)
            return
        if record is None:
            return
        if isinstance(record.text, str) and is_blank(record.text):
            self._lines.skip(record.number)
        else:
            yield record

    def _parsed(self, line: Line, text: str) -> Line | None:
        if self._layout.format == "jsonl":
            return self._of_json(line, text)
        if self._layout.format == "pairs":
            parts = text.split(_BAR if _BAR in text else "\t")
            if len(parts) > 2 and not self._layout.names:
                return self._failed(line, f"it has {len(parts)} parts", f"expected SOURCE {_BAR} TARGET")
            return self._of_row(line, [part.strip() for part in parts])
        if self._layout.format == "tsv":
            return self._of_row(line, _tsv_row(text))
        return self._of_csv(line, text)

    def _of_csv(self, line: Line, text: str) -> Line | None:
        """The record that ends with this line; None while it goes on."""
        import csv  # noqa: PLC0415 (start-up time)

        if not self._begun and is_blank(text):
            self._lines.skip(line.number)
            return None
        self._begun.append(line)
        if len(self._begun) > 1 and '"' not in text:
            return None  # inside a quoted field
        begun = self._begun
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST))
        try:
            (row,) = csv.reader(["\n".join(str(one.text) for one in begun)], strict=True)
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                return None
            self._begun = []
            expected = 'expected CSV as of RFC 4180: a quoted field ends before its comma, and a quote in it is ""'
            return self._failed(begun[0], f"it is not CSV ({error})", expected)
        self._begun = []
        return self._of_row(begun[0]._replace(end=line.end), row)

    def _of_row(self, line: Line, row: list[str]) -> Line | None:
        """The texts of a row; None of the header."""
        header = self._header
        if header.columns is None:
            header.names = [name.strip() for name in row]
            header.columns = self._named_columns(header.names)
            return None
        if header.names is not None and len(row) != len(header.names):
            return self._failed(
                line,
                f"it has {len(row)} field{'s' * (len(row) != 1)}, and its header {len(header.names)}",
                f"expected {len(header.names)}" + ', with quotes (") round a text that has commas' * self._has_commas,
            )
        columns = header.columns
        last = max(column for column in columns if isinstance(column, int))
        if last >= len(row):
            separators = " (separated by ||| or tabs)" * (self._layout.format == "pairs")
            return self._failed(line, f"it has no column {last + 1}", f"expected {last + 1} columns{separators}")
        texts = [row[column] if isinstance(column, int) else None for column in columns]
        return line._replace(text=str(texts[0]), pair=texts[1], target=texts[2])

    def _of_json(self, line: Line, text: str) -> Line:
        """The texts of an object; a line that is a string is a text by itself."""
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            record, fault = None, f"it is not JSON ({brief(getattr(error, 'msg', 'too deep'))})"
        else:
            fault = "it is not a JSON object"
        if isinstance(record, str) and not self._layout.names:
            return line._replace(text=record)
        if not isinstance(record, dict):
            start = text.lstrip()[:1]
            hint = _JQ if start == "[" else _JQ_OBJECT if start == "{" else None
            raise InputError(f"{self._where}, line {line.number}: {fault}; expected one JSON object per line", hint)
        if self._header.columns is None:
            self._header.columns = self._named_columns(list(record), nested=True)
        texts = [None if name is None else self._string(line, record, str(name)) for name in self._header.columns]
        return line._replace(text=str(texts[0]), pair=texts[1], target=texts[2])

    def _string(self, line: Line, record: dict[str, object], name: str) -> str:
        """The text of a field of an object.

        Raises:
            InputError: the object has no such field, or it is not a string.
        """
        where = f"{self._where}, line {line.number}"
        value: object = record.get(name, record)
        for part in name.split(".") if value is record else ():
            value = value.get(part, record) if isinstance(value, dict) else record
        if value is record:
            raise InputError(f"{where}: it has no field {brief(name)}; its fields are {_listed(list(record))}")
        if not isinstance(value, str):
            raise InputError(f"{where}: its field {brief(name)} is not a string; expected a text")
        return value

    def _named_columns(self, names: Sequence[str], *, nested: bool = False) -> _Columns:
        """The fields that are read of records with these names: numbers of columns, or the names of an object.

        Raises:
            InputError: a field is not there; or none is named, and there is no usual one.
        """
        layout = self._layout
        if layout.field is None:
            text = next((name for usual in _TEXT_FIELDS for name in names if name.lower() == usual), None)
            if text is None:
                raise _HeaderError(
                    f"{self._where}: it has no field {', '.join(_TEXT_FIELDS[:-1])} or {_TEXT_FIELDS[-1]}; expected "
                    f"--field with one of its fields: {_listed(names)}",
                    None if nested else _header_hint(names),
                )
        else:
            text = layout.field
        named = [text, layout.pair_field, layout.target_field]
        for option, name in zip(("field", "pair-field", "target-field"), named, strict=True):
            if name is not None and name not in names and not (nested and name.split(".")[0] in names):
                raise _HeaderError(
                    f"{self._where}: --{option} {brief(name)} is not one of its fields; expected one of "
                    f"{_listed(names)}"
                )
        if nested:
            return _Columns(text, layout.pair_field, layout.target_field)
        twice = next((name for name in named if name is not None and names.count(name) > 1), None)
        if twice is not None:
            raise _HeaderError(
                f"{self._where}: its header has {names.count(twice)} fields {brief(twice)}; expected one",
                "without the header, --field takes the number of a column",
            )
        pair, target = (None if name is None else names.index(name) for name in named[1:])
        return _Columns(names.index(text), pair, target)

    @property
    def _has_commas(self) -> bool:
        return self._layout.format == "csv"

    def _failed(self, line: Line, fault: str, expected: str) -> Line:
        return line._replace(text=InputError(f"{self._where}, line {line.number}: {fault}; {expected}"))


def _numbered(layout: FileLayout) -> _Columns | None:
    """The columns that are named by their numbers from 1, of a file without a header; None where fields have names.

    Raises:
        UsageError: some fields are numbers and others are names, or a name is given where there are only numbers.
    """
    names = layout.names
    numbers = [name for name in names if is_count(name) and int(name)]
    if layout.format == "jsonl" or (layout.format != "pairs" and not numbers):
        return None
    if len(numbers) < len(names):
        wrong = next(name for name in names if name not in numbers)
        raise UsageError(f"field: {brief(wrong)} is a name, and columns have numbers here; expected a number from 1")
    pair, target = layout.pair_field, layout.target_field
    if layout.format == "pairs" and pair is None and target is None:
        target = "2"
    columns = [None if name is None else int(name) - 1 for name in (layout.field or "1", pair, target)]
    return _Columns(columns[0] or 0, columns[1], columns[2])


def _header_hint(names: Sequence[str]) -> str:
    """What may be wrong with a first line in which no name is a usual one."""
    if len(names) == 1 and ";" in names[0]:
        return "its fields seem to be separated by semicolons, and CSV has commas"
    if len(names) == 1 and "\t" in names[0]:
        return "its fields seem to be separated by tabs: --format tsv"
    return "of a file without a header, --field takes the number of a column"


def _tsv_row(text: str) -> list[str]:
    """The fields of a line of TSV: quoted ones as in CSV, and quotes that are part of a text as they are."""
    import csv  # noqa: PLC0415 (start-up time)

    try:
        (row,) = csv.reader([text], delimiter="\t", strict=True)
    except csv.Error:
        return text.split("\t")
    return row


def _listed(names: Sequence[str]) -> str:
    """The first names, up to eight, as many as fit in what may be quoted of a file."""
    shown = [brief(name) for name in names]
    ends = islice(accumulate(len(name) + 2 for name in shown), 8)
    return some(shown, max(1, sum(end <= LONGEST_QUOTE for end in ends)))
