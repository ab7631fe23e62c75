"""The matrix of the head in cells of colour; of a long text the strongest keys of the word under the cursor."""

from rich.style import Style

from attnviz.explorer.canvas import Area, Spot
from attnviz.explorer.layout import MatrixLayout, matrix_layout, window
from attnviz.explorer.panes.sentence import CURSOR
from attnviz.explorer.sight import Sight
from attnviz.output.labels import cell_width, cut, first_columns, fit, isolated
from attnviz.output.terminal.cells import masked_sign
from attnviz.output.terminal.lines import short_labels
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, StyledLine
from attnviz.trace.tokens import token_numbers

_MOST_BAR = 30  # columns


def matrix_area(sight: Sight, width: int, height: int) -> Area:
    """The matrix in at most so many columns and lines."""
    labels = sight.labels(sight.attention.queries)
    size = matrix_layout(sight.numbers.shape, max(map(cell_width, labels)), width, height, sight.query)
    if size.cell == 0:
        return _strongest(sight, width, height)
    lines: list[StyledLine] = [_header(sight, size)]
    names = short_labels(labels, size.label - 1, sight.screen)
    for i in size.rows:
        own = i == (sight.word if sight.is_from else sight.partner)
        name = fit(names[i], size.label - 1, ascii=sight.screen.ascii)
        style = (CURSOR if sight.is_from else BOLD) if own else PLAIN
        for y in range(size.lines):
            label = (name, style) if y == (size.lines - 1) // 2 else (" " * (size.label - 1), PLAIN)
            with_text = y == (size.lines - 1) // 2
            lines.append([label, (" ", PLAIN), *(_cell(sight, i, j, size, written=with_text) for j in _keys(sight))])
    spot = Spot(
        "cell",
        size.label,
        1,
        size.cell * len(_keys(sight)),
        size.lines * len(size.rows),
        size.rows.start,
        0,
        (size.cell, size.lines),
    )
    return Area.of(lines, [spot])


def _keys(sight: Sight) -> range:
    return range(sight.numbers.shape[1])


def _header(sight: Sight, size: MatrixLayout) -> StyledLine:
    """The keys' labels where cells are wide, else their numbers: every one, or every fifth or tenth."""
    keys = sight.attention.keys
    numbers = token_numbers(keys)
    marked = sight.partner if sight.is_from else sight.word
    quiet = BOLD if sight.state.pane == "matrix" else DIM
    line: StyledLine = [(" " * size.label, PLAIN)]
    if size.cell >= 4:
        labels = [first_columns(label, size.cell - 1) for label in sight.labels(keys)]
        style = BOLD if sight.is_from else CURSOR
        for j, label in enumerate(map(isolated, labels)):
            before = (size.cell - cell_width(label)) // 2
            after = size.cell - cell_width(label) - before
            line += [(" " * before, PLAIN), (label, style if j == marked else quiet), (" " * after, PLAIN)]
        return line
    step = 10 if size.cell == 1 else 5
    text = ""
    for j, number in enumerate(numbers):
        if (number % step == 0 or j == 0) and len(text.rstrip()) < j * size.cell + (j == 0):
            text = text.ljust(j * size.cell) + str(number)
    return [*line, (text[: size.cell * len(numbers)], quiet)]


def _cell(sight: Sight, i: int, j: int, size: MatrixLayout, *, written: bool) -> tuple[str, Style]:
    """A line of one cell; the link that is chosen has a sign."""
    if sight.hidden[i, j]:
        return masked_sign(sight.screen) * size.cell, DIM
    value = float(sight.numbers[i, j])
    is_link = sight.partner is not None and (i, j) == sight.cell(sight.partner)
    fill = " " if sight.has_ground else sight.glyph(value)
    if not sight.has_ground and sight.last is not None and value < 0 and fill != " " and size.cell > 1:
        fill = "-"
    text = fill * size.cell
    if size.cell >= 4 and written:
        number = _short(sight, value, size.cell - 1)
        around = fill if size.lines > 1 else " "  # a number alone says it on one line
        text = f"{number:{around}^{size.cell}}" if number else text
    if is_link and written:
        text = f"[{text[1:-1]}]" if size.cell > 1 else "#"
    return text, sight.cell_tint(value, bold=is_link)


def _short(sight: Sight, value: float, width: int) -> str:
    """A number in so many columns; nothing for less than one half of a percent."""
    if not sight.is_share:
        exact = f"{value:.1f}"
        texts = (exact, exact.replace("-0.", "-."), f"{value:.0f}")
        return next((text for text in texts if len(text) <= width), "")
    percent = round(100 * value)
    return "" if percent == 0 else f"{percent}"


def _strongest(sight: Sight, width: int, height: int) -> Area:
    """The words that the one under the cursor looks at most, or that look at it most, each with a bar."""
    names = sight.labels(sight.others)
    numbers = token_numbers(sight.others)
    order = sight.strongest(max(height * 4, 64))
    heading = f"{sight.labels((sight.subjects[sight.word],))[0]} {sight.verb}"
    lines: list[StyledLine] = [[(cut(heading, width, ascii=sight.screen.ascii), DIM)]]
    spots: list[Spot] = []
    at = order.index(sight.partner) if sight.partner in order else 0
    label = min(max((cell_width(names[i]) for i in order), default=1), max(4, width // 3))
    digits = len(str(max(numbers)))
    for y, k in enumerate(window(len(order), height - 1, at), start=1):
        i = order[k]
        value = float(sight.values[i])
        style = BOLD if i == sight.partner else PLAIN
        text = f"{numbers[i]:>{digits}} {fit(names[i], label, ascii=sight.screen.ascii)} {sight.number(value):>7} "
        room = max(0, min(_MOST_BAR, width - cell_width(text)))
        columns = round(sight.size(value) * room)
        bar = " " * max(1, columns) if sight.has_ground else _bar(sight) * columns
        lines.append([(text, style), (bar, sight.tint(value) if sight.has_ground else PLAIN)])
        spots.append(Spot("other", 0, y, width, row=i, cell=(width, 1)))
    return Area.of(lines, spots)


def _bar(sight: Sight) -> str:
    return "#" if sight.screen.ascii else "█"
