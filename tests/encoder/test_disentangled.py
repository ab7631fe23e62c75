"""Disentangled attention: the rows of distances, and what adding them keeps."""

import json
from pathlib import Path

import numpy as np
import pytest

from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.embedding import Sequence
from attnviz.encoder.parameters.seeded import SeededParams
from attnviz.encoder.positions.disentangled import offset_rows
from attnviz.encoder.stack import Address, run
from attnviz.errors import ConfigError
from tests.encoder import reference

CASES = json.loads((Path(__file__).parents[1] / "checkpoints" / "golden" / "distances.json").read_text())
PARTS = ("c2p", "p2c", "both")


def group(span, longest, kind="both"):
    return EncoderConfig(disentangled=kind, disentangled_span=span, disentangled_max=longest).disentangled


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['span']}-{case['longest']}")
def test_logarithmic_steps_are_those_of_transformers(case):
    rows = offset_rows(np.arange(2000), group(case["span"], case["longest"]))
    assert [[i, row] for i, row in enumerate(rows.tolist()) if i == 0 or row != rows[i - 1]] == case["begins"]


@pytest.mark.parametrize(("span", "longest"), [(3, None), (256, None), (256, 512), (5, 9), (2, 3)])
def test_the_rows_are_the_loops_for_every_offset(span, longest):
    config = {"disentangled_span": span, "disentangled_max": longest}
    offsets = np.arange(-700, 701)
    expected = [reference.offset_row(int(offset), 0, config) for offset in offsets]
    assert offset_rows(offsets, group(span, longest)).tolist() == expected


def weights(ids, **fields):
    config = EncoderConfig(n_vocab=50, n_layers=1, position="none", disentangled_span=9, **fields)
    trace = run(SeededParams(config, 4), config, {Address("encoder", 0, "scores")}, Sequence(ids=np.array(ids)))
    return trace["encoder", 0].scores


@pytest.mark.parametrize("kind", PARTS)
def test_scores_depend_on_the_distance_and_not_on_the_place(kind):
    scores = weights([1, 7, 3, 9, 1, 7, 3, 9], disentangled=kind)
    np.testing.assert_allclose(scores[:, :4, :4], scores[:, 4:, 4:], rtol=2e-5, atol=2e-5)
    assert np.abs(scores[:, :4, :4] - scores[:, :4, 4:]).max() > 0.5


@pytest.mark.parametrize("kind", PARTS)
def test_one_token_alone_has_distance_0(kind):
    assert weights([3], disentangled=kind).shape == (4, 1, 1)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"score": "cosine"},
            "disentangled, score: distances add to products, and the score is cosine; expected scaled_dot or dot",
        ),
        (
            {"disentangled_span": 8, "disentangled_max": 5},
            "disentangled_max, disentangled_span: 5 with 8 vectors on each side; expected 6 or more",
        ),
        ({"disentangled_span": 1}, "disentangled_span: 1 is too small; expected 2 or more"),
    ],
)
def test_fields_that_do_not_fit_get_one_line(fields, message):
    with pytest.raises(ConfigError) as caught:
        EncoderConfig(**{"disentangled": "both"} | fields)
    assert str(caught.value) == message


@pytest.mark.parametrize(("kind", "parts"), [("none", 1), ("c2p", 2), ("p2c", 2), ("both", 3)])
def test_the_scale_counts_the_parts(kind, parts):
    assert EncoderConfig(disentangled=kind, d_head=5).score_factor == (5 * parts) ** -0.5
    assert EncoderConfig(disentangled=kind, score_scale=0.3).score_factor == 0.3
