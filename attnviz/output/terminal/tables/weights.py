"""What ``attnviz weights info`` prints of a file."""

from collections.abc import Iterator

from attnviz.output.labels import cell_width, fit, wrapped
from attnviz.output.rendering import Document
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine

_UNITS = ("B", "kB", "MB", "GB", "TB")


class WeightsTable(LinesView):
    """A Rich renderable.

    Args:
        weights: the description of a file as ``weights info --json`` gives it.
        screen: where it is printed.
    """

    def __init__(self, weights: Document, screen: Screen):
        super().__init__(screen)
        self._weights = weights

    def lines(self) -> Iterator[StyledLine]:
        """The file, its configuration, its tensors."""
        w = self._weights
        yield [(self.cut(w["path"]), BOLD)]
        extras = [name for name in ("decoder", "tokenizer") if w[name]]
        about = (
            f"{w['format']}, {byte_size(w['bytes'])}, {w['n_parameters']:,} parameters in {len(w['tensors'])} tensors"
            f"{', with a ' + ' and a '.join(extras) if extras else ''}"
        )
        yield from self.text(about, PLAIN)
        yield [(self.cut(f"sha256 {w['sha256']}"), DIM)]
        yield []
        yield [("Configuration", BOLD)]
        yield from self.text(fields_text(w["config"]), PLAIN)
        yield []
        yield from self._tensors()

    def _tensors(self) -> Iterator[StyledLine]:
        rows = [
            (t["name"], " x ".join(map(str, t["shape"])), t["dtype"], byte_size(t["bytes"]))
            for t in self._weights["tensors"]
        ]
        header = ("tensor", "shape", "type", "size")
        widths = [max(cell_width(row[i]) for row in (header, *rows)) for i in range(4)]
        fits = sum(widths) + 6 <= self.screen.width
        for row, style in ((header, BOLD), *((row, PLAIN) for row in rows)):
            for line in [_row(row, widths)] if fits else self._stacked(row):
                yield [(line, style)]

    def _stacked(self, row: tuple[str, ...]) -> Iterator[str]:
        """The name, and the rest below it: cut names would no longer be told apart."""
        yield self.cut(row[0])
        rest = wrapped(" ".join(row[1:]), self.screen.width - 2, ascii=self.screen.ascii)
        yield from (f"  {line}" for line in rest)


def _row(row: tuple[str, ...], widths: list[int]) -> str:
    name, shape, dtype, size = row
    return f"{fit(name, widths[0])}  {shape:>{widths[1]}}  {dtype:<{widths[2]}}  {size:>{widths[3]}}"


def byte_size(count: int) -> str:
    """A number of bytes for people: ``93.6 kB``."""
    size, unit = float(count), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{count} B" if unit == 0 else f"{size:.3g} {_UNITS[unit]}"


def fields_text(config: Document) -> str:
    """A configuration in a row: ``n_layers=2 n_heads=4``."""
    return " ".join(f"{name}={_said(value)}" for name, value in config.items() if value is not None)


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def weights_views(document: Document, screen: Screen) -> Iterator[LinesView]:
    """A file as ``weights info --json`` gives it."""
    yield WeightsTable(document["weights"], screen)
