"""The masks of a document, and what its rows gave to keys that are left out."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from attnviz.elsewhere.lists import listed_array
from attnviz.elsewhere.read_options import ReadOptions
from attnviz.elsewhere.values.blocks import head_blocks
from attnviz.elsewhere.values.padding_masks import padding_mask
from attnviz.errors import InputError
from attnviz.names import MASK_KEYS, REST_KEYS
from attnviz.trace.attention import Attention

_FEW = 3  # tokens, below which zeros above the diagonal say nothing


def mask_of(fields: Mapping[str, object], kind: str, array: np.ndarray, where: str) -> np.ndarray | None:
    """(n_layers, n_queries, n_keys): as the document says, else where all scores are -inf."""
    key, shape = MASK_KEYS[kind], (array.shape[0], *array.shape[2:])
    if fields.get(key) is None:
        return _always_hidden(array)
    try:
        masked = np.array(fields[key])
    except ValueError:  # ragged
        masked = np.array(None)
    if masked.dtype != bool or masked.shape not in (shape, shape[1:]):
        raise InputError(f"{where}: {key} is not a list of true and false of the shape {shape[1:]}; expected that")
    return np.broadcast_to(masked, shape)


def _always_hidden(array: np.ndarray) -> np.ndarray | None:
    """(n_layers, n_queries, n_keys): where the scores of all heads of a layer are -inf; None where there is none."""
    hidden = np.ones((array.shape[0], *array.shape[2:]), dtype=bool)
    for i, _, block in head_blocks(array):
        hidden[i] &= np.isneginf(block).all(axis=0)
    return hidden if hidden.any() else None


def rest_of(
    fields: Mapping[str, object], kind: str, array: np.ndarray, axes: tuple[str, ...], where: str
) -> np.ndarray | None:
    """(n_layers, n_heads, n_queries): what each row gave to keys that are left out, if the document says so."""
    key = REST_KEYS[kind]
    if fields.get(key) is None:
        return None
    shape = array.shape[:3]
    stated = shape if "head" in axes else (shape[0], shape[2]) if "layer" in axes else shape[2:]
    rest = listed_array(fields[key], f"{where}: {key}", axes=3)
    if rest.shape != stated or not (np.isfinite(rest).all() and (rest >= 0).all()):
        raise InputError(f"{where}: {key} is not a list of numbers from 0 of the shape {stated}; expected that")
    return rest.reshape(shape).astype(np.float32)


def with_likely_mask(fields: Mapping[str, object], attention: Attention, options: ReadOptions) -> Attention:
    """Attention whose later tokens are masked where it looks like a causal model's; else the one given.

    It looks so where no query of any layer and head gives anything to a later token (exactly 0), and some give to an
    earlier one. With only two tokens that is chance. Documents of attnviz itself have a mask where there is one.
    """
    padding = padding_mask(attention)
    if "schema" in fields or not _seems_causal(attention, padding):
        return attention
    part = "" if attention.kind == "encoder" else f" {attention.kind}"
    options.note(f"no token looks at a later one; read as causal{part} attention, with later tokens masked")
    shape = attention.matrices.shape[:1] + attention.matrices.shape[2:]
    later = np.triu(np.ones(shape[1:], bool), 1)
    return replace(attention, masked=np.broadcast_to(later if padding is None else later | padding, shape))


def _seems_causal(attention: Attention, padding: np.ndarray | None) -> bool:
    n_queries, n_keys = attention.matrices.shape[2:]
    if attention.kind == "cross" or attention.values != "weights" or n_queries != n_keys:
        return False
    if sum(not token.padding for token in attention.keys) < _FEW:
        return False
    if attention.masked is not None and not (padding is not None and (attention.masked == padding).all()):
        return False
    looks = np.zeros((n_queries, n_keys), dtype=bool)
    for _, _, block in head_blocks(attention.matrices):
        looks |= block.any(axis=0)
        if np.triu(looks, 1).any():
            return False
    return bool(np.tril(looks, -1).any())
