"""What ``attnviz heads --agreement`` prints: one row per layer, one column per pair of measures."""

from collections.abc import Iterator, Sequence

from attnviz.output.decimals import decimal
from attnviz.output.rendering import Document
from attnviz.output.terminal.lines import provenance_line
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.output.words import KIND_NAMES
from attnviz.trace.model_info import ModelInfo

_GAP = 2


class AgreementView(LinesView):
    """A Rich renderable.

    Args:
        document: as ``heads --agreement --json`` gives it.
        pairs: the columns, each the names of what is compared.
        screen: where it is printed.
    """

    def __init__(self, document: Document, pairs: Sequence[tuple[str, str]], screen: Screen):
        super().__init__(screen)
        self._document, self._pairs = document, pairs

    def lines(self) -> Iterator[StyledLine]:
        """What is compared, the table, and what it means."""
        yield from self.text(self._about(), BOLD)
        table = self._table(self._pairs)
        tables = [table] if len(table[0]) <= self.screen.width else [self._table([pair]) for pair in self._pairs]
        for head, *rows in tables:
            yield []
            yield [(self.cut(head), BOLD)]
            yield from ([(self.cut(row), PLAIN)] for row in rows)
        yield []
        if any(None in row.values() for row in self._document["agreement"]):
            yield from self.text("-: undefined, as no row has two keys that can be ranked.", DIM)
        yield from self.text(
            "Weights are not importance: 1 would be the same order, 0 is none in common.",
            DIM,
        )

    def _about(self) -> str:
        d = self._document
        rows = f"{d['rows']} {'word' if d.get('words') else 'token'}{'s' * (d['rows'] != 1)}"
        rows += f" of {d['texts']} texts" * (d["texts"] > 1) + ", special tokens left out" * bool(d.get("hidden"))
        return (
            f"{KIND_NAMES[d['kind']]}: rank correlation (Spearman) of weights and norms, means over heads, and value "
            f"zeroing; {rows}"
        )

    def _table(self, pairs: Sequence[tuple[str, str]]) -> list[str]:
        """Its head and its rows."""
        names = [f"{a}~{b}" for a, b in pairs]
        lines = ["layer" + "".join(" " * _GAP + name for name in names)]
        for row in self._document["agreement"]:
            numbers = (row[f"{a}_{b}"] for a, b in pairs)
            cells = ("-" if number is None else decimal(number, 2) for number in numbers)
            line = "".join(f"{' ' * _GAP}{cell:>{len(name)}}" for cell, name in zip(cells, names, strict=True))
            lines.append(f"{row['layer']:>5}{line}")
        return lines


def agreement_views(
    document: Document, screen: Screen, *, model: ModelInfo, pairs: Sequence[tuple[str, str]]
) -> Iterator[LinesView]:
    """Where the weights came from, and one row per layer.

    Args:
        document: as ``heads --agreement --json`` gives it.
        screen: where they are printed.
        model: the model that ran.
        pairs: the columns, each the names of what is compared.
    """
    yield provenance_line(model, screen)
    yield AgreementView(document, pairs, screen)
