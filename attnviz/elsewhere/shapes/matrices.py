"""The arrays of a file as matrices (batch, layer, head, query, key) of each kind of attention."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from attnviz.elsewhere.read_options import ReadOptions
from attnviz.elsewhere.shapes.axes import AxesHints, AxesReading, stated_axes, usual_axes
from attnviz.elsewhere.shapes.edges import edge_matrices
from attnviz.elsewhere.shapes.kinds import check_square, kind_of_unnamed
from attnviz.elsewhere.shapes.names import NamedArray, named_arrays, without_nesting
from attnviz.elsewhere.shapes.nested import WholeArray, whole_array
from attnviz.elsewhere.statements import Statements
from attnviz.elsewhere.tokens.token_fields import n_texts, token_fields
from attnviz.errors import InputError, brief, some
from attnviz.names import SCHEMA_NAME, SHARES
from attnviz.records import dataclass

_NEAR_ONE = 0.01  # of a row's sum, as 16-bit numbers have it


@dataclass(frozen=True, eq=False)
class KindMatrices:
    """The matrices of one kind of attention, of one text or several.

    Attributes:
        name: of the array, for messages.
        matrices: (batch, layer, head, query, key); (layer, head, query, key) of one text of them.
        layers: the layers' numbers, where names say them.
        heads: the heads' numbers, where names say them.
        by_name: whether each row is one head, as of edges of heads that were chosen by name.
        rest: (layer, head, query), of edges: what each row gave to keys without one; else None.
        is_causal: whether later tokens are masked, as of a generation's steps.
    """

    name: str
    matrices: np.ndarray
    layers: tuple[int, ...] = ()
    heads: tuple[int, ...] = ()
    by_name: bool = False
    rest: np.ndarray | None = None
    is_causal: bool = False

    def of_text(self, number: int) -> "KindMatrices":
        """Those of one text; matrices of a single text belong to each."""
        return replace(self, matrices=self.matrices[number if len(self.matrices) > 1 else 0])


def document_matrices(
    content: object, options: ReadOptions, where: str
) -> tuple[Mapping[str, object], dict[str, KindMatrices], Statements]:
    """What a document says of its texts, its matrices by kind, and what it states about all of them.

    Args:
        content: nested lists, or values by name.
        options: what the user says.
        where: for the messages.

    Raises:
        InputError: no attention, shapes that are not those of attention, or that do not fit each other.
    """
    if isinstance(content, list):
        content = {"attention": content}
    if not isinstance(content, Mapping):
        kind = "text" if isinstance(content, str) else "value"
        raise InputError(f"{where}: it is one {kind}; expected lists, or an object with 'attention'")
    if isinstance(content, dict) and "schema" not in content:
        content = without_nesting(content)
    fields, unknown = token_fields(content)
    if fields.get("schema", SCHEMA_NAME) != SCHEMA_NAME:
        raise InputError(f"{where}: its schema is {brief(fields['schema'])!r}; expected {SCHEMA_NAME}")
    if content.get("edges") is not None:
        _note_unused(set(unknown) - {"edges"}, fields, options)
        stated = Statements.of(fields, options, where)
        return fields, _of_edges(content["edges"], fields, stated, options, where), stated
    arrays = named_arrays(content, where, scores=options.scores)
    _note_unused(set(unknown).difference(*(named.keys for named in arrays)), fields, options)
    if any(named.is_scores for named in arrays) and "values" not in fields and not options.scores:
        if all(_sum_to_one(named) for named in arrays):  # Keras calls weights attention_scores
            options.note(f"{arrays[0].name} are read as weights, as rows sum to 1; --values scores says otherwise")
        else:
            fields["values"] = "scores"
            options.note(f"{arrays[0].name} are read as scores, as they are before softmax")
    stated = Statements.of(fields, options, where)
    return fields, _matrices_by_kind(arrays, fields, stated, options, where), stated


def _sum_to_one(named: NamedArray) -> bool:
    """Whether the first matrix has no number below 0, and rows that sum to about 1, as weights have and scores not."""
    value = next(iter(named.parts.values())) if named.parts else named.value
    while isinstance(value, list | np.ndarray) and len(value) and _is_nested(value[0]):
        value = value[0]
    try:
        rows = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    return bool(rows.size and (rows >= 0).all() and (np.abs(rows.sum(axis=-1) - 1) <= _NEAR_ONE).all())


def _is_nested(value: object) -> bool:
    """Whether it is a matrix, or deeper."""
    if isinstance(value, np.ndarray):
        return value.ndim > 1
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)


def _note_unused(names: set[str], fields: Mapping[str, object], options: ReadOptions) -> None:
    if names and "schema" not in fields:
        options.note(f"not used: {some(sorted(map(brief, names)))}")


def _of_edges(
    edges: object, fields: Mapping[str, object], stated: Statements, options: ReadOptions, where: str
) -> dict[str, KindMatrices]:
    """The matrices of edges; what they leave out is each row's rest."""
    if stated.values not in SHARES:
        raise InputError(
            f"{where}: its edges are {stated.values}, and those of other keys are not known; expected edges of weights",
            hint="write it without --top",
        )
    sides = tuple(
        next((len(value) for value in map(fields.get, names) if isinstance(value, list)), None)
        for names in (("tokens", "keys"), ("target_tokens", "queries"))
    )
    kind = kind_of_unnamed((1, 1), fields, options, (), where)
    found = edge_matrices(fields, edges, (sides[0], sides[1]), where, default=kind, axes=stated.axes)
    if "schema" not in fields:
        options.note("edges leave out what else each query looks at; it is shown as rest")
    by_name = "head_names" in fields
    return {
        kind: KindMatrices(
            "edges",
            one.matrices[None],
            one.layers,
            one.heads,
            by_name=by_name,
            rest=None if stated.reduce == "max" else one.rest,
        )
        for kind, one in found.items()
    }


def _matrices_by_kind(
    arrays: Sequence[NamedArray],
    fields: Mapping[str, object],
    stated: Statements,
    options: ReadOptions,
    where: str,
) -> dict[str, KindMatrices]:
    """The matrices of each named array."""
    by_kind: dict[str, KindMatrices] = {}
    for named in arrays:
        what = f"{where}: {named.name}"
        whole = whole_array(named, where, -np.inf if stated.values == "scores" else np.nan)
        reading = _reading(named, whole, fields, stated.axes, options, what)
        if reading.note and not by_kind:  # the other arrays are read alike
            options.note(f"{named.name}: {reading.note}" if len(arrays) > 1 else reading.note)
        _note_steps(named, whole, options)
        others = [other.kind for other in arrays if other is not named]
        matrices = reading.applied(whole.array)
        kind = named.kind or kind_of_unnamed(matrices.shape, fields, options, others, what)
        if "schema" not in fields:
            check_square(kind, matrices.shape, what)
        by_kind[kind] = KindMatrices(named.name, matrices, whole.layers, whole.heads, is_causal=whole.n_steps > 0)
    _check_texts(by_kind, where)
    return by_kind


def _reading(
    named: NamedArray,
    whole: WholeArray,
    fields: Mapping[str, object],
    axes: tuple[str, ...],
    options: ReadOptions,
    what: str,
) -> AxesReading:
    """Which axes the array has: as attnviz itself writes them, as the user or the file says, or as usual."""
    shape, counted = whole.array.shape, _counted(whole)
    if "schema" in fields:
        if options.axes is not None:
            raise InputError(f"{what}: attnviz's own JSON states its axes; expected no --axes")
        return _reading_of_schema(shape, fields, axes, what)
    names = options.axes or _axes_of_file(fields, what)
    if names is not None:
        if len(names) == len(shape):
            return stated_axes(shape, names, what)
        reading = stated_axes(shape[len(counted) :], [name for name in names if name not in counted], what)
        return AxesReading((*counted, *reading.axes))
    hints = AxesHints(
        n_texts=n_texts(fields),
        units=tuple(name for name in axes[:-2] if name not in counted),
        is_part=bool(counted),
        batch_second=named.is_of_transformers,
        is_clear=any(name in fields for name in ("layers", "heads")) or len(axes) < 4,
    )
    reading = usual_axes(shape[len(counted) :], what, hints)
    return AxesReading((*counted, *reading.axes), reading.note)


def _counted(whole: WholeArray) -> tuple[str, ...]:
    """The axes that the names of parts count."""
    return ("layer",) * bool(whole.layers) + ("head",) * bool(whole.heads)


def _axes_of_file(fields: Mapping[str, object], what: str) -> tuple[str, ...] | None:
    """The names that a file itself gives the axes."""
    axes = fields.get("axes")
    if axes is None:
        return None
    known = ("batch", "layer", "head", "query", "key", "-")
    if not isinstance(axes, list) or not all(name in known for name in axes) or "key" not in axes:
        raise InputError(f"{what}: its axes are {brief(axes)}; expected some of {', '.join(known)}")
    return tuple(axes)


def _reading_of_schema(
    shape: tuple[int, ...], fields: Mapping[str, object], axes: tuple[str, ...], what: str
) -> AxesReading:
    """The reading of attnviz's own documents: all axes, or the last of them."""
    if not 2 <= len(shape) <= len(axes) or 0 in shape:
        names = f"({', '.join(axes)})" + (" or its last axes" if len(axes) > 2 else "")
        raise InputError(f"{what} has the shape {shape}; expected {names}")
    stated, expected = fields.get("axes"), list(axes[-len(shape) :])
    if stated is not None and stated != expected:
        raise InputError(f"{what}: its axes are {brief(stated)}; expected {expected} for the shape {shape}")
    return AxesReading(tuple(expected))


def _note_steps(named: NamedArray, whole: WholeArray, options: ReadOptions) -> None:
    if whole.n_steps:
        missing = f"; its first {whole.missing} tokens have no rows there and look at nothing" * (whole.missing > 0)
        options.note(
            f"{named.name}: {whole.n_steps} steps of a generation are read as one matrix a head, with later tokens "
            f"masked{missing}"
        )


def _check_texts(by_kind: Mapping[str, KindMatrices], where: str) -> None:
    """Refuses kinds of several numbers of texts."""
    counts = {one.name: len(one.matrices) for one in by_kind.values() if len(one.matrices) > 1}
    if len(set(counts.values())) > 1:
        held = ", ".join(f"{name} of {n}" for name, n in counts.items())
        raise InputError(f"{where}: arrays are of several numbers of texts ({held}); expected one number, or 1")


def token_counts(shapes: Mapping[str, tuple[int, ...]]) -> tuple[int | None, int | None]:
    """The number of tokens of the text and of the target; None where no matrix has that axis."""
    source = next((shapes[kind][-1] for kind in ("encoder", "cross") if kind in shapes), None)
    target = next((shapes[kind][-2] for kind in ("cross", "decoder") if kind in shapes), None)
    return source, target
