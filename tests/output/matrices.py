"""Small matrices with known numbers, for the tests of the views."""

import numpy as np

from attnviz.text.labels import printable
from attnviz.trace.attention import Attention, Matrix
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token

MODEL = ModelInfo("toy", "sha256:0")
SENTENCE = ("The", "cat", "didn't", "sleep", ".")


def tokens(labels):
    return tuple(Token(text=label, label=printable(label), piece=label) for label in labels)


def softmax_rows(n, m, seed=0, causal=False):
    scores = np.random.default_rng(seed).normal(size=(n, m)) * 2
    if causal:
        scores[np.triu_indices(n, 1, m)] = -np.inf
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)


def matrix(queries=SENTENCE, keys=None, numbers=None, *, causal=False, **more):
    keys = queries if keys is None else keys
    numbers = softmax_rows(len(queries), len(keys), causal=causal) if numbers is None else np.asarray(numbers)
    masked = np.triu(np.ones(numbers.shape, dtype=bool), 1) if causal else None
    named = {"name": "L0H3", "title": "L0H3", "model": MODEL} | more
    return Matrix(numbers=numbers, queries=tokens(queries), keys=tokens(keys), masked=masked, **named)


def attention(n_layers=2, n_heads=3, queries=SENTENCE, keys=None, **more):
    keys = queries if keys is None else keys
    values = np.stack(
        [[softmax_rows(len(queries), len(keys), 10 * i + j) for j in range(n_heads)] for i in range(n_layers)]
    )
    return Attention(
        values, tokens(queries), tokens(keys), tuple(range(n_layers)), tuple(range(n_heads)), MODEL, **more
    )
