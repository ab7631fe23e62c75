"""What a head's sink takes of a row is the row's rest, in every view of the weights."""

import json

import numpy as np
import pytest

import attnviz
from attnviz.analysis.heads.metrics import METRICS, head_metrics
from attnviz.cli.main import main
from attnviz.sweeps import runs

TEXT = "The old cat sat on the mat"
CAUSAL = {"sink": True, "mask": "causal", "n_layers": 2}


@pytest.fixture(scope="module")
def model():
    return attnviz.load(seed=1, **CAUSAL)


def sinks(model):
    return [np.asarray(model.params[f"layers.{layer}.attn.sink"]) for layer in range(2)]


def test_a_row_and_its_rest_sum_to_1(model):
    (view,) = attnviz.run(TEXT, model=model).views.values()
    np.testing.assert_allclose(view.matrices.sum(axis=-1) + view.rest, 1, atol=1e-6)
    assert view.rest.min() > 0
    assert not view.hidden


def test_the_first_row_of_a_causal_model_shares_with_the_sink_alone(model):
    result = attnviz.run(TEXT, model=model, keep=["scores"])
    (view,) = result.views.values()
    for layer, sink in enumerate(sinks(model)):
        score = result.trace["encoder", layer].scores[:, 0, 0]
        np.testing.assert_allclose(view.rest[layer, :, 0], 1 / (1 + np.exp(score - sink)), atol=1e-6)


def test_without_a_sink_nothing_is_rest():
    (view,) = attnviz.run(TEXT, seed=1, mask="causal").views.values()
    assert view.rest is None


@pytest.mark.parametrize("values", ["scores", "norms", "zeroing"])
def test_other_values_have_no_rest(model, values):
    (view,) = attnviz.run(TEXT, model=model, values=values).views.values()
    assert view.rest is None


@pytest.mark.parametrize("how", ["rollout", "flow", "max"])
def test_reductions_whose_rows_sum_to_1_or_to_nothing_have_no_rest(model, how):
    (view,) = attnviz.run(TEXT, model=model, reduce=how).views.values()
    assert view.rest is None


def test_the_mean_over_heads_has_the_mean_of_their_rests(model):
    (heads,), (mean,) = (attnviz.run(TEXT, model=model, reduce=how).views.values() for how in ("none", "mean-heads"))
    np.testing.assert_allclose(mean.rest[:, 0], heads.rest.mean(axis=1), atol=1e-6)


def test_json_has_the_rest_and_reads_back(capsys, tmp_path):
    assert main(["show", TEXT, "--seed", "1", "--set", "sink=true", "--mask", "causal", "--json"]) == 0
    saved = capsys.readouterr().out
    document = json.loads(saved)
    rows = np.array(document["attention"], np.float32).sum(axis=-1)
    np.testing.assert_allclose(rows + np.array(document["rest"], np.float32), 1, atol=1e-5)
    path = tmp_path / "sink.json"
    path.write_text(saved)
    assert main(["show", "--attention", str(path), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["rest"] == document["rest"]
    assert again["attention"] == document["attention"]


def test_long_texts_that_come_a_part_at_a_time_have_the_same_rest(model, monkeypatch):
    (whole,) = attnviz.run(TEXT, model=model).views.values()
    monkeypatch.setattr(runs, "MOST_HELD", 10)
    (parts,) = attnviz.run(TEXT, model=model).views.values()
    np.testing.assert_array_equal(parts.rest, whole.rest)


def test_metrics_that_need_whole_rows_say_what_is_missing(model):
    (view,) = attnviz.run(TEXT, model=model).views.values()
    missing = head_metrics(view).missing
    needing = [name for name, metric in METRICS.items() if metric.whole_rows and not metric.cross]
    assert needing
    assert all(missing[name] == "a part of each row is its rest, and goes to no key" for name in needing)


def test_heads_rest_on_their_sink(capsys):
    assert main(["heads", TEXT, "--seed", "1", "--set", "sink=true", "--mask", "causal"]) == 0
    printed = capsys.readouterr().out
    assert "rests on sink" in printed
    assert "tokens that are left out" not in printed
