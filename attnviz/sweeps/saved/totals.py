"""Totals of a window as bytes: an .npz file of plain arrays, and the rest of them as JSON.

Nothing that is read runs code: objects are of the four classes here, and arrays are read without pickling.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from attnviz.analysis.heads.averages import Moments, Remainders, Running, RunningMean
from attnviz.analysis.heads.metrics import HeadMetrics
from attnviz.errors import InputError
from attnviz.sweeps.head_measures import Totals

_CLASSES: Mapping[str, Any] = {one.__name__: one for one in (Running, RunningMean, Moments, Remainders)}
_PARTS = ("metrics", "distances", "scores", "like")
_TREE = "totals"


def totals_data(totals: Totals) -> bytes:
    """The totals as bytes, without what all texts have in common and without examples."""
    arrays: dict[str, np.ndarray] = {}
    tree = json.dumps({name: _encoded(getattr(totals, name), arrays) for name in _PARTS})
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **{_TREE: np.array(tree)}, **arrays)
    return stream.getvalue()


def read_totals(data: bytes, where: str) -> Totals:
    """The totals that ``totals_data`` gave; ``where`` is the file's name.

    Raises:
        InputError: it is something else.
    """
    totals = Totals()
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            tree = json.loads(str(arrays[_TREE]))
            for name in _PARTS:
                setattr(totals, name, _decoded(tree[name], arrays))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{where}: it is not a window of attnviz heads --json --out; expected one, or no file of this name"
        ) from error
    totals.like = {int(seed): running for seed, running in totals.like.items()}
    return totals


def _encoded(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """A value as JSON, its arrays by name."""
    if isinstance(value, np.ndarray | np.generic):
        name = f"a{len(arrays)}"
        arrays[name] = np.asarray(value)
        return {"array": name}
    if isinstance(value, HeadMetrics):  # of which only the axes are read
        return {"axes": [value.layers, value.heads, value.by_name]}
    if type(value) in _CLASSES.values():
        return {type(value).__name__: {name: _encoded(one, arrays) for name, one in vars(value).items()}}
    if isinstance(value, Mapping):
        return {"mapping": {str(name): _encoded(one, arrays) for name, one in value.items()}}
    if isinstance(value, set):
        return {"set": sorted(value)}
    return {"value": value}


def _decoded(tree: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    ((kind, value),) = tree.items()
    if kind == "array":
        return arrays[value]
    if kind == "axes":
        layers, heads, by_name = value
        return HeadMetrics({}, {}, {}, tuple(layers), tuple(heads), by_name=by_name)
    if kind in _CLASSES:
        made = object.__new__(_CLASSES[kind])
        vars(made).update({name: _decoded(one, arrays) for name, one in value.items()})
        return made
    if kind == "mapping":
        return {name: _decoded(one, arrays) for name, one in value.items()}
    return set(value) if kind == "set" else tuple(value) if isinstance(value, list) else value
