"""Lines of JSON whose model has all its fields in the first of them only."""

import json

import numpy as np

from attnviz.output.documents.stream import joined_lines, model_line

MODEL = {"name": "a", "weights": "seed:0", "more": {"n_layers": 1}}


def document(text):
    return {"where": {"text": text}, "model": MODEL, "attention": np.eye(2, dtype=np.float32)}


def test_a_line_is_its_document_with_the_whole_model_once():
    lines = list(joined_lines(map(model_line, (document("a}"), document("b")))))
    first, second = map(json.loads, lines)
    assert first == {"where": {"text": "a}"}, "model": MODEL, "attention": [[1.0, 0.0], [0.0, 1.0]]}
    assert second == first | {"where": {"text": "b"}, "model": {"name": "a", "weights": "seed:0"}}
    assert [line.count(b"\n") for line in lines] == [1, 1]
