"""Several texts in one run: each is there once, within bounds, and has the numbers that it has alone."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.encoder import attention, batch
from attnviz.encoder.batch import batches, stacked
from attnviz.encoder.embedding import Sequence
from attnviz.encoder.stack import Address, run
from tests.encoder.mixtures import configs, params_of, sequences

KINDS = ("encoder", "decoder", "cross")


@given(st.lists(st.integers(1, 2000), max_size=60))
def test_batches_have_each_text_once_and_keep_their_bounds(lengths):
    found = list(batches(lengths))
    assert sorted(text for one in found for text in one) == list(range(len(lengths)))
    for one in found:
        places = len(one) * max(lengths[text] for text in one)
        assert len(one) == 1 or places <= batch._MOST_PLACES
        padding = places - sum(lengths[text] for text in one)
        assert batch._PADDING * padding <= batch._COST * (len(one) - 1)  # what company saves


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], []),
        ([3], [[0]]),
        ([5, 5, 5], [[0, 1, 2]]),
        ([200, 10, 190, 11], [[2, 0], [1, 3]]),  # nearly the same length, wherever they stand
        ([1024, 1025, 256, 256], [[1], [0], [2, 3]]),  # long ones run by themselves
    ],
)
def test_texts_of_nearly_the_same_length_run_together(lengths, expected):
    assert list(batches(lengths)) == expected


def test_as_many_run_together_as_the_bound_allows():
    sizes = [len(one) for one in batches([16] * 66)]
    assert (len(sizes), max(sizes)) == (3, 32)


@given(st.lists(st.integers(1, 30), max_size=7))
def test_no_other_cut_of_the_texts_by_length_costs_less(lengths):
    def cost(cuts):
        ends = [*cuts, len(lengths)]
        parts = [ordered[start:end] for start, end in zip([0, *cuts], ends, strict=True)]
        return sum(batch._PADDING * part[-1] * len(part) + batch._COST for part in parts)

    ordered = sorted(lengths)
    inner = range(1, len(lengths))
    every = [cost(cuts) for n in range(len(lengths)) for cuts in combinations(inner, n)]
    found = cost_of_batches(lengths)
    assert found == pytest.approx(min(every, default=0))


def cost_of_batches(lengths):
    sizes = [(max(lengths[i] for i in one), len(one)) for one in batches(lengths)]
    return sum(batch._PADDING * longest * count + batch._COST for longest, count in sizes)


def test_sequences_side_by_side_are_filled_up_on_the_right():
    ids = [np.array([4, 8, 15]), np.array([16]), np.array([23, 42])]
    own = np.array([False, True])
    found = stacked([Sequence(ids=ids[0]), Sequence(ids=ids[1]), Sequence(ids=ids[2], padding=own)])
    assert found.ids[:, 0].tolist() == [4, 16, 23]
    assert found.padding.tolist() == [[False] * 3, [False, True, True], [False, True, True]]
    assert (len(found), found.type_ids) == (3, None)
    assert stacked([Sequence(ids=one) for one in (ids[0], ids[0])]).padding is None


def test_segments_are_filled_up_too():
    sequences = [Sequence(ids=np.arange(n), type_ids=np.ones(n, np.int64)) for n in (2, 3)]
    assert stacked(sequences).type_ids.tolist() == [[1, 1, 0], [1, 1, 1]]


# A norm of four numbers that happen to be close magnifies float32's noise, and cosines show it; float64 is the proof.
@pytest.mark.parametrize(
    ("dtype", "tolerance", "fixed"),
    [(np.float64, 1e-12, {}), (np.float32, 1e-6, {"qk_norm": False, "score": "scaled_dot"})],
)
@settings(max_examples=40)
@given(data=st.data())
def test_in_a_batch_each_text_has_the_numbers_that_it_has_alone(dtype, tolerance, fixed, data):
    config = data.draw(configs(**fixed))
    params = params_of(config, dtype)
    texts = data.draw(st.lists(st.tuples(sequences(config), sequences(config)), min_size=2, max_size=4))
    places = list(product(KINDS, range(config.n_layers)))
    addresses = {Address(*place, name) for place in places for name in ("scores", "weights")}
    addresses |= {Address(kind, None, "output") for kind in ("encoder", "decoder")}
    together = run(params, config, addresses, *(stacked([text[side] for text in texts]) for side in (0, 1)))
    weights = {Address("encoder", layer, "weights") for layer in range(config.n_layers)}
    packed = run(params, config, weights, stacked([source for source, _ in texts]))
    for at, (source, target) in enumerate(texts):
        alone = run(params, config, addresses, source, target)
        n_of = {"encoder": (len(source),) * 2, "decoder": (len(target),) * 2, "cross": (len(target), len(source))}
        for kind, layer in places:
            n_queries, n_keys = n_of[kind]
            ours, theirs = together[kind, layer], alone[kind, layer]
            assert_equal(ours.weights[at, :, :n_queries, :n_keys], theirs.weights, tolerance)
            assert_equal(ours.scores[at, :, :n_queries, :n_keys], theirs.scores, 10 * tolerance)
            assert not ours.weights[at, :, :n_queries, n_keys:].any()
            if kind == "encoder":
                assert_equal(packed[kind, layer].weights[at, :, :n_queries, :n_keys], theirs.weights, tolerance)
        for kind in ("encoder", "decoder"):
            assert_equal(together.outputs[kind][at, : n_of[kind][0]], alone.outputs[kind], 10 * tolerance)


def assert_equal(ours, theirs, tolerance):
    """But for noise, which is relative to how large the numbers are where they are no shares."""
    scale = np.abs(theirs[np.isfinite(theirs)]).max(initial=1)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * scale)


@settings(max_examples=20)
@given(st.data(), st.sampled_from([1, 10, 40, 200]))
def test_a_batch_may_come_some_heads_at_a_time(data, at_once):
    config = data.draw(configs())
    params = params_of(config, np.float64)
    source = stacked(data.draw(st.lists(sequences(config), min_size=2, max_size=3)))
    addresses = {Address("encoder", 1, "weights"), Address("encoder", None, "output")}
    whole = run(params, config, addresses, source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention, "_AT_ONCE", at_once)
        some = run(params, config, addresses, source, heads={"encoder": (2, 0)})
    np.testing.assert_allclose(some["encoder", 1].weights, whole["encoder", 1].weights[:, [2, 0]], atol=1e-12)
    np.testing.assert_allclose(some.outputs["encoder"], whole.outputs["encoder"], atol=1e-11)
