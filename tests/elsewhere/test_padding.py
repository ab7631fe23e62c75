"""Padding is masked on both sides of the text, whoever says which tokens it is."""

import numpy as np
import pytest

from attnviz.analysis.heads.metrics import head_metrics
from attnviz.errors import InputError, UsageError
from tests.elsewhere.arrays import read, softmax, text

TOKENS = ["a", "b", *["<pad>"] * 6]
REAL = [True, True, *[False] * 6]
PADDING = [not real for real in REAL]


def padded(order=1, **fields):
    """Uniform attention to two real tokens, with padding on the right, or with order -1 on the left."""
    rows = np.zeros((8, 8))
    rows[:, :2] = 0.5
    reverse = {key: value[::order] if isinstance(value, list) else value for key, value in fields.items()}
    return text({"attention": rows[::order, ::order].tolist(), "tokens": TOKENS[::order], **reverse})


def metrics(data, **options):
    return {name: value[0, 0] for name, value in head_metrics(read(data, **options).views["encoder"]).values.items()}


STATED = {
    "padding": {"padding": PADDING},
    "attention_mask": {"attention_mask": [int(real) for real in REAL]},
    "attention_mask of truth values": {"attention_mask": REAL},
    "additive mask": {"attention_mask": [0.0 if real else -10000.0 for real in REAL]},
    "special": {"special": PADDING},
}


@pytest.mark.parametrize("order", [1, -1], ids=["right", "left"])
@pytest.mark.parametrize("stated", STATED)
def test_stated_padding_counts_nowhere(order, stated):
    values = metrics(padded(order, **STATED[stated]))
    assert values["entropy_ratio"] == pytest.approx(1)
    assert (values["first"], values["previous"], values["next"]) == pytest.approx((0.5, 0.5, 0.5))


@pytest.mark.parametrize("order", [1, -1], ids=["right", "left"])
def test_padding_by_the_user(order):
    said = (0, 6)[::order]
    assert metrics(padded(order), padding=said)["entropy_ratio"] == pytest.approx(1)
    assert metrics(padded(order), padding="auto")["entropy_ratio"] == pytest.approx(1)
    assert metrics(padded(order, padding=PADDING), padding="none")["entropy_ratio"] == pytest.approx(1 / 3)


def test_labels_of_padding_at_an_end_are_noted_with_the_flag():
    noted = []
    view = read(padded(), name="a", note=noted.append).views["encoder"]
    assert not any(token.padding for token in view.keys)
    note = "a: 6 tokens at the ends are <pad>, read as part of the text; --padding auto masks them"
    assert note in noted
    noted = []
    read(padded(), padding="none", note=noted.append)
    assert not any("--padding" in text for text in noted)


def test_padded_rows_and_columns_are_masked_and_padded_tokens_special():
    view = read(padded(padding=PADDING)).views["encoder"]
    both = np.array(PADDING)
    np.testing.assert_array_equal(view.masked[0], both[:, None] | both)
    assert not view.matrices[0, 0, 2:].any()
    assert [token.special for token in view.keys] == PADDING
    assert view.rest is None


def test_rows_of_padding_may_hold_anything():
    rows = softmax(4, 4).tolist()
    rows[3] = [None] * 3 + [7]
    data = text({"attention": [*rows[:3], [9, 9, 9, 9]], "tokens": list("abcd"), "attention_mask": [1, 1, 1, 0]})
    assert read(data).views["encoder"].masked[0, 3].all()


def test_what_rows_give_to_padding_is_their_rest_with_a_note():
    noted = []
    data = text({"attention": [[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0, 0, 1]], "attention_mask": [1, 1, 0]})
    view = read(data, name="a", note=noted.append).views["encoder"]
    np.testing.assert_allclose(view.rest[0, 0], [0.2, 0.3, 0], atol=1e-6)
    assert "a: a row gives up to 30% to padding; that is its rest" in noted


def test_scores_of_padding_are_masked():
    data = text({"attention": [[1, 2, 3], [4, 5, 6], [7, 8, 9]], "values": "scores", "attention_mask": [0, 1, 1]})
    view = read(data).views["encoder"]
    assert view.masked[0].tolist() == [[True] * 3, [True, False, False], [True, False, False]]
    assert np.isneginf(view.matrices[0, 0][view.masked[0]]).all()


def test_causal_attention_with_padding_is_causal():
    weights = np.zeros((6, 6))
    weights[2:, 2:] = np.tril(np.ones((4, 4))) / np.arange(1, 5)[:, None]
    weights[:2, 2] = 1  # what the model computed for padding
    data = text({"attention": weights.tolist(), "attention_mask": [0, 0, 1, 1, 1, 1]})
    noted = []
    view = read(data, note=noted.append).views["encoder"]
    assert "causal" in noted[-1]
    assert (~view.masked[0]).sum() == 10
    assert metrics(data)["first"] == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)


@pytest.mark.parametrize(
    ("options", "fields", "error", "message"),
    [
        ({"padding": (4, 4)}, {}, UsageError, "padding: 4,4 are 8 tokens, and there are 8; expected fewer"),
        ({}, {"attention_mask": [0] * 8}, InputError, "all 8 tokens are padding; expected some that are not"),
    ],
)
def test_a_text_of_only_padding_is_refused(options, fields, error, message):
    with pytest.raises(error) as caught:
        read(padded(**fields), **options)
    assert str(caught.value).endswith(message)


def test_a_mask_of_another_shape_is_noted():
    noted = []
    read(padded(attention_mask=[[1] * 8] * 8), name="a", note=noted.append)
    assert "a: attention_mask is not read: its shape is (8, 8), and there are 8 tokens" in noted


def test_the_targets_mask_is_the_targets():
    data = text(
        {
            "cross_attention": [[0.5, 0.5], [0.25, 0.75], [1, 0]],
            "target_tokens": ["x", "y", "[PAD]"],
            "decoder_attention_mask": [1, 1, 0],
        }
    )
    view = read(data).views["cross"]
    assert [token.padding for token in view.queries] == [False, False, True]
    assert view.masked[0].tolist() == [[False] * 2, [False] * 2, [True] * 2]


def test_padding_of_a_decoder_alone_is_that_of_its_text():
    data = text({"decoder_attention": [[1, 0, 0], [0.5, 0.5, 0], [0, 0, 1]], "tokens": ["x", "y", "[PAD]"]})
    noted = []
    (view,) = read(data, padding=(0, 1), special=["x"], note=noted.append).views.values()
    assert [token.padding for token in view.keys] == [False, False, True]
    assert not any("--special" in note for note in noted)


def test_numbers_of_padding_are_those_of_the_source():
    data = text({"cross_attention": [[0.5, 0.5, 0], [0.25, 0.75, 0]]})
    (view,) = read(data, padding=(0, 1)).views.values()
    assert [token.padding for token in view.keys] == [False, False, True]
    assert not any(token.padding for token in view.queries)
