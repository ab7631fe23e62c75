"""A matrix as a plain HTML table, for readers without scripts."""

import html

from attnviz.output.decimals import whole_percent
from attnviz.output.page.content import is_share
from attnviz.output.scale import hidden_cells, largest
from attnviz.output.words import caption, escaped
from attnviz.trace.attention import Matrix
from attnviz.trace.tokens import Tokens, token_numbers

_MOST = 40  # rows and columns of a table
_LINKS = 40  # of a larger matrix


def still_table(matrix: Matrix) -> str:
    """The matrix as an HTML table; of one with more than 40 rows or columns its strongest links."""
    shape = matrix.numbers.shape
    rows = _matrix_rows(matrix) if max(shape) <= _MOST else _link_rows(matrix)
    return f"<table><caption>{_escaped(_caption(matrix))}</caption>{''.join(rows)}</table>"


def _caption(matrix: Matrix) -> str:
    return caption(matrix) if is_share(matrix) else f"{matrix.title}: rows look at columns"


def _matrix_rows(matrix: Matrix) -> list[str]:
    absent = hidden_cells(matrix.numbers, matrix.masked)
    rest = [] if matrix.rest is None else ["special" if matrix.hidden else "rest"]
    rows = [_row([""], [*_names(matrix.keys), *rest], "th")]
    for i, name in enumerate(_names(matrix.queries)):
        cells = ["·" if absent[i, j] else _number(matrix, value) for j, value in enumerate(matrix.numbers[i].tolist())]
        others = [] if matrix.rest is None else [_number(matrix, float(matrix.rest[i]))]
        rows.append(_row([name], [*cells, *others], "td"))
    return rows


def _link_rows(matrix: Matrix) -> list[str]:
    values = matrix.numbers.copy()
    absent = hidden_cells(values, matrix.masked)
    values[absent] = -float("inf")
    queries, keys = _names(matrix.queries), _names(matrix.keys)
    rows = [_row([], ["row", "column", "number"], "th")]
    for place in largest(values.ravel(), _LINKS):
        i, j = divmod(place, values.shape[1])
        if not absent[i, j]:
            rows.append(_row([queries[i]], [keys[j], _number(matrix, float(values[i, j]))], "td"))
    return rows


def _row(heads: list[str], cells: list[str], element: str) -> str:
    """One row, without the end tags that HTML does not need."""
    named = "".join(f"<th>{_escaped(name)}" for name in heads)
    return f"<tr>{named}{''.join(f'<{element}>{_escaped(cell)}' for cell in cells)}"


def _number(matrix: Matrix, value: float) -> str:
    if is_share(matrix):
        return str(whole_percent(value) or "")
    return f"{value:.2f}"


def _names(tokens: Tokens) -> list[str]:
    return [f"{number} {token.label}" for number, token in zip(token_numbers(tokens), tokens, strict=True)]


def _escaped(text: str) -> str:
    return html.escape(escaped(text))
