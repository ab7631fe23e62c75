"""The steps of a generation are assembled into one causal matrix for each layer and head."""

import numpy as np
import pytest

from attnviz.errors import InputError
from tests.elsewhere.arrays import labels, npz, read, softmax, text

PROMPT, N = 3, 6


def causal(*shape):
    weights = np.tril(softmax(*shape))
    return weights / weights.sum(axis=-1, keepdims=True)


WHOLE = causal(2, 4, N, N)  # layers, heads
BATCHED = WHOLE[:, None]
STEPS = [BATCHED[..., :PROMPT, :PROMPT], *(BATCHED[..., k - 1 : k, :k] for k in range(PROMPT + 1, N + 1))]
LATER = np.triu(np.ones((N, N), bool), 1)


def lists(steps):
    return [step.tolist() for step in steps]


@pytest.mark.parametrize(
    "data",
    [
        text(lists(STEPS)),
        text(lists(step[:, 0] for step in STEPS)),
        text({"attentions": lists(STEPS)}),
        text({"attentions": [[step[i].tolist() for step in STEPS] for i in range(2)]}),
        npz(*[], **{f"arr_{i}": step for i, step in enumerate(STEPS)}),
        npz(**{f"step_{i}": step[:, 0] for i, step in enumerate(STEPS)}),
        npz(**{f"step_{i}_layer_{j}": step[j] for i, step in enumerate(STEPS) for j in range(2)}),
    ],
    ids=["steps", "without a batch", "named", "layers of steps", "arrays", "named arrays", "arrays of layers"],
)
def test_the_prompts_block_comes_first_and_each_step_is_a_row(data):
    noted = []
    view = read(data, name="f", note=noted.append).views["encoder"]
    np.testing.assert_allclose(view.matrices, WHOLE, rtol=1e-6)
    assert all(np.array_equal(masked, LATER) for masked in view.masked)
    assert [note.rpartition(": ")[2] for note in noted] == [
        "4 steps of a generation are read as one matrix a head, with later tokens masked"
    ]


def test_one_token_at_a_time_from_the_first():
    rows = [causal(1, 1, 1, N)[..., :k] for k in range(1, N + 1)]
    rows = [row / row.sum(axis=-1, keepdims=True) for row in rows]
    view = read(text(lists(rows))).views["encoder"]
    np.testing.assert_allclose(view.matrices[0, 0, 4, :5], rows[4][0, 0, 0], rtol=1e-6)


def test_rows_of_a_prompt_that_was_not_saved_look_at_nothing():
    noted = []
    view = read(text(lists(STEPS[1:])), note=noted.append).views["encoder"]
    np.testing.assert_allclose(view.matrices[..., PROMPT:, :], WHOLE[..., PROMPT:, :], rtol=1e-6)
    assert not view.matrices[..., :PROMPT, :].any()
    assert noted[0].endswith("its first 3 tokens have no rows there and look at nothing")


def test_the_last_token_has_no_step_and_a_mask_of_the_prompt_counts_on():
    tokens = list("abcdefg")
    result = read(text({"attentions": lists(STEPS), "tokens": tokens, "attention_mask": [[1] * PROMPT]}))
    assert labels(result.tokens) == tokens[:N]
    assert not any(token.padding for token in result.tokens)


def test_steps_of_an_encoder_and_a_decoder():
    cross = softmax(2, 1, 4, N, 5)
    arrays = {
        "encoder_attentions": softmax(2, 1, 4, 5, 5).tolist(),
        "decoder_attentions": lists(BATCHED[..., k - 1 : k, :k] for k in range(1, N + 1)),
        "cross_attentions": lists(cross[..., k : k + 1, :] for k in range(N)),
    }
    result = read(text(arrays))
    np.testing.assert_allclose(result.decoder_attention, WHOLE, rtol=1e-6)
    np.testing.assert_allclose(result.cross_attention, cross[:, 0], rtol=1e-6)


def test_numbered_steps_of_each_kind():
    cross = softmax(2, 1, 4, N, 5)
    arrays = {f"decoder_attentions_{k}": BATCHED[..., k : k + 1, : k + 1] for k in range(N)}
    arrays |= {f"cross_attentions_{k}": cross[..., k : k + 1, :] for k in range(N)}
    result = read(npz(**arrays))
    np.testing.assert_allclose(result.decoder_attention, WHOLE, rtol=1e-6)
    np.testing.assert_allclose(result.cross_attention, cross[:, 0], rtol=1e-6)


def test_lists_that_grow_otherwise_are_ragged():
    with pytest.raises(InputError, match="expected lists of equal length"):
        read(text(lists([STEPS[0], STEPS[2]])))
