"""Sparse attention: weights of some pairs of a query and a key, the rest of each row being unknown."""

from collections.abc import Mapping, Sequence

import numpy as np

from attnviz.errors import InputError, brief
from attnviz.numbers import parse_heads
from attnviz.records import dataclass

_COLUMNS = {3: (), 4: ("head",), 5: ("layer", "head")}
_ENDS = ("query", "key", "weight")
_MOST_CELLS = 1 << 30  # of all matrices: 4 GiB
_FORMS = "(query, key, weight) or (layer, head, query, key, weight)"


@dataclass(frozen=True)
class _Edge:
    """One weight with its place."""

    kind: str
    layer: int
    head: int
    query: int
    key: int
    weight: float


@dataclass(frozen=True, eq=False)
class EdgeMatrices:
    """Edges of one kind as matrices.

    Attributes:
        matrices: (layer, head, query, key), 0 where no edge is; of heads by name (n_heads, 1, query, key).
        rest: (layer, head, query), what each row gave to keys without an edge.
        layers: the layers' numbers; of heads by name, each one's.
        heads: the heads' numbers; of heads by name, each one's.
    """

    matrices: np.ndarray
    rest: np.ndarray
    layers: tuple[int, ...]
    heads: tuple[int, ...]


@dataclass(frozen=True)
class _Grid:
    """Where the matrix of each head is."""

    layers: tuple[int, ...]
    heads: tuple[int, ...]
    cells: Mapping[tuple[int, int], tuple[int, int]]
    shape: tuple[int, int]

    @classmethod
    def of(cls, fields: Mapping[str, object], edges: Sequence[_Edge], axes: tuple[str, ...]) -> "_Grid":
        """The heads that the file names, else the grid of its layers and heads."""
        names = fields.get("head_names")
        places = parse_heads(",".join(map(str, names))) if isinstance(names, list) and names else None
        if places is not None:
            cells = {place: (i, 0) for i, place in enumerate(places)}
            layers, heads = zip(*places, strict=True)
            return cls(layers, heads, cells, (len(places), 1))
        layers, heads = (_numbers(fields, edges, name) if name in axes else (0,) for name in ("layer", "head"))
        cells = {(layer, head): (i, j) for i, layer in enumerate(layers) for j, head in enumerate(heads)}
        return cls(layers, heads, cells, (len(layers), len(heads)))


def edge_matrices(
    fields: Mapping[str, object],
    edges: object,
    sides: tuple[int | None, int | None],
    where: str,
    *,
    default: str,
    axes: tuple[str, ...],
) -> dict[str, EdgeMatrices]:
    """The matrices of each kind of attention that edges name.

    Args:
        fields: of the file: ``layers``, ``heads``, ``head_names``.
        edges: a list of objects or of lists, or an array with a row per edge.
        sides: how many tokens the text and the target have, where the file says.
        where: for the messages.
        default: the kind of edges that name none.
        axes: which axes matrices have: those of layers and heads may be reduced.

    Raises:
        InputError: what is not an edge, with its place.
    """
    rows = edges.tolist() if isinstance(edges, np.ndarray) else edges
    if not isinstance(rows, list) or not rows:
        raise InputError(f"{where}: edges is not a list of edges; expected {_FORMS}")
    parsed = [_edge(row, f"{where}: edges[{i}]") for i, row in enumerate(rows)]
    by_kind: dict[str, list[tuple[int, _Edge]]] = {}
    for i, edge in enumerate(parsed):
        by_kind.setdefault(edge.kind or default, []).append((i, edge))
    grid = _Grid.of(fields, parsed, axes)
    is_whole = "schema" in fields  # then the strongest keys of each row are listed
    return {kind: _of_kind(numbered, grid, sides, kind, where, is_whole) for kind, numbered in by_kind.items()}


def _edge(row: object, at: str) -> _Edge:
    if isinstance(row, dict):
        values = {name: row.get(name, 0) for name in ("layer", "head")} | {name: row.get(name) for name in _ENDS}
        kind = row.get("kind", "")
    elif isinstance(row, list) and len(row) in _COLUMNS:
        values = {"layer": 0, "head": 0, **dict(zip((*_COLUMNS[len(row)], *_ENDS), row, strict=True))}
        kind = ""
    else:
        raise InputError(f"{at} is {brief(row)}; expected {_FORMS}")
    for name, value in values.items():
        if value is None:
            raise InputError(f"{at} has no {name}; expected {_FORMS}")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or (name != "weight" and (value < 0 or value != int(value))):
            kinds = "a number" if name == "weight" else "a whole number from 0"
            raise InputError(f"{at}: its {name} is {brief(value)}; expected {kinds}")
    if kind not in ("", "encoder", "decoder", "cross"):
        raise InputError(f"{at}: its kind is {brief(kind)}; expected encoder, decoder or cross")
    whole = {name: int(value) for name, value in values.items() if name != "weight"}
    return _Edge(kind=kind, weight=float(values["weight"]), **whole)


def _of_kind(
    edges: Sequence[tuple[int, _Edge]],
    grid: _Grid,
    sides: tuple[int | None, int | None],
    kind: str,
    where: str,
    is_whole: bool,
) -> EdgeMatrices:
    n_queries, n_keys = _size([edge for _, edge in edges], sides, kind)
    n = grid.shape[0] * grid.shape[1] * n_queries * n_keys
    if n > _MOST_CELLS:
        raise InputError(
            f"{where}: its edges reach query {n_queries - 1} and key {n_keys - 1}, which makes matrices of {n} "
            f"numbers; expected at most {_MOST_CELLS}"
        )
    matrices = np.zeros((*grid.shape, n_queries, n_keys), dtype=np.float32)
    taken = np.zeros(matrices.shape, dtype=bool)
    for i, edge in edges:
        at = f"{where}: edges[{i}]"
        for name, number, n in (("query", edge.query, n_queries), ("key", edge.key, n_keys)):
            if number >= n:
                raise InputError(f"{at}: its {name} is {number}, of {n} tokens; expected 0-{n - 1}")
        if (edge.layer, edge.head) not in grid.cells:
            raise InputError(f"{at}: L{edge.layer}H{edge.head} is not one of the file's layers and heads")
        cell = (*grid.cells[edge.layer, edge.head], edge.query, edge.key)
        if taken[cell]:
            raise InputError(f"{at} has the place of an edge before it; expected one weight for each")
        taken[cell], matrices[cell] = True, edge.weight
    rest = np.clip(1 - matrices.sum(axis=-1, dtype=np.float64), 0, None).astype(np.float32)
    if is_whole:  # a row of zeros has no strongest key, or its strongest key gets 0
        rest[~matrices.any(axis=-1)] = 0
    return EdgeMatrices(matrices, rest, grid.layers, grid.heads)


def _numbers(fields: Mapping[str, object], edges: Sequence[_Edge], axis: str) -> tuple[int, ...]:
    """The numbers of layers or heads: those that the file lists, else those of its edges."""
    named = {getattr(edge, axis) for edge in edges}
    listed = fields.get(f"{axis}s")
    if isinstance(listed, list) and named <= set(listed):
        return tuple(listed)
    return tuple(sorted(named))


def _size(edges: Sequence[_Edge], sides: tuple[int | None, int | None], kind: str) -> tuple[int, int]:
    """How many queries and keys there are: the tokens, else up to the last that an edge names."""
    source, target = sides
    n_queries, n_keys = (source if kind == "encoder" else target), (target if kind == "decoder" else source)
    last_query, last_key = (1 + max(getattr(edge, name) for edge in edges) for name in ("query", "key"))
    if kind != "cross":
        last_query = last_key = max(last_query, last_key)
    return n_queries or last_query, n_keys or last_key
