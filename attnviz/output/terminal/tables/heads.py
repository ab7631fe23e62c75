"""What ``attnviz heads`` prints: one row per head with its label, an example, and metrics."""

from collections.abc import Iterator
from functools import cached_property

from rich.style import Style

from attnviz.analysis.heads.definitions import Metric, all_metrics
from attnviz.analysis.heads.report import HeadReport
from attnviz.errors import one_line
from attnviz.numbers import spans
from attnviz.output.decimals import decimal, z_text
from attnviz.output.documents.heads import heads_document
from attnviz.output.head_words import MOST_LABEL, label_text, legend_text, relation_text
from attnviz.output.labels import cell_width
from attnviz.output.rendering import Document
from attnviz.output.terminal.cells import cell_style
from attnviz.output.terminal.lines import provenance_line
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.output.terminal.tables.head_choices import Shown
from attnviz.output.terminal.tables.head_examples import LEAST_EXAMPLE, ExampleColumn
from attnviz.output.words import KIND_NAMES
from attnviz.records import dataclass

_SHARES = ("weight", "ratio")  # the units of what is from 0 to 1
_GAP = 2
_LEAST_LABEL = 8
_NAME = 6  # columns that the names of heads have where columns are chosen
_WIDTHS = (100, 80)  # screens between these widths have the same columns
_Row = Document
_JSD = Metric("jsd", "", "", "ratio", rank=0)  # a distance, in a column like a metric's


@dataclass(frozen=True)
class _Column:
    """One metric, printed.

    Attributes:
        name: the metric.
        numbers: as text, one per row.
        places: the values that have a colour, from 0 to 1, one per row; None where there is none.
    """

    name: str
    numbers: tuple[str, ...]
    places: tuple[float | None, ...]

    @cached_property
    def width(self) -> int:
        """The width of the column, without the gap before it."""
        return max(len(self.name), *map(cell_width, self.numbers), 1)


@dataclass(frozen=True)
class _Layout:
    """The columns of metrics, in as many blocks as they need; how wide labels and examples are, 0 for none."""

    blocks: list[list[_Column]]
    label: int
    example: int = 0


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
        self._labels = [self._label(row) for row in self._rows]
        examples = None if shown.columns else shown.examples
        places = [(row["layer"], row["head"]) for row in self._rows]
        self._examples = None if examples is None else ExampleColumn(examples, places, shown.cmap, screen)

    def _label(self, row: _Row) -> str:
        """The relation that the head finds in a treebank, where one is known; else its pattern in this text."""
        if not self._finds(row):
            return label_text(row["label"], is_ascii=self.screen.ascii)
        first, *others = row["relations"]
        return relation_text(first) + f", +{len(others)}" * bool(others)

    def _finds(self, row: _Row) -> bool:
        """Whether the label is a relation that the head finds in a treebank."""
        return bool(row.get("relations")) and not self._shown.patterns

    def lines(self) -> Iterator[StyledLine]:
        """What the heads do in all, the rows, and what their reader has to know."""
        yield from self.text(self._headline(), BOLD)
        yield from self.text(self._about(), DIM)
        layout = self._layout() if self._rows else _Layout([], 0)
        for number, block in enumerate(layout.blocks):
            yield []
            yield from self._block(block, layout if number == 0 else _Layout([], 0))
        columns = [column for block in layout.blocks for column in block]
        for number, note in enumerate(self._notes([column.name for column in columns], layout)):
            if number == 0:
                yield []
            yield from self.text(note, DIM)

    def _headline(self) -> str:
        kind = "" if self._document["kind"] == "encoder" else f"{KIND_NAMES[self._document['kind']]}, "
        heads = f"{kind}{self._shown.total} head{'s' * (self._shown.total != 1)}"
        return ": ".join(filter(None, (heads, self._shown.summary)))

    def _about(self) -> str:
        d, total, which = self._document, self._shown.total, one_line(self._shown.which)
        parts = [which] if which else []
        if len(self._rows) != total:
            fitting, heads = self._shown.fitting, f"{len(self._rows) or 'none'} of {total} heads"
            parts = [", ".join([heads, *parts])]
            if fitting is not None and len(self._rows) < fitting < total:
                parts = [f"{len(self._rows)} of the {fitting} heads {which}"]
        rows = f"{d['rows']} {'word' if d.get('words') else 'token'}{'s' * (d['rows'] != 1)}"
        means = f"means over {rows}"
        if d["texts"] > 1:
            means += f" of {d['texts']} texts, {self._plus_minus} the standard deviation between texts"
        if d.get("hidden"):
            means += f"; special tokens left out{', rows renormalized' * bool(d.get('renormalized'))}"
        return "; ".join([*parts, means])

    @property
    def _plus_minus(self) -> str:
        return "+-" if self.screen.ascii else "±"

    # Columns

    def _layout(self) -> _Layout:
        """The columns that were asked for, in blocks; or those that fit, with examples."""
        candidates = [self._column(name) for name in self._shown.columns or self._by_weight()]
        return self._blocks(candidates) if self._shown.columns else self._chosen(candidates)

    def _chosen(self, candidates: list[_Column]) -> _Layout:
        """As many columns as fit, the same for all screens between two of ``_WIDTHS``, whatever the labels."""
        screen = self.screen.width
        budget = next((width for width in _WIDTHS if screen >= width), screen)
        names = max(_NAME, self._name_width)
        least, wide = candidates[0].width + _GAP, budget >= min(_WIDTHS)
        room = budget - names - _GAP
        has_example = self._examples is not None and room - MOST_LABEL - _GAP - LEAST_EXAMPLE >= least
        kept = MOST_LABEL if wide or has_example else min(max(map(cell_width, (*self._labels, "label"))), room - least)
        label = kept if kept >= _LEAST_LABEL else 0
        room -= label + (_GAP + LEAST_EXAMPLE if has_example else 0) - (0 if label else _GAP)
        columns = self._fitting(candidates, room)
        label = min(label, max(map(cell_width, (*self._labels, "label"))))
        left = screen - self._name_width - label - _GAP * 2 - sum(column.width + _GAP for column in columns)
        return _Layout([columns], label, self._examples.width(left) if has_example and self._examples else 0)

    def _blocks(self, candidates: list[_Column]) -> _Layout:
        """All columns, and labels beside the first ones where there is room for them."""
        names = self._name_width
        widest = max(column.width for column in candidates)
        room = self.screen.width - names - _GAP - widest - _GAP
        label = min(max(map(cell_width, (*self._labels, "label"))), room) if room >= _LEAST_LABEL else 0
        room = self.screen.width - names
        blocks: list[list[_Column]] = [[]]
        left = room - (label and label + _GAP)
        for column in candidates:
            if blocks[-1] and column.width + _GAP > left:
                blocks.append([])
                left = room
            blocks[-1].append(column)
            left -= column.width + _GAP
        return _Layout(blocks, label)

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
        is_share = self._shown.units[name] in _SHARES
        places = (abs(row[name]) if is_share and row[name] is not None else None for row in self._rows)
        return _Column(name, tuple(self._number(row, name) for row in self._rows), tuple(places))

    def _number(self, row: _Row, name: str) -> str:
        if row[name] is None:
            return "-"
        decimals = self._metrics[name].decimals
        number = decimal(row[name], decimals)
        if name in row.get("spread", ()):
            number += f"{self._plus_minus}{decimal(row['spread'][name], decimals)}"
        return f"{number} (z {z_text(row['z'][name])})" if name in row.get("z", ()) else number

    @property
    def _name_width(self) -> int:
        return max(map(len, [*self._names, "head"]))

    # Lines

    def _block(self, columns: list[_Column], layout: _Layout) -> Iterator[StyledLine]:
        names, gap = self._name_width, " " * _GAP
        room = self.screen.width - names - _GAP
        widths = [min(column.width, room) for column in columns]
        head = f"{'head':<{names}}"
        for title, width in (("label", layout.label), ("example", layout.example)):
            head += f"{gap}{title[:width]:<{width}}" if width else ""
        heads = [f"{gap}{self.cut(column.name, w):>{w}}" for column, w in zip(columns, widths, strict=True)]
        yield [(head + "".join(heads), BOLD)]
        for i, (name, label) in enumerate(zip(self._names, self._labels, strict=True)):
            line: StyledLine = [(f"{name:<{names}}", PLAIN)]
            if layout.label:
                line.append((gap + self._padded(label, layout.label), PLAIN))
            if layout.example and self._examples is not None:
                line += [(gap, PLAIN), *self._examples.row(i, layout.example)]
            for column, width in zip(columns, widths, strict=True):
                line += [(gap, PLAIN), self._cell(column, i, width)]
            text, style = line[-1]
            yield [*line[:-1], (text if style.bgcolor else text.rstrip(), style)]

    def _padded(self, text: str, width: int) -> str:
        text = self.cut(text, width)
        return text + " " * (width - cell_width(text))

    def _cell(self, column: _Column, i: int, width: int) -> tuple[str, Style]:
        place = column.places[i]
        text = f"{self.cut(column.numbers[i], width):>{width}}"
        return text, PLAIN if place is None else cell_style(min(place, 1.0), self._shown.cmap, self.screen.color)

    # Notes

    def _notes(self, printed: list[str], layout: _Layout) -> Iterator[str]:
        if printed:
            patterns = legend_text(row["label"] for row in self._rows if not self._finds(row))
            yield from filter(None, (patterns, self._legend(printed)))
            yield from self._relations()
        if "jsd" in printed:
            yield "jsd: the distance to the head in the row above, 0 equal, 1 nothing in common."
        if printed and not layout.label:
            yield "Labels have no room (--width)."
        if printed and "null" in self._document:
            yield from self._null(printed)
        yield from self._not_printed(printed)
        if layout.example and self._document["texts"] > 1:
            yield "Examples are from the first text."
        if layout.example:
            yield f"To see a head in full: attnviz show ... -H {self._names[0]}"

    def _relations(self) -> Iterator[str]:
        """What a label says that is not of this text."""
        for row in self._rows:
            if self._finds(row):
                first = row["relations"][0]
                yield (
                    f"{relation_text(first)}: not of this text. Of all heads this one finds most of these links in a "
                    f"treebank, {first['rate']:.0%} (attnviz help probes)."
                )
                return

    def _not_printed(self, printed: list[str]) -> Iterator[str]:
        """Which metrics and labels are not there, and why."""
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
        if any(row["label"]["name"] == "broad" for row in self._rows if not self._finds(row)):
            legend += " The number of a broad head is its entropy_ratio."
        return legend


def heads_views(report: HeadReport, screen: Screen, *, cmap: str, relations: bool = False) -> Iterator[LinesView]:
    """Where the weights came from, and one row per head.

    Args:
        report: of the heads.
        screen: where they are printed.
        cmap: the map of colours.
        relations: whether heads are named by relations that they find in a treebank.
    """
    yield provenance_line(report.attention.model, screen)
    yield HeadsTable(heads_document(report, relations=relations), Shown.of(report, cmap), screen)
