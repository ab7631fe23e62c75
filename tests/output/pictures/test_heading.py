"""The words around a picture: wrapped without breaking what people see as one character."""

import pytest

from attnviz.output.labels import graphemes
from attnviz.output.pictures.drawing import own_settings
from attnviz.output.pictures.heading import Heading, wrapped_words
from tests.output.pictures.drawn import MEASURE

CLUSTERS = ["e\u0301", "n\u0303", "\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "क्\u200dष"]


@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("room", [20.0, 33.0, 47.0, 61.0])
@pytest.mark.parametrize("n", [9, 200])
def test_a_long_word_is_broken_between_characters_as_people_see_them(cluster, room, n):
    with own_settings():
        lines = wrapped_words(cluster * n, room, 9, MEASURE)
    pieces = [piece for line in lines for piece in graphemes(line.removesuffix("…"))]
    assert set(pieces) == set(graphemes(cluster * 2))


@pytest.mark.parametrize("title", ["", "   ", "\u3000"])
def test_a_caption_has_no_sentence_of_blanks(title):
    assert Heading(title, ("weights",), ("text: a.", " ")).caption == "weights. text: a."
