"""Scenes of words and their links, drawn of made-up attention."""

from dataclasses import replace
from itertools import accumulate

import numpy as np

from attnviz.output.picture_scales import picture_scale
from attnviz.output.pictures.drawing import families_for, own_settings
from attnviz.output.pictures.fonts import characters, replacements
from attnviz.output.pictures.kinds.scenes import words_scene
from attnviz.output.pictures.look import Look
from attnviz.output.pictures.scene import Scene
from attnviz.text.labels import printable
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import Token
from tests.output.pictures.drawn import FONTS, attention, drawn


def words_of(sentence: str, n: int, *, spaces: bool = True) -> tuple[Token, ...]:
    """The first n tokens of a sentence that is said again and again, with their places in the text."""
    labels = sentence.split()
    labels = [labels[i % len(labels)] for i in range(n)]
    ends = list(accumulate(len(label) + spaces for label in labels))
    return tuple(
        Token(label, printable(label), end - spaces - len(label), end - spaces, piece=label)
        for label, end in zip(labels, ends, strict=True)
    )


def view(numbers, sentence="The animal didn't cross the street .", n_keys_of=None, **fields) -> Attention:
    """Matrices (n_heads, n_queries, n_keys) of one layer; keys may be the words of another sentence."""
    numbers = np.asarray(numbers, float)
    if numbers.ndim == 2:
        numbers = numbers[None]
    queries = words_of(sentence, numbers.shape[1])
    keys = queries[: numbers.shape[2]] if n_keys_of is None else words_of(n_keys_of, numbers.shape[2])
    return replace(attention(numbers[None]), queries=queries, keys=keys, **fields)


def rows(n: int, m: int | None = None, heads: int = 1, seed: int = 0) -> np.ndarray:
    """Softmax rows, (heads, n, m): some sharp, some flat."""
    scores = np.random.default_rng(seed).normal(size=(heads, n, m or n)) * np.linspace(0.5, 4, heads)[:, None, None]
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def look_of(one: Attention, **style) -> Look:
    """The look of a picture of all its matrices."""
    made = drawn(one, **style)
    return made.look(picture_scale(one, made.style.ends, made.style.norm))


def picture(kind: str, one: Attention, query: int | None = None, key: int | None = None, **more) -> Scene:
    with own_settings():
        _, missing = families_for(characters(one, ()), FONTS)
        return words_scene(drawn(one, instead=replacements(missing), kind=kind, **more), query, key)
