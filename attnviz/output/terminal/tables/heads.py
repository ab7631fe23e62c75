"""What ``attnviz heads`` prints: one row per head, one column per metric, readable at a glance."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rich.style import Style

from attnviz.analysis.heads.definitions import Metric, all_metrics
from attnviz.analysis.heads.labels import METRIC_OF
from attnviz.analysis.heads.report import HeadReport
from attnviz.errors import one_line
from attnviz.numbers import spans
from attnviz.output.documents.heads import heads_document
from attnviz.output.labels import cell_width
from attnviz.output.rendering import Document
from attnviz.output.scale import Scale
from attnviz.output.terminal.cells import cell_style, decimal
from attnviz.output.terminal.lines import provenance_line
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.output.words import KIND_NAMES

_SHARES = ("weight", "ratio")  # the units of what lies between 0 and 1
_LARGE = 10  # standard deviations, from which on tenths do not matter
_BAR = 3  # characters
_GAP = 2
_LEAST_LABEL = 8
_FEW_ROWS = 2  # that a label rests on, so that it says so
_Row = Document
_JSD = Metric("jsd", "", "", "ratio", rank=0)  # a distance, in a column like a metric's


@dataclass(frozen=True)
class Shown:
    """What the user chose, and what the metrics are.

    Attributes:
        units: by metric, in the order of the columns.
        columns: the metrics asked for, all of which are printed; none for as many as fit.
        first: the metrics that are printed before others where not all fit.
        total: how many heads there are, printed or not.
        fitting: how many of them are as ``which`` says, printed or not; None for all.
        largest: by metric, the largest absolute value of all heads, printed or not.
        which: in words, which of them are printed and in which order: ``where entropy < 1, largest span first``.
        cmap: the map of colours.
        never: labels that no head can have here, as what they rest on cannot be had.
    """

    units: Mapping[str, str]
    total: int
    columns: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    which: str = ""
    cmap: str = "viridis"
    fitting: int | None = None
    largest: Mapping[str, float] = field(default_factory=dict)
    never: tuple[str, ...] = ()

    @classmethod
    def of(cls, report: HeadReport, cmap: str) -> "Shown":
        """The choices of a report."""
        distance, rows, metrics = report.distance_columns, report.rows, report.metrics
        together = "similar ones together" if report.clustered is not None else ""
        return cls(
            units=dict.fromkeys(distance, "ratio") | {name: metric.unit for name, metric in rows.metrics.items()},
            total=len(metrics.every_head),
            columns=(*distance, *rows.selection) if rows.selection else (),
            first=tuple(dict.fromkeys((*distance, *rows.named))),
            which=", ".join(filter(None, (rows.words, together))),
            cmap=cmap,
            fitting=report.n_fitting,
            never=tuple(name for name, metric in METRIC_OF.items() if metric in metrics.missing),
            largest=report.largest,
        )


@dataclass(frozen=True)
class _Column:
    """One metric, printed.

    Attributes:
        name: the metric.
        numbers: as text, one a row.
        places: the values on the column's scale, one a row; None where undefined.
        bar: how wide its bars are; 0 where colours do.
    """

    name: str
    numbers: tuple[str, ...]
    places: tuple[float | None, ...]
    bar: int

    @cached_property
    def number_width(self) -> int:
        """The width of the longest number."""
        return max(map(cell_width, self.numbers), default=1)

    @cached_property
    def width(self) -> int:
        """The width of the column, without the gap before it."""
        return max(len(self.name), self.number_width + (self.bar and self.bar + 1))


class HeadsTable(LinesView):
    """A Rich renderable.

    Args:
        document: the heads as ``heads --json`` gives them.
        shown: what is to be seen of them.
        screen: where it is printed.
    """

    def __init__(self, document: Document, shown: Shown, screen: Screen):
        super().__init__(screen)
        self._document, self._shown = document, shown
        self._rows: list[_Row] = document["heads"]
        self._metrics = {_JSD.name: _JSD, **all_metrics()}
        self._names = [f"L{row['layer']}H{row['head']}" for row in self._rows]
        self._labels = [label_text(row["label"]) for row in self._rows]
        self._colored = screen.color not in (None, "standard")
        self._bar = 0 if self._colored or "null" in document else _BAR  # z takes the bars' room

    def lines(self) -> Iterator[StyledLine]:
        """What the table is of, the rows, and what its reader has to know."""
        yield from self.text(self._about(), BOLD)
        blocks, labels = self._blocks() if self._rows else ([], 0)
        for number, block in enumerate(blocks):
            yield []
            yield from self._block(block, labels if number == 0 else 0)
        columns = [column for block in blocks for column in block]
        for number, note in enumerate(self._notes([column.name for column in columns], labels)):
            if number == 0:
                yield []
            yield from self.text(note, DIM)

    def _about(self) -> str:
        d, total = self._document, self._shown.total
        heads = f"{total} head{'s' * (total != 1)}"
        heads = heads if len(self._rows) == total else f"{len(self._rows) or 'none'} of {heads}"
        comma, fitting = ", ", self._shown.fitting
        if fitting is not None and len(self._rows) < fitting < total:
            heads, comma = f"{len(self._rows)} of the {fitting} heads", " "
        kind = "" if d["kind"] == "encoder" else f"{KIND_NAMES[d['kind']]}: "
        about = f"{kind}{heads}{self._shown.which and comma}{one_line(self._shown.which)}"
        rows = f"{d['rows']} {'word' if d.get('words') else 'token'}{'s' * (d['rows'] != 1)}"
        means = f"means over {rows}"
        if d["texts"] > 1:
            means += f" of {d['texts']} texts, {self._plus_minus} the standard deviation between texts"
        if d.get("hidden"):
            means += f"; special tokens left out{', rows renormalized' * bool(d.get('renormalized'))}"
        return f"{about}; {means}"

    @property
    def _plus_minus(self) -> str:
        return "+-" if self.screen.ascii else "±"

    # Columns

    def _blocks(self) -> tuple[list[list[_Column]], int]:
        """The columns, in as many blocks as they need, and how wide labels are; 0 where there is no room for them."""
        candidates = [self._column(name) for name in self._shown.columns or self._by_weight()]
        names = self._name_width
        labels = max(map(cell_width, [*self._labels, "label"]))
        widest = max(column.width for column in candidates) if self._shown.columns else candidates[0].width
        room = self.screen.width - names - _GAP - widest - _GAP
        labels = min(labels, room) if room >= _LEAST_LABEL else 0
        room = self.screen.width - names
        if not self._shown.columns:
            return [self._fitting(candidates, room - (labels and labels + _GAP))], labels
        blocks: list[list[_Column]] = [[]]
        left = room - (labels and labels + _GAP)
        for column in candidates:
            if blocks[-1] and column.width + _GAP > left:
                blocks.append([])
                left = room
            blocks[-1].append(column)
            left -= column.width + _GAP
        return blocks, labels

    def _by_weight(self) -> list[str]:
        """The metrics that some head has, the most telling first."""
        there = [name for name in self._shown.units if any(row.get(name) is not None for row in self._rows)]
        there = there or list(self._shown.units)[:1]
        asked = {name: i for i, name in enumerate(self._shown.first)}
        return sorted(there, key=lambda name: (asked.get(name, len(asked)), self._metrics[name].rank))

    def _fitting(self, candidates: list[_Column], room: int) -> list[_Column]:
        """At least one, in the order of the metrics."""
        chosen: list[_Column] = []
        for column in candidates:
            if not chosen or column.width + _GAP <= room:
                chosen.append(column)
                room -= column.width + _GAP
        order = list(self._shown.units)
        return sorted(chosen, key=lambda column: order.index(column.name))

    def _column(self, name: str) -> _Column:
        values = [row[name] for row in self._rows]
        known = [abs(value) for value in values if value is not None]
        is_share = self._shown.units[name] in _SHARES
        largest = max(known, default=0.0)
        scale = Scale(0.0, 1.0 if is_share else self._shown.largest.get(name, largest))
        places = tuple(None if value is None else scale.place(abs(value)) for value in values)
        column = _Column(name, tuple(self._number(row, name) for row in self._rows), places, self._bar)
        too_wide = column.width > self.screen.width - self._name_width - _GAP
        return _Column(name, column.numbers, places, 0) if too_wide else column

    def _number(self, row: _Row, name: str) -> str:
        if row[name] is None:
            return "-"
        decimals = self._metrics[name].decimals
        number = decimal(row[name], decimals)
        if name in row.get("spread", ()):
            number += f"{self._plus_minus}{decimal(row['spread'][name], decimals)}"
        return f"{number} (z {_z_text(row['z'][name])})" if name in row.get("z", ()) else number

    @property
    def _name_width(self) -> int:
        return max(map(len, [*self._names, "head"]))

    # Lines

    def _block(self, columns: list[_Column], labels: int) -> Iterator[StyledLine]:
        names = self._name_width
        room = self.screen.width - names - _GAP
        widths = [min(column.width, room) for column in columns]
        head = f"{'head':<{names}}{' ' * _GAP * bool(labels)}{'label'[:labels]:<{labels}}"
        heads = [f"{' ' * _GAP}{self.cut(column.name, w):>{w}}" for column, w in zip(columns, widths, strict=True)]
        yield [(head + "".join(heads), BOLD)]
        for i, (name, label) in enumerate(zip(self._names, self._labels, strict=True)):
            line: StyledLine = [(f"{name:<{names}}", PLAIN)]
            if labels:
                line.append((f"{' ' * _GAP}{self.cut(label, labels):<{labels}}", PLAIN))
            for column, width in zip(columns, widths, strict=True):
                line += [(" " * _GAP, PLAIN), self._cell(column, i, width)]
            text, style = line[-1]
            yield [*line[:-1], (text if style.bgcolor else text.rstrip(), style)]

    def _cell(self, column: _Column, i: int, width: int) -> tuple[str, Style]:
        place = column.places[i]
        text = f"{column.numbers[i]:>{column.number_width}}"
        if column.bar:
            text += f" {self._bar_text(place or 0.0, column.bar):<{column.bar}}"
        text = f"{self.cut(text, width):>{width}}"
        return text, PLAIN if place is None else cell_style(place, self._shown.cmap, self.screen.color)

    def _bar_text(self, place: float, width: int) -> str:
        if self.screen.ascii:
            return "#" * round(place * width)
        eighths = round(place * width * 8)
        return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()

    # Notes

    def _notes(self, printed: list[str], labels: int) -> Iterator[str]:
        if printed:
            yield self._legend(printed)
        if "jsd" in printed:
            yield "jsd: the distance to the head in the row above, 0 equal, 1 nothing in common."
        if printed and not labels:
            yield "Labels have no room (--width)."
        if printed and "null" in self._document:
            yield from self._null(printed)
        missing = self._document["missing"]
        defined = [name for name in self._shown.units if name not in missing]
        asked = self._shown.columns or defined
        empty = [n for n in defined if n in asked and self._rows and all(row.get(n) is None for row in self._rows)]
        if empty:
            yield f"Undefined, as no row of the text counts for them: {', '.join(empty)}."
        left_out = [name for name in defined if name not in (*printed, *empty)]
        if left_out and self._rows and not self._shown.columns:
            yield f"Not shown: {', '.join(left_out)} (--columns all, or --columns {left_out[0]})."
        reasons: dict[str, list[str]] = {}
        for name, why in missing.items():
            reasons.setdefault(why, []).append(name)
        for why, names in reasons.items():
            yield f"Not available for this input: {', '.join(names)} ({one_line(why)})."
        if self._shown.never:
            yield f"So no head is called {' or '.join(self._shown.never)}."

    def _null(self, printed: list[str]) -> Iterator[str]:
        null = self._document["null"]
        texts = self._document["texts"]
        on = "on the same text" if texts == 1 else f"their means over the same {texts} texts"
        yield (
            f"z: standard deviations above the mean of all heads of the same layer in {null['models']} models of this "
            f"shape with random weights (seeds {spans(tuple(null['seeds']))}), {on}."
        )
        if any(row[name] is not None and row["z"].get(name, 0) is None for row in self._rows for name in printed):
            yield "z -: all those random heads have the same number, so none stands out."
        if str(self._document["model"]["weights"]).startswith("seed:"):
            yield "The weights measured are random too: any pattern is chance, whatever its z."

    def _legend(self, printed: list[str]) -> str:
        units: dict[str, list[str]] = {}
        for name in printed:
            if self._shown.units[name] not in _SHARES:
                unit = self._shown.units[name]
                units.setdefault("words" if unit == "tokens" and self._document.get("words") else unit, []).append(name)
        parts = [f"{', '.join(names)} in {unit}" for unit, names in units.items()]
        n_shares = len(printed) - sum(map(len, units.values()))
        if n_shares:
            parts.append("the others are shares, from 0 to 1" if parts else "shares, from 0 to 1")
        legend = f"Units: {'; '.join(parts)}."
        if parts and units and (self._bar or self._colored):
            marks = "Bars" if self._bar else "Colours"
            signed = [name for name in printed if self._metrics[name].signed]
            side = f", {', '.join(signed)} to either side" if signed else ""
            legend += f" {marks}: shares from 0 to 1, others from 0 to the largest of all heads{side}."
        if any(row["label"]["name"] == "broad" for row in self._rows):
            legend += " The number of a broad head is its entropy_ratio."
        return legend


def _z_text(z: float | None) -> str:
    return "-" if z is None else decimal(z, 0 if abs(round(z, 1)) >= _LARGE else 1)


def label_text(label: Document) -> str:
    """A label with its evidence, never without: ``previous 0.91``, ``mixed: first 0.32``, ``same 0.70, 1 row``."""
    if label["metric"] is None:
        return f"{label['name']}: no row"
    value, rows = f"{label['value']:.2f}", label["rows"]
    if rows <= _FEW_ROWS:
        value += f", {rows} row{'s' * (rows != 1)}"
    return f"mixed: {label['metric']} {value}" if label["name"] == "mixed" else f"{label['name']} {value}"


def heads_views(report: HeadReport, screen: Screen, *, cmap: str) -> Iterator[LinesView]:
    """Where the weights came from, and one row per head."""
    yield provenance_line(report.attention.model, screen)
    yield HeadsTable(heads_document(report), Shown.of(report, cmap), screen)
