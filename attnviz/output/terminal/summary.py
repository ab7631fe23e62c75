"""Too many heads to print them all: one matrix, and one line per head with its strongest links."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, groupby
from operator import attrgetter
from typing import NamedTuple

from attnviz.analysis.choices.segments import are_segments
from attnviz.analysis.choices.token_choice import TokenChoice, choose_tokens
from attnviz.analysis.matrices.reduce import reduced_parts
from attnviz.analysis.matrices.spelling import labelled
from attnviz.analysis.telling import overview
from attnviz.output.decimals import decimal
from attnviz.output.labels import cell_width, cut, isolated
from attnviz.output.scale import Scale, fixed_scale, strongest_links
from attnviz.output.terminal.cells import cell_style
from attnviz.output.terminal.lines import unique_labels
from attnviz.output.terminal.matrix_view import view
from attnviz.output.terminal.overview import OverviewView
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.output.terminal.segments_view import SegmentsView
from attnviz.output.terminal.styles.base import Looks
from attnviz.trace.attention import Attention, Matrix

_MOST_HEADS = 144  # as many as BERT base has
_LINKS = 3
_FEW = 4  # matrices that are printed when no layer or head is selected; beyond, a summary


class HeadLinks(NamedTuple):
    """A head's name and scale, and its strongest links: (query, key, value), the strongest first."""

    name: str
    scale: Scale
    links: list[tuple[int, int, float]]


def head_links(attention: Attention) -> list[HeadLinks]:
    """Each head's strongest links, leaving out tokens that look at themselves."""
    return [HeadLinks(matrix.name, fixed_scale(matrix), strongest_links(matrix, _LINKS)) for matrix in attention]


class SummaryView(LinesView):
    """A Rich renderable.

    Args:
        matrix: what is printed in full: the heads' mean, or one of them.
        heads: each head's strongest links.
        attention: what the heads have in common; its matrices are not looked at.
        screen: where it is printed.
        looks: what the user chose for matrices.
    """

    def __init__(self, matrix: Matrix, heads: list[HeadLinks], attention: Attention, screen: Screen, looks: Looks):
        super().__init__(screen)
        self._matrix, self._heads, self._attention, self._looks = matrix, heads, attention, looks

    def lines(self) -> Iterator[StyledLine]:
        """The matrix, the heads' strongest links, and how to see more."""
        yield from view(self._matrix, self.screen, self._looks).lines()
        yield []
        others = "" if self._attention.kind == "cross" else ", leaving out tokens that look at themselves"
        one = "layer" if self._attention.values == "zeroing" else "head"
        about = f"Each {one}'s strongest links (query -> key){others}:"
        yield from self.text(about, BOLD)
        heads = [] if self._matrix.numbers.size == 1 else self._heads
        if not heads:
            yield [(self.cut("none: there is one token"), DIM)]
        queries, keys = (unique_labels(tokens, self.screen) for tokens in (self._matrix.queries, self._matrix.keys))
        for head in heads[:_MOST_HEADS]:
            yield from self._links(head, queries, keys)
        if len(heads) > _MOST_HEADS:
            more = f"... and {len(heads) - _MOST_HEADS} more heads"
            yield [(self.cut(more), DIM)]
        first_layer, first_head = self._attention.layers[0], self._attention.heads[0]
        values = f" --values {self._attention.values}" * (self._attention.values != "weights")
        chosen = f"--layer {first_layer}" + f" --head {first_head}" * (one == "head")
        more = f"One {one}: {chosen}{values}. All of them: --layer all{values}."
        yield from self.text(more, DIM)

    def _links(self, head: HeadLinks, queries: list[str], keys: list[str]) -> Iterator[StyledLine]:
        """The head's name and its strongest links, as many as fit a line; a long number has a line of its own."""
        used = name_width = max(len(one.name) for one in self._heads)
        longest = self._label_width(name_width)
        line: StyledLine = [(f"{head.name:<{used}}", PLAIN)]
        decimals = self._looks.decimals(max((value for *_, value in head.links), default=1.0))
        for query, key, value in head.links:
            number = decimal(value, decimals)
            names = [cut(name, longest, ascii=self.screen.ascii) for name in (queries[query], keys[key])]
            used += sum(cell_width(name) for name in names) + len(number) + 7
            if used > self.screen.width and len(line) > 1:
                break
            line.append((f"  {isolated(names[0])} -> {isolated(names[1])} ", PLAIN))
            if used > self.screen.width:
                yield line
                line = [(" " * min(name_width + 2, self.screen.width - len(number)), PLAIN)]
            style = cell_style(int(head.scale.place(value) * 256) / 256, self._looks.cmap, self.screen.color)
            line.append((number, style))
        yield (
            line
            if len(line) > 1
            else [*line, (cut("  no other tokens", self.screen.width - 6, ascii=self.screen.ascii), DIM)]
        )

    def _label_width(self, used: int) -> int:
        """Columns for each of a link's two labels."""
        return max(2, min(max(6, self.screen.width // 8), (self.screen.width - used - 11) // 2))


def head_views(
    parts: Iterable[Attention],
    shape: tuple[int, int],
    screen: Screen,
    looks: Looks,
    *,
    every: bool = False,
    raw_tokens: bool = False,
    choice: TokenChoice | None = None,
) -> Iterator[LinesView]:
    """The views of one text: every matrix where they are few or chosen, else what says most.

    For weights that is the head that says most, and a line for others; for other values the heads' mean, and a line
    for each.

    Args:
        parts: the matrices of each kind, a part at a time.
        shape: the numbers of layers and heads of a kind.
        screen: where they are printed.
        looks: style, colours, decimals.
        every: print every matrix, however many there are.
        raw_tokens: label tokens in the tokenizer's own spelling.
        choice: the rows and columns that are shown; None for all.
    """

    def narrowed(some: Iterable[Attention]) -> Iterator[Attention]:
        return iter(some) if choice is None else (choose_tokens(part, choice) for part in some)

    for _, of_kind in groupby(parts, key=attrgetter("kind")):
        named = (labelled(part, raw=raw_tokens) for part in of_kind)
        if every or math.prod(shape) == 1:
            matrices = (matrix for part in narrowed(named) for matrix in part)
            yield from (view(matrix, screen, replace(looks, brief=i > 0)) for i, matrix in enumerate(matrices))
            continue
        first = next(named)
        every_part = chain([first], named)
        if are_segments(first.queries):
            yield SegmentsView(every_part, screen, looks)
        elif first.values == "weights" and first.reduce == "none":
            yield OverviewView(overview(every_part, choice), screen, looks)
        elif math.prod(shape) <= _FEW:
            yield from (view(matrix, screen, looks) for part in narrowed(every_part) for matrix in part)
        else:
            links: list[HeadLinks] = []
            mean = next(reduced_parts(_with_links(narrowed(every_part), links), "mean"))
            yield SummaryView(next(iter(mean)), links, mean, screen, looks)


def _with_links(parts: Iterable[Attention], links: list[HeadLinks]) -> Iterator[Attention]:
    """The parts; adds the links of their heads to ``links``, as each part can be read only once."""
    for part in parts:
        links += head_links(part)
        yield part
