"""A decoder with other heads and layers than its encoder: alone, in a batch, and a part at a time."""

import numpy as np
import pytest

import attnviz
from attnviz.analysis.matrices.selection import Request
from attnviz.sweeps import runs

TEXTS = [("The cat sat on it.", "A dog"), ("A cat.", "The dog sat there"), ("Dogs sat on it.", "A")]


@pytest.fixture(scope="module")
def model():
    fields = {"n_layers": 1, "n_heads": 2, "d_model": 24, "d_ff": 8}
    return attnviz.load(seed=2, decoder_layers=2, decoder_heads=3, decoder_d_ff=16, decoder_kv_heads=1, **fields)


@pytest.fixture(scope="module")
def prepared(model):
    return [attnviz.prepare(model, text, target=target) for text, target in TEXTS]


@pytest.mark.parametrize(
    "asked",
    [Request(), Request(kinds=("cross",), heads="2,0"), Request(heads="L0H1,L0H0"), Request(values="scores")],
)
def test_texts_that_run_together_give_what_each_gives_alone(model, prepared, asked):
    for text, run in zip(prepared, runs.runs(model, prepared, asked), strict=True):
        alone, together = runs.run_prepared(model, text, asked), run.result()
        for kind, view in alone.views.items():
            assert (together.views[kind].layers, together.views[kind].heads) == (view.layers, view.heads)
            np.testing.assert_allclose(together.views[kind].matrices, view.matrices, atol=1e-5)


@pytest.mark.parametrize("values", ["weights", "norms"])
@pytest.mark.parametrize("heads", ["all", "1", "L0H2,L1H0"])
def test_parts_of_a_long_text_are_those_of_the_whole(model, prepared, values, heads, monkeypatch):
    request = Request(kinds=("cross",), values=values, heads=heads)
    whole = runs.run_prepared(model, prepared[1], request).cross_attention
    monkeypatch.setattr(runs, "MOST_HELD", 1)
    (run,) = runs.runs(model, prepared[1:2], request)
    assert run.is_long
    np.testing.assert_allclose(run.result().cross_attention, whole, atol=1e-6)


def test_the_decoders_heads_are_measured_and_silenced(model, prepared):
    report = attnviz.heads([TEXTS[0][0]], target=TEXTS[0][1], model=model, ablation=True)
    assert report.metrics.head_shape == (2, 3)
    assert (report.metrics.values["ablation"] > 0).all()
    result = runs.run_prepared(model, prepared[0], Request(kinds=("cross",), values="zeroing"))
    np.testing.assert_allclose(result.cross_attention.sum(axis=-1), 1, atol=1e-6)
