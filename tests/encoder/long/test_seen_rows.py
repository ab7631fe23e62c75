"""Rows that are seen as they are computed are those of the matrices, and no more is computed than is needed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.embedding import Sequence
from attnviz.encoder.long import head_rows
from attnviz.encoder.long.parallel import n_threads, set_threads
from attnviz.encoder.long.seen_rows import see_rows
from attnviz.encoder.parameters.params import ArrayParams
from attnviz.encoder.stack import Address, run
from attnviz.errors import InputError
from tests.encoder.mixtures import N_VOCAB, configs, params_of


@settings(max_examples=60)
@given(
    configs().filter(lambda config: not config.disentangled.parts),
    st.integers(2, 9),
    st.sampled_from([1, 3, 17]),
    st.sampled_from([(0, 1), (1,), (0,)]),
    st.sampled_from([(0, 1, 2), (1,), (0, 2)]),
    st.sampled_from([1, 3]),
)
def test_rows_that_are_seen_are_those_of_the_matrices(config, n, at_once, layers, heads, threads):
    params, source = params_of(config, np.float64), Sequence(ids=np.arange(n) * 13 % N_VOCAB)
    whole = run(params, config, {Address("encoder", layer, "weights") for layer in layers}, source)
    seen = {layer: np.full((len(heads), n, n), np.nan) for layer in layers}
    last = {}

    def begin(layer):
        def see(rows):
            assert rows.rows.start == last.get((layer, rows.head), 0)  # those of a head come in order
            last[layer, rows.head] = rows.rows.stop
            seen[layer][heads.index(rows.head), rows.rows] = rows.exponentials / rows.totals
            with np.errstate(divide="ignore", under="ignore"):
                np.testing.assert_allclose(np.exp(rows.shifted), rows.exponentials, atol=1e-12)
            assert (rows.shifted <= 0).all()

        return see

    before = n_threads()
    set_threads(threads)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(head_rows, "AT_ONCE", at_once)
            see_rows(params, config, layers, heads, source, begin)
    finally:
        set_threads(before)
    for layer in layers:
        np.testing.assert_allclose(seen[layer], whole["encoder", layer].weights[list(heads)], atol=1e-12)


def nobody_looks(_layer):
    return id


@pytest.mark.parametrize("threads", [1, 3])
def test_weights_that_are_not_finite_are_an_error_in_any_thread(threads):
    config = EncoderConfig(n_layers=1, n_heads=3, d_model=12, d_ff=0, n_vocab=101)
    made = params_of(config, np.float32)
    params = ArrayParams({**made, "layers.0.attn.wq": made["layers.0.attn.wq"] * np.float32(1e38)})
    before = n_threads()
    set_threads(threads)
    try:
        with pytest.raises(InputError, match=r"^encoder layer 0: the weights are not finite; expected vectors"):
            see_rows(params, config, (0,), (0, 1, 2), Sequence(ids=np.arange(5)), nobody_looks)
    finally:
        set_threads(before)
