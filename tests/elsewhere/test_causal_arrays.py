"""Arrays without a mask in which no token looks at a later one are read as causal attention."""

import io

import numpy as np
import pytest

from attnviz.analysis.heads.metrics import head_metrics
from attnviz.elsewhere.attention_file import read_attention
from tests.elsewhere.arrays import npy, npz, read, softmax, text


def causal(*shape):
    weights = np.tril(softmax(*shape))
    return weights / weights.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(
    "encode", [npy, lambda a: npz(a=a), lambda a: text(a.tolist()), lambda a: text({"attention": a.tolist()})]
)
def test_arrays_without_a_mask_in_which_nothing_looks_ahead_are_causal_and_that_is_said(encode):
    said = []
    view = read(encode(causal(2, 3, 5, 5)), name="a.npy", note=said.append).views["encoder"]
    assert view.masked.shape == (2, 5, 5)
    assert all(np.array_equal(masked, np.triu(np.ones((5, 5), bool), 1)) for masked in view.masked)
    assert said == ["a.npy: no token looks at a later one; read as causal attention, with later tokens masked"]


def test_uniform_causal_attention_from_elsewhere_has_a_ratio_of_one():
    uniform = np.tril(np.ones((6, 6))) / np.arange(1, 7)[:, None]
    ratio = head_metrics(read(npy(uniform)).views["encoder"]).values["entropy_ratio"][0, 0]
    assert ratio == pytest.approx(5 / 6)  # the first row has one key, and counts 0


def test_of_many_texts_it_is_said_once():
    said = []
    lines = b"\n".join(text(causal(3, 3).tolist()) for _ in range(3))
    found = list(read_attention(io.BytesIO(lines), note=said.append))
    assert all(result.views["encoder"].masked is not None for result in found)
    assert len(said) == 1


def one_looks_ahead():
    array = causal(2, 3, 5, 5)
    array[1, 2, 0] = [0, 1, 0, 0, 0]
    return npy(array)


@pytest.mark.parametrize(
    "data",
    [
        npy(causal(2, 2)),
        npy(np.eye(5)),
        npy(softmax(5, 5)),
        one_looks_ahead(),
        npy(np.tril(np.ones((3, 5))) / np.arange(1, 4)[:, None]),
        text({"attention": causal(3, 3).tolist(), "queries": ["a", "b", "c"], "keys": ["x", "y", "z"]}),
        text({"schema": "attnviz/1", "attention": causal(3, 3).tolist()}),
    ],
    ids=["two tokens", "only themselves", "both ways", "one row ahead", "not square", "cross", "tells its mask"],
)
def test_what_need_not_be_causal_is_not_taken_for_it(data):
    said = []
    (view,) = read(data, note=said.append).views.values()
    assert (view.masked, said) == (None, [])
