"""Documents that hold some rows and columns of their matrices, as ``show --json --rows --columns`` writes them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from attnviz.errors import InputError
from attnviz.names import ATTENTION_KEYS, MASK_KEYS, REST_KEYS
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result
from attnviz.trace.tokens import numbered

_SIDES = {"encoder": ("tokens", "tokens"), "decoder": ("target_tokens",) * 2, "cross": ("target_tokens", "tokens")}


class HeldParts(NamedTuple):
    """The rows and the columns that a document holds, as places among the tokens of their side; None for all."""

    rows: Sequence[int] | None = None
    columns: Sequence[int] | None = None

    def narrowed_result(self, result: Result) -> Result:
        """The result with the rows and columns that the document holds."""
        if self.rows is None and self.columns is None:
            return result
        views = {kind: self._narrowed(view) for kind, view in result.views.items()}
        return replace(
            result, views=views, tokens=numbered(result.tokens), target_tokens=numbered(result.target_tokens)
        )

    def _narrowed(self, attention: Attention) -> Attention:
        rows = list(range(len(attention.queries)) if self.rows is None else self.rows)
        columns = list(range(len(attention.keys)) if self.columns is None else self.columns)
        masked, rest = attention.masked, attention.rest
        masked = None if masked is None else masked[:, rows][..., columns]
        return replace(
            attention,
            matrices=attention.matrices[:, :, rows][..., columns],
            queries=tuple(numbered(attention.queries)[i] for i in rows),
            keys=tuple(numbered(attention.keys)[i] for i in columns),
            masked=None if masked is None or not masked.any() else masked,
            rest=None if rest is None else rest[..., rows],
            keys_chosen=self.columns is not None and not attention.hidden,
        )


def whole_document(content: object, where: str) -> tuple[object, HeldParts]:
    """A document with whole matrices in the place of its rows and columns, and which these are.

    Rows that it does not hold are 0, as of tokens that look at nothing, and so are columns: ``rest`` has their share.
    Other documents stay as they are.

    Raises:
        InputError: rows or columns that do not fit the tokens or the matrices.
    """
    if not isinstance(content, dict) or "schema" not in content or not {"rows", "columns"} & set(content):
        return content, HeldParts()
    held = HeldParts(*(_places(content, name, where) for name in ("rows", "columns")))
    whole = {name: value for name, value in content.items() if name not in ("rows", "columns")}
    for kind, sides in _SIDES.items():
        keys = (ATTENTION_KEYS[kind], MASK_KEYS[kind], REST_KEYS[kind])
        if any(isinstance(whole.get(key), list) for key in keys):
            n_queries, n_keys = (len(side) if isinstance(side := content.get(name), list) else 0 for name in sides)
            rows, columns = (
                _within(held.rows, n_queries, "rows", where),
                _within(held.columns, n_keys, "columns", where),
            )
            shape, empty = (n_queries, n_keys), None if content.get("values") == "scores" else 0.0
            for key, fill in zip(keys[:2], (empty, False), strict=True):
                if isinstance(whole.get(key), list):
                    whole[key] = _matrices(whole[key], rows, columns, shape, fill, f"{where}: {key}")
            if isinstance(whole.get(keys[2]), list):
                whole[keys[2]] = _vectors(whole[keys[2]], rows, n_queries, f"{where}: {keys[2]}")
    return whole, held


def _within(places: Sequence[int] | None, n: int, name: str, where: str) -> Sequence[int]:
    """The places, all of them where none are given.

    Raises:
        InputError: one that is not a place of n tokens.
    """
    if places is not None and max(places) >= n:
        raise InputError(f"{where}: its {name} have the place {max(places)}; expected places of {n} tokens")
    return range(n) if places is None else places


def _places(content: Mapping[str, object], name: str, where: str) -> list[int] | None:
    places = content.get(name)
    if places is None:
        return None
    if not isinstance(places, list) or not places or not all(type(place) is int and place >= 0 for place in places):
        raise InputError(f"{where}: its {name} are not places of tokens; expected a list of numbers from 0")
    return places


def _matrices(
    value: object, rows: Sequence[int], columns: Sequence[int], shape: tuple[int, int], fill: object, what: str
) -> list[object]:
    """Nested lists whose last two axes are some rows and columns, with whole ones in their place."""
    if isinstance(value, list) and value and isinstance(value[0], list) and isinstance((value[0] or [0])[0], list):
        return [_matrices(one, rows, columns, shape, fill, what) for one in value]
    is_matrix = isinstance(value, list) and all(isinstance(row, list) and len(row) == len(columns) for row in value)
    if not isinstance(value, list) or not is_matrix or len(value) != len(rows):
        raise InputError(
            f"{what} does not have the shape of its rows and columns; expected {len(rows)} x {len(columns)}"
        )
    whole: list[list[object]] = [[fill] * shape[1] for _ in range(shape[0])]
    for i, row in zip(rows, value, strict=True):
        for j, number in zip(columns, row, strict=True):
            whole[i][j] = number
    return list(whole)


def _vectors(value: object, rows: Sequence[int], n: int, what: str) -> list[object]:
    """Nested lists whose last axis is some rows, with all rows in their place."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return [_vectors(one, rows, n, what) for one in value]
    if not isinstance(value, list) or len(value) != len(rows):
        raise InputError(f"{what} does not have the shape of its rows; expected {len(rows)} numbers")
    whole: list[object] = [0.0] * n
    for i, number in zip(rows, value, strict=True):
        whole[i] = number
    return whole
