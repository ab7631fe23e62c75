"""What a notebook shows: the page in a frame, and a summary without any script for where frames are taken away.

A notebook that is opened without trust keeps neither frames nor scripts: then the summary is all there is.
"""

from collections.abc import Iterator
from html import escape

from attnviz.names import SHARES
from attnviz.output.decimals import whole_percent
from attnviz.output.labels import unique
from attnviz.output.scale import Scale, fixed_scale, hidden_cells, short_number
from attnviz.output.words import caption, rest_word
from attnviz.trace.attention import Matrix
from attnviz.trace.tokens import Tokens, token_numbers

LARGEST = 1_000_000
"""Bytes of the largest page that a notebook holds: each run of a cell adds it to the file."""
_HEIGHT = 640
_MOST = 40  # rows and columns of the table
_BLUE = "46,115,233"
_THINNEST, _DENSEST = 0.05, 0.65  # of a veil of colour, from 0 to 1
_SANDBOX = "allow-scripts allow-downloads allow-popups"


def framed(page: str) -> str:
    """The page in a frame that can neither see the notebook nor reach anything else.

    Args:
        page: the whole document.
    """
    return (
        f'<iframe title="attnviz" srcdoc="{escape(page)}" sandbox="{_SANDBOX}" width="100%" height="{_HEIGHT}" '
        f'style="width:100%;height:{_HEIGHT}px;border:0"></iframe>'
    )


def too_large() -> str:
    """What stands where the page would be, if it is too large for a notebook."""
    return (
        f"<p>The page is larger than {LARGEST / 1e6:.0f} MB, too large for a notebook. Write it to a file: "
        "<code>open('attnviz.html', 'w', encoding='utf-8').write(attnviz.html(result))</code></p>"
    )


def summary(printed: str, matrix: Matrix | None, *, has_page: bool) -> str:
    """A matrix as a coloured table, and what the terminal prints, to be unfolded.

    Args:
        printed: what a command prints.
        matrix: what it prints first; None for text alone.
        has_page: whether the page is above it, unless the notebook takes it away.
    """
    first = printed.partition("\n")[0]
    hint = "<p>If there is no page above, trust this notebook to see it.</p>" * has_page
    table = "" if matrix is None else _table(matrix)
    content = f"{table}<pre>{escape(printed)}</pre>{hint}"
    return f"<details><summary>As text: {escape(first)}</summary>{content}</details>"


def _table(matrix: Matrix) -> str:
    """The first rows and columns of the matrix, with what rows gave to special tokens as the last column."""
    rest = [] if matrix.rest is None else [f"<i>{escape(rest_word(matrix))}</i>"]
    head = "".join(f'<th scope="col">{label}</th>' for label in ("", *_labels(matrix.keys), *rest))
    body = "".join(
        f'<tr><th scope="row">{label}</th>{cells}</tr>'
        for label, cells in zip(_labels(matrix.queries), _rows(matrix), strict=True)
    )
    left_out = max(len(matrix.queries), len(matrix.keys)) > _MOST
    title = escape(caption(matrix)) + f" (the first {_MOST} rows and columns)" * left_out
    return f"<table><caption>{title}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _labels(tokens: Tokens) -> list[str]:
    labels = unique([token.label for token in tokens], token_numbers(tokens))
    return [escape(label) for label in labels[:_MOST]]


def _rows(matrix: Matrix) -> Iterator[str]:
    """The cells of each row."""
    scale, in_percent = fixed_scale(matrix), matrix.values in SHARES
    hidden = hidden_cells(matrix.numbers, matrix.masked)[:_MOST, :_MOST]
    for i, row in enumerate(matrix.numbers[:_MOST, :_MOST].tolist()):
        cells = [
            "<td>·</td>" if absent else _cell(value, scale, in_percent)
            for value, absent in zip(row, hidden[i].tolist(), strict=True)
        ]
        if matrix.rest is not None:
            cells.append(f"<td>{_number(float(matrix.rest[i]), in_percent)}</td>")
        yield "".join(cells)


def _cell(value: float, scale: Scale, in_percent: bool) -> str:
    """One number on a veil of colour, under which the text stays readable on light and on dark ground."""
    veil = _DENSEST * scale.place(value) ** 0.5
    style = f' style="background-color:rgba({_BLUE},{veil:.2f})"' if veil >= _THINNEST else ""
    return f"<td{style}>{_number(value, in_percent)}</td>"


def _number(value: float, in_percent: bool) -> str:
    return str(whole_percent(value) or "") if in_percent else short_number(value)
