"""Attention as other programs write it: arrays and JSON, and how the tests read them back."""

import io
import json

import numpy as np

from attnviz.elsewhere.attention_file import read_attention

RNG = np.random.default_rng(0)


def softmax(*shape, dtype=np.float32):
    weights = np.exp(RNG.standard_normal(shape))
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(dtype)


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def npz(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def text(value):
    return json.dumps(value).encode()


def read(data, note=None, **options):
    """The only text of a file; ``note`` gets all remarks but the one on how axes are read."""
    heard = None if note is None else lambda text: None if "--axes" in text else note(text)
    (result,) = read_attention(io.BytesIO(data), note=heard, **options)
    return result


def labels(tokens):
    return [token.label for token in tokens]
