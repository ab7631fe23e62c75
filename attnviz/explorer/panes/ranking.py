"""The heads in an order, each with its label and the number that the order goes by."""

from attnviz.analysis.heads.rows import TELLING
from attnviz.explorer.canvas import Area, Spot
from attnviz.explorer.layout import window
from attnviz.explorer.sight import Sight
from attnviz.explorer.state import STRONGEST
from attnviz.output.head_words import MOST_LABEL
from attnviz.output.labels import cell_width, cut
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, StyledLine
from attnviz.output.terminal.tables.head_examples import LEAST_EXAMPLE, ExampleColumn

_MOST_MAIN = 7 + MOST_LABEL + 7  # columns of the name, the label and the number
_HEADINGS = {TELLING: "most telling first", STRONGEST: "strongest link first"}


def ranking_area(sight: Sight, width: int, height: int) -> Area:
    """The ranking, around the head that is chosen.

    Args:
        sight: the heads.
        width: columns.
        height: lines, that of the heading with them.
    """
    order = sight.ranking
    rows = window(len(order), height - 1, order.index(sight.state.head))
    lines: list[StyledLine] = [
        [(cut(_heading(sight), width, ascii=sight.screen.ascii), BOLD if sight.state.pane == "ranking" else DIM)]
    ]
    main = min(width, _MOST_MAIN)
    example = _examples(sight, width - main)
    for i in rows:
        row = _row(sight, order[i], main)
        lines.append(row if example is None else [*row, ("  ", PLAIN), *example.row(order[i], width - main - 2)])
    return Area.of(lines, [Spot("rank", 0, 1, width, len(rows), rows.start, cell=(width, 1))])


def _examples(sight: Sight, room: int) -> ExampleColumn | None:
    """The links of each head that say most, where they have room."""
    if sight.facts is None or room < LEAST_EXAMPLE + 2:
        return None
    return ExampleColumn(sight.facts.examples, sight.attention.every_head, sight.cmap, sight.screen)


def _heading(sight: Sight) -> str:
    if sight.order != "link":
        return _HEADINGS.get(sight.order, f"by {sight.order}")
    if sight.link is None:
        return "by the link: none"
    query, key = sight.cell(sight.link)
    names = sight.labels((sight.attention.queries[query], sight.attention.keys[key]))
    return f"by {names[0]} -> {names[1]}"


def _row(sight: Sight, index: int, width: int) -> StyledLine:
    """A head: its name, its label, its number."""
    name_width = max(len(head.name) for head in sight.heads)
    style = BOLD if index == sight.state.head else PLAIN
    mark = ">" if index == sight.state.head else " "
    name = f"{mark}{sight.heads[index].name:<{name_width}} "
    is_telling = sight.order == TELLING
    number = "" if is_telling else sight.head_number(index)
    room = width - len(name) - (len(number) + 1 if number else 0)
    label = sight.head_label(index, room, short=not is_telling)
    label = cut(label, max(0, room), ascii=sight.screen.ascii)
    return [(name + label, style), (" " * (room - cell_width(label)) + f" {number}" * bool(number), style)]
