"""Scores and weights come some heads at a time where they are many; what they are does not depend on it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.encoder import attention
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.embedding import Sequence
from attnviz.encoder.long import head_rows
from attnviz.encoder.stack import Address, run, stream
from tests.encoder.mixtures import N_VOCAB, configs, params_of

N = 5
CONFIG = EncoderConfig(n_layers=2, n_heads=7, d_model=21, d_ff=11, n_vocab=101, position="alibi")
PARAMS = params_of(CONFIG, np.float64)
SOURCE = Sequence(ids=np.arange(N) * 13)
NAMES = ("scores", "weights", "v", "z", "attn_out", "out")


@pytest.mark.parametrize(
    ("at_once", "starts"),
    [
        (1, [0, 1, 2, 3, 4, 5, 6]),  # one head, whatever it takes
        (2 * N * N, [0, 2, 4, 6]),
        (3 * N * N - 1, [0, 2, 4, 6]),
        (7 * N * N, [0]),
    ],
)
@pytest.mark.parametrize("name", ["scores", "weights"])
def test_heads_come_in_order_as_many_at_a_time_as_the_bound_allows(monkeypatch, at_once, starts, name):
    addresses = {Address("encoder", 1, name)}
    whole = getattr(run(PARAMS, CONFIG, addresses, SOURCE)["encoder", 1], name)
    monkeypatch.setattr(attention, "_AT_ONCE", at_once)
    found = []
    for step in stream(PARAMS, CONFIG, addresses, SOURCE):
        assert (step.address, step.value.flags.writeable) == (Address("encoder", 1, name), False)
        np.testing.assert_allclose(step.value, whole[step.heads.start : step.heads.stop], atol=1e-12)
        found.append(step.heads)
    assert found == [range(start, stop) for start, stop in zip(starts, [*starts[1:], 7], strict=True)]


@settings(max_examples=25)
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True).map(tuple),
    st.sampled_from([1, 2 * N * N, 4 * N * N, 1 << 22]),
)
def test_of_all_heads_those_asked_for_are_kept_in_their_order(heads, at_once):
    addresses = {Address("encoder", layer, name) for layer in (0, 1) for name in NAMES}
    whole = run(PARAMS, CONFIG, addresses, SOURCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention, "_AT_ONCE", at_once)
        found = run(PARAMS, CONFIG, addresses, SOURCE, heads={"encoder": heads})
    for layer in (0, 1):
        for name in NAMES:
            theirs = getattr(whole["encoder", layer], name)
            picked = theirs[list(heads)] if name in ("scores", "weights") else theirs
            np.testing.assert_allclose(getattr(found["encoder", layer], name), picked, atol=1e-12)


def test_scores_that_were_kept_are_not_those_that_softmax_overwrites():
    trace = run(PARAMS, CONFIG, {Address("encoder", 0, "scores"), Address("encoder", 0, "weights")}, SOURCE)
    scores, weights = trace["encoder", 0].scores, trace["encoder", 0].weights
    assert not np.shares_memory(scores, weights)
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    np.testing.assert_allclose(weights, exponentials / exponentials.sum(axis=-1, keepdims=True), atol=1e-12)


def test_a_stream_stops_with_the_last_array_that_is_wanted(monkeypatch):
    monkeypatch.setattr(attention, "_AT_ONCE", 1)
    made, softmax = [], attention.softmax

    def watched(x, out):
        made.append(True)
        return softmax(x, out=out)

    monkeypatch.setattr(attention, "softmax", watched)
    assert len(list(stream(PARAMS, CONFIG, {Address("encoder", 0, "weights")}, SOURCE))) == 7
    assert len(made) == 7


@settings(max_examples=60, deadline=None)
@given(configs(), st.integers(2, 9), st.sampled_from([1, 3, 17]))
def test_rows_of_a_long_text_are_worked_on_some_at_a_time_and_its_weights_are_those_of_whole_matrices(config, n, rows):
    params, source = params_of(config, np.float64), Sequence(ids=np.arange(n) * 13 % N_VOCAB)
    for layers in ((0, 1), (1,)):
        addresses = {Address("encoder", layer, "weights") for layer in layers}
        whole = run(params, config, addresses, source)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(head_rows, "AT_ONCE", rows)
            found = run(params, config, addresses, source)
        for layer in layers:
            np.testing.assert_allclose(found["encoder", layer].weights, whole["encoder", layer].weights, atol=1e-12)


def test_of_a_long_text_no_matrix_is_made_that_nobody_asks_for(monkeypatch):
    n = 60
    monkeypatch.setattr(head_rows, "AT_ONCE", 2 * n)
    scored, score = [], attention.attention_scores

    def watched(q, k, *rest):
        scored.append((*q.shape[-3:-1], k.shape[-2]))
        return score(q, k, *rest)

    monkeypatch.setattr(attention, "attention_scores", watched)
    source = Sequence(ids=np.arange(n))
    addresses = {Address("encoder", 1, "weights")}
    kept = [
        (step.heads, step.value.shape) for step in stream(PARAMS, CONFIG, addresses, source, heads={"encoder": (5, 2)})
    ]
    assert kept == [((2,), (1, n, n)), ((5,), (1, n, n))]
    assert set(scored) == {(1, 2, n)}  # two rows of a head at a time
    assert len(scored) == (7 + 2) * n / 2  # of the last layer, the heads asked for


def test_of_a_short_text_heads_that_nobody_asks_for_do_not_come():
    found = list(stream(PARAMS, CONFIG, {Address("encoder", 1, "weights")}, SOURCE, heads={"encoder": (5, 2)}))
    assert [head for step in found for head in step.heads] == [2, 5]
