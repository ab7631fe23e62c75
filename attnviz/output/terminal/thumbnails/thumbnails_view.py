"""Each matrix in small, below its name: layers below each other, heads side by side."""

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from rich.style import Style

from attnviz.analysis.telling import telling_scores
from attnviz.names import PATHS, SHARES
from attnviz.output.colormaps import AMBER, LEAST_PAINTED
from attnviz.output.labels import cell_width
from attnviz.output.scale import Scale, block_maxima, hidden_cells
from attnviz.output.terminal.cells import half_block_style, shade
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.output.terminal.styles.base import Looks
from attnviz.output.terminal.thumbnails.layout import GAP, ThumbnailLayout, thumbnail_layout
from attnviz.output.words import KIND_NAMES, VALUE_NAMES, model_words, renormalized_words
from attnviz.trace.attention import Attention, of_all

_MARK = "*"
_MARKED = 3  # heads whose names have a mark


class Thumbnail(NamedTuple):
    """One matrix in small.

    Attributes:
        name: ``L2H8``, ``L1mean``.
        row: thumbnails of one number are side by side: the layer's.
        cells: (rows, columns), the largest value of each block; -inf where all are masked.
        telling: how much the head says of the text.
    """

    name: str
    row: int
    cells: np.ndarray
    telling: float


class ThumbnailsView(LinesView):
    """A Rich renderable.

    Args:
        parts: matrices of one kind, a part at a time; at least one.
        shape: the numbers of layers and heads.
        screen: where they are printed.
        looks: the colours.
    """

    def __init__(self, parts: Iterable[Attention], shape: tuple[int, int], screen: Screen, looks: Looks):
        super().__init__(screen)
        self._looks = looks
        several = iter(parts)
        first = next(several)
        self._n_tokens = len(first.queries), len(first.keys)
        self._name_width = max(len(matrix.name) for matrix in first) + len(_MARK)
        rows = (1, shape[0]) if first.by_name or "head" not in first.axes else shape
        self._layout: ThumbnailLayout = thumbnail_layout(self._n_tokens, rows, screen.width, self._name_width)
        self._thumbnails: list[Thumbnail] = []
        taken = []
        for part in chain([first], several):
            self._thumbnails += _thumbnails(part, self._layout.block)
            taken.append(part.bare)
        self._about = of_all(taken)
        ranked = sorted(self._thumbnails, key=lambda thumbnail: -thumbnail.telling)
        first_ones = ranked[:_MARKED] if len(ranked) > _MARKED else ranked[:1]
        self._marked = [thumbnail.name for thumbnail in first_ones if thumbnail.telling > 0 and len(ranked) > 1]
        self._halves = screen.color in ("truecolor", "256") and not screen.ascii

    def lines(self) -> Iterator[StyledLine]:
        """The title, the thumbnails, and how to see one in full."""
        yield from self._title()
        scale = self._scale()
        rows = [list(row) for _, row in groupby(self._thumbnails, key=lambda thumbnail: thumbnail.row)]
        wrapped = any(len(row) > self._layout.side_by_side for row in rows)
        for i, row in enumerate(rows):
            if wrapped and i:
                yield []
            for start in range(0, len(row), self._layout.side_by_side):
                beside = row[start : start + self._layout.side_by_side]
                yield self._names(beside)
                yield from self._pictures(beside, scale)
        name = self._marked[0] if self._marked else self._thumbnails[0].name
        if "head" in self._about.axes:
            yield from self.text(f"-H {name} shows one in full, --from WORD one word in every head", DIM)

    def _title(self) -> Iterator[StyledLine]:
        """How many heads of which model; how to read them."""
        about, n = self._about, len(self._thumbnails)
        noun = ("head", "heads") if "head" in about.axes else ("matrix", "matrices")
        title = f"{n} {noun[n > 1]} at a glance"
        model = f": {model_words(about.model)}" + ", special tokens left out" * about.hidden
        kind = "" if about.kind == "encoder" else f", {KIND_NAMES[about.kind]}"
        if cell_width(title + model) <= self.screen.width:
            yield [(title, BOLD), (self.screen.carried(model), DIM)]
        else:
            yield from self.text(title, BOLD)
            yield from self.text(model[2:], DIM)
        yield from self.text(", ".join(self._legend()) + kind, DIM)

    def _legend(self) -> Iterator[str]:
        about, layout = self._about, self._layout
        yield "target rows look at source columns" if about.kind == "cross" else "rows look at columns"
        if about.values != "weights":
            yield VALUE_NAMES[about.values]
        scale = self._scale()
        is_plain = (scale.low, scale.high) == (0.0, 1.0)
        if self._halves and (self._looks.cmap != AMBER or not is_plain):
            yield f"{self._looks.cmap} from {scale.low:.3g} to {scale.high:.3g}"
        elif self._halves:
            yield f"blank below {LEAST_PAINTED:.0%}, brighter is more"
        else:
            yield f"blank to full from {scale.low:.3g} to {scale.high:.3g}"
        n = layout.block * (1 if self._halves else 2 // layout.zoom)
        if max(n, layout.block) > 1:
            yield f"each cell is the largest of {n} x {layout.block}"
        if about.renormalized:
            yield renormalized_words(about.reduce).removeprefix(", ")
        if self._marked:
            yield f"{_MARK} says most"

    def _scale(self) -> Scale:
        """From 0 to 1 for shares; else, and for paths, to the largest of all heads."""
        about = self._about
        if about.values in SHARES and about.reduce not in PATHS:
            return Scale(0.0, 1.0)
        seen = np.concatenate([thumbnail.cells[np.isfinite(thumbnail.cells)] for thumbnail in self._thumbnails])
        if not seen.size:
            return Scale(0.0, 1.0)
        low = float(seen.min()) if about.values == "scores" else 0.0
        return Scale(low, max(float(seen.max()), low + 1e-9))

    def _names(self, some: list[Thumbnail]) -> StyledLine:
        """The names above their thumbnails; those of the heads that say most are marked."""
        line: StyledLine = []
        edge = Style(underline=self._halves)  # the upper edge, as a thumbnail may be blank
        for thumbnail in some:
            marked = thumbnail.name in self._marked
            name = f"{thumbnail.name}{_MARK * marked}"
            width = max(len(name), self._layout.columns)
            line += [(name, edge + BOLD if marked else edge), (" " * (width - len(name)), edge + DIM)]
            line.append((" " * (self._pitch - width), PLAIN))
        return line[:-1]

    @property
    def _pitch(self) -> int:
        """Columns from the start of a thumbnail to that of the next."""
        return max(self._layout.columns, self._name_width) + GAP

    def _pictures(self, some: list[Thumbnail], scale: Scale) -> Iterator[StyledLine]:
        """The lines of thumbnails that are side by side."""
        pictures = [_places(thumbnail.cells, scale, self._layout.zoom) for thumbnail in some]
        for upper in range(0, 2 * self._layout.lines, 2):
            line: StyledLine = []
            for places in pictures:
                line += [self._cell(pair) for pair in places[upper : upper + 2].T.tolist()]
                line.append((" " * (self._pitch - places.shape[1]), PLAIN))
            yield line[:-1]

    def _cell(self, pair: list[float]) -> tuple[str, Style]:
        """Two cells in one character: in half blocks, or as the shade of the larger."""
        if not self._halves or self.screen.color is None:
            return shade(max(pair), self.screen), PLAIN
        lower = pair[1] if len(pair) > 1 else 0.0
        return half_block_style(pair[0], lower, self._looks.cmap, self.screen.color, LEAST_PAINTED)


def thumbnail_views(
    parts: Iterable[Attention], shape: tuple[int, int], screen: Screen, looks: Looks
) -> Iterator[LinesView]:
    """The thumbnails of each kind of attention.

    Args:
        parts: the matrices of each kind, a part at a time.
        shape: the numbers of layers and heads of a kind.
        screen: where they are printed.
        looks: the colours.
    """
    for _, of_kind in groupby(parts, key=attrgetter("kind")):
        yield ThumbnailsView(of_kind, shape, screen, looks)


def _thumbnails(part: Attention, block: int) -> Iterator[Thumbnail]:
    """The matrices of a part in small."""
    is_telling = part.values == "weights" and part.reduce == "none"
    scores = telling_scores(part).ravel() if is_telling else np.zeros(len(part))
    in_one_row = part.by_name or "head" not in part.axes
    layers = [0 if in_one_row else part.layers[i] for i, _ in np.ndindex(*part.matrices.shape[:2])]
    for matrix, layer, score in zip(part, layers, scores, strict=True):
        hidden = hidden_cells(matrix.numbers, matrix.masked)
        cells = block_maxima(matrix.numbers, hidden, (block, block))[0]
        yield Thumbnail(matrix.name, layer, cells.copy(), float(score))


def _places(cells: np.ndarray, scale: Scale, zoom: int) -> np.ndarray:
    """Each cell's place on the scale in 1/256 steps, masked ones 0, repeated as often as they are drawn."""
    values = np.where(np.isfinite(cells), cells, scale.low).astype(np.float64)
    places = np.floor(np.clip((values - scale.low) / (scale.high - scale.low), 0, 1) * 256) / 256
    return places.repeat(zoom, axis=0).repeat(zoom, axis=1)
