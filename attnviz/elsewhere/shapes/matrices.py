"""The matrices of a document: their axes, and which kind of attention they are."""

from collections.abc import Mapping

import numpy as np

from attnviz.elsewhere.lists import listed_array
from attnviz.errors import InputError, one_line


def matrices_of(fields: Mapping[str, object], key: str, values: str, axes: tuple[str, ...], where: str) -> np.ndarray:
    """(n_layers, n_heads, n_queries, n_keys), with length 1 for axes that the document has not."""
    value = fields[key]
    if isinstance(value, np.ndarray):
        array = value
    else:
        array = listed_array(value, f"{where}: {key}", axes=4, null=-np.inf if values == "scores" else None)
        with np.errstate(over="ignore"):
            array = array.astype(np.float32)
    if not 2 <= array.ndim <= len(axes) or not array.size:
        names = f"({', '.join(axes)})" + (" or its last axes" if len(axes) > 2 else "")
        hint = "of a batch, save one text: without the axis of the batch" if array.ndim == len(axes) + 1 else None
        raise InputError(f"{where}: {key} has the shape {array.shape}; expected {names}", hint)
    said, held = fields.get("axes"), list(axes[-array.ndim :])
    if said is not None and said != held:
        raise InputError(f"{where}: its axes are {one_line(said)[:60]}; expected {held} for the shape {array.shape}")
    array = array.reshape((1,) * (len(axes) - array.ndim) + array.shape)
    return {4: array, 3: array[:, None], 2: array[None, None]}[array.ndim]


def kinds_by_shape(arrays: dict[str, np.ndarray], fields: Mapping[str, object]) -> dict[str, np.ndarray]:
    """``attention`` alone is cross-attention where it is not square, or where its queries have names of their own."""
    if set(arrays) != {"encoder"}:
        return arrays
    n_queries, n_keys = arrays["encoder"].shape[2:]
    own_queries = fields.get("queries") is not None and fields["queries"] != fields.get("keys", fields.get("tokens"))
    return {"cross": arrays["encoder"]} if n_queries != n_keys or own_queries else arrays


def token_counts(arrays: Mapping[str, np.ndarray]) -> tuple[int | None, int | None]:
    """The number of tokens of the text and of the target; None where no matrix has that axis."""
    shapes = {kind: array.shape for kind, array in arrays.items()}
    source = next((shapes[kind][-1] for kind in ("encoder", "cross") if kind in shapes), None)
    target = next((shapes[kind][-2] for kind in ("cross", "decoder") if kind in shapes), None)
    return source, target
