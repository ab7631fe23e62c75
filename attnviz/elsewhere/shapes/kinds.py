"""Which kind of attention matrices are: by name, by the tokens of the file, by the user's word, or by shape."""

from collections.abc import Mapping, Sequence

from attnviz.elsewhere.read_options import ReadOptions
from attnviz.errors import InputError

_SQUARE = ("encoder", "decoder")


def kind_of_unnamed(
    shape: Sequence[int], fields: Mapping[str, object], options: ReadOptions, others: Sequence[str], subject: str
) -> str:
    """The kind of matrices whose name leaves it open.

    Tokens of a target, or queries that are not the keys, make them cross-attention whatever their shape.

    Args:
        shape: (..., n_queries, n_keys).
        fields: what the file says of its tokens.
        options: what the user says.
        others: the kinds of the file's other arrays.
        subject: the file and the array, for messages.

    Raises:
        InputError: the user says a kind that they cannot be.
    """
    if others or "schema" in fields:
        is_cross = not others and (shape[-2] != shape[-1] or _has_own_queries(fields))
        return "cross" if is_cross else "encoder"
    if fields.get("target_tokens") is not None or _has_own_queries(fields):
        return "cross"
    if options.kind is not None:
        check_square(options.kind, shape, subject)
        return options.kind
    if shape[-2] == shape[-1] and options.query_labels != options.key_labels:
        options.note("queries and keys have labels of their own; read as cross-attention, and --kind says otherwise")
        return "cross"
    return "cross" if shape[-2] != shape[-1] else "encoder"


def check_square(kind: str, shape: Sequence[int], subject: str) -> None:
    """Refuses self-attention whose queries and keys differ in number.

    Raises:
        InputError: with both numbers.
    """
    if kind in _SQUARE and shape[-2] != shape[-1]:
        raise InputError(
            f"{subject} is {shape[-2]} x {shape[-1]} (queries x keys); expected square matrices of {kind} attention",
            hint="--kind cross reads it as cross-attention",
        )


def _has_own_queries(fields: Mapping[str, object]) -> bool:
    queries = fields.get("queries")
    return queries is not None and queries != fields.get("keys", fields.get("tokens"))
