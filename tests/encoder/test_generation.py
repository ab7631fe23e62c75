"""A text that grows token by token, with its keys and values kept, is computed as the whole text is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.embedding import Sequence
from attnviz.encoder.generation.greedy import generated_ids, keeps_keys, target_step, text_step
from attnviz.encoder.generation.rules import GenerationRules
from attnviz.encoder.generation.unembedding import Unembedding, tied_unembedding
from attnviz.encoder.parameters.params import ArrayParams
from attnviz.encoder.parameters.seeded import SeededParams
from attnviz.encoder.stack import decode, encode, output_of
from tests.encoder.mixtures import N_VOCAB, configs, params_of


def grown(step, config, ids, ends):
    """The last token's output at each length, and how many lengths kept their keys."""
    past, start, outputs, kept = {}, 0, [], 0
    for end in ends:
        if start and not keeps_keys(config, start, end):
            past, start = {}, 0
        kept += start > 0
        output, past = step(ids[:end], start, past)
        outputs.append(output)
        start = end
    return outputs, kept


@settings(max_examples=40)
@given(data=st.data())
def test_a_growing_text_is_computed_as_the_whole_one(data):
    fixed = data.draw(st.sampled_from([{"mask": "causal"}, {"mask": "causal", "window": 1, "window_layers": "0"}]))
    config = data.draw(configs(**fixed))
    params = params_of(config, np.float64)
    ids = np.array(data.draw(st.lists(st.integers(0, N_VOCAB - 1), min_size=6, max_size=9)))
    ends = (2, 3, 5, len(ids))
    outputs, _ = grown(text_step(params, config), config, ids, ends)
    for end, output in zip(ends, outputs, strict=True):
        whole = output_of(encode(params, config, Sequence(ids=ids[:end])))
        np.testing.assert_allclose(output, whole[-1], atol=1e-9)


@pytest.mark.parametrize("position", ["learned", "rotary", "alibi", "relative", "sinusoidal"])
def test_a_growing_target_is_computed_as_the_whole_one(position):
    config = EncoderConfig(
        n_layers=2, n_heads=4, n_kv_heads=2, d_model=24, d_ff=17, n_vocab=53, n_ctx=31, decoder_position=position,
        decoder_layers=3,
    )  # fmt: skip
    params = SeededParams(config, 5, decoder=True)
    source, ids = Sequence(ids=np.arange(7)), np.array([3, 1, 4, 1, 5, 9, 2])
    memory = output_of(encode(params, config, source))
    ends = (1, 2, 4, 7)
    outputs, kept = grown(target_step(params, config, source), config.decoder_block, ids, ends)
    assert kept == 3
    for end, output in zip(ends, outputs, strict=True):
        whole = output_of(decode(params, config, Sequence(ids=ids[:end]), source, memory))
        np.testing.assert_allclose(output, whole[-1], atol=1e-5)


def test_only_new_tokens_are_computed():
    config = EncoderConfig(n_layers=2, d_model=20, n_heads=4, mask="causal", n_vocab=53, n_ctx=31)
    params, ids = SeededParams(config, 1), np.arange(9)
    _, past = text_step(params, config)(ids[:6], 0, {})
    shapes = {a.name: v.shape for a, v in encode(params, config, Sequence(ids=ids, start=6), past) if a.layer == 1}
    assert shapes["q"] == (4, 3, 5)
    assert shapes["k"] == shapes["v"] == (4, 9, 5)
    assert shapes["weights"] == (4, 3, 9)
    assert shapes["out"] == (3, 20)


def test_logits_are_those_of_loops():
    rng = np.random.default_rng(0)
    d, width, n = 5, 3, 7
    shapes = {"w": (width, n), "b": (n,), "project": (d, width), "dense.w": (d, d), "dense.b": (d,)}
    p = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    p |= {"norm.gain": rng.normal(size=d), "norm.bias": rng.normal(size=d)}
    x = rng.normal(size=d)
    head = Unembedding(ArrayParams(p), scale=0.5, cap=1.5, activation="relu", norm_eps=1e-3)
    dense = [max(sum(x[i] * p["dense.w"][i, j] for i in range(d)) + p["dense.b"][j], 0) for j in range(d)]
    mean = sum(dense) / d
    deviation = (sum((one - mean) ** 2 for one in dense) / d + 1e-3) ** 0.5
    normed = [(one - mean) / deviation * p["norm.gain"][j] + p["norm.bias"][j] for j, one in enumerate(dense)]
    narrow = [sum(normed[i] * p["project"][i, j] for i in range(d)) for j in range(width)]
    logits = [sum(narrow[i] * p["w"][i, j] for i in range(width)) + p["b"][j] for j in range(n)]
    expected = [1.5 * np.tanh(0.5 * one / 1.5) for one in logits]
    np.testing.assert_allclose(head.logits(x), expected, atol=1e-12)


def test_a_width_of_tokens_comes_back_by_the_transpose():
    config = EncoderConfig(d_model=8, n_heads=2, d_embed=3, project="before", n_vocab=11, mask="causal", n_layers=1)
    params = SeededParams(config, 0)
    output = np.arange(8, dtype=np.float32)
    expected = params["embed.tokens"] @ (params["embed.project.w"] @ output)
    np.testing.assert_allclose(tied_unembedding(params, config).logits(output), expected, rtol=1e-5)


def test_a_text_ends_at_an_end_token_or_at_the_most():
    config = EncoderConfig(n_layers=1, d_model=8, n_heads=2, mask="causal", n_vocab=23, n_ctx=64)
    params = SeededParams(config, 3)
    head, step = tied_unembedding(params, config), text_step(params, config)
    rules = GenerationRules(no_repeat_ngram_size=1)
    ids = list(generated_ids(step, config, head, np.array([1, 2]), rules, most=9))
    assert len(set(ids)) == 9
    ended = GenerationRules(no_repeat_ngram_size=1, end=(ids[4], 99))
    assert list(generated_ids(step, config, head, np.array([1, 2]), ended, most=9)) == ids[:5]


def test_an_end_that_grows_beyond_all_numbers_stays_as_it_is():
    rules = GenerationRules(end=(1,), decay=(0, 2.0**30))
    logits, ids = np.array([3.0, 2.0, 1.0]), np.arange(100)
    assert rules.applied(logits, ids[:3], 1, 99).tolist() == [3.0, 2.0 + 2.0 * (2.0**60 - 1), 1.0]
    assert rules.applied(logits, ids, 1, 99).tolist() == [3.0, 2.0, 1.0]  # 2 ** 2970


def test_rules_leave_the_logits_as_they_are():
    logits, ids = np.arange(5.0), np.array([4, 3])
    rules = GenerationRules(repetition_penalty=2.0, suppressed=(2, 99), bad_words=((3, 1), (0,)), end=(0,))
    np.testing.assert_array_equal(rules.applied(logits, ids, 2, 9), [0, -np.inf, -np.inf, 1.5, 2])
    np.testing.assert_array_equal(logits, np.arange(5.0))
