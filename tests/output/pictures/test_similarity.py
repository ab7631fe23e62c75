"""The picture of distances between heads knows nothing of the tokens that the matrices are about."""

from dataclasses import replace

import numpy as np

from attnviz.output.pictures.figures import write_similarity
from attnviz.output.pictures.matrices.similarity import as_distances
from attnviz.output.pictures.style import PictureStyle
from tests.output.matrices import attention

DISTANCES = np.array([[0.0, 0.5, 0.2], [0.5, 0.0, 0.7], [0.2, 0.7, 0.0]])


def test_what_rows_gave_to_hidden_keys_and_what_is_masked_are_of_no_distance(tmp_path):
    plain = attention(1, 3)
    rested = replace(plain, rest=np.full(plain.matrices.shape[:3], 0.4, np.float32), masked=np.ones((1, 5, 5), bool))
    shown = as_distances(rested, DISTANCES, (2, 0, 1))
    assert shown.rest is None
    assert shown.masked is None
    assert [token.label for token in shown.keys] == ["L0H2", "L0H0", "L0H1"]
    assert shown.matrices[0, 0].tolist() == [[0.0, 0.2, 0.7], [0.2, 0.0, 0.5], [0.7, 0.5, 0.0]]
    (first,), (second,) = (
        write_similarity(one, DISTANCES, (2, 0, 1), tmp_path / name, PictureStyle(dpi=60))
        for name, one in (("plain", plain), ("rested", rested))
    )
    assert first.read_bytes() == second.read_bytes()
