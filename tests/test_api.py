"""attnviz as a library."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.errors import InputError, UsageError
from tests.noise import ROUNDING


def test_every_public_name_is_there_and_others_are_not():
    for name in attnviz.__all__:
        assert getattr(attnviz, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = attnviz.nothing


def test_importing_attnviz_imports_nothing_heavy():
    code = "import sys, attnviz; assert not {'numpy', 'typer', 'rich', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_one_line_gives_attention_as_a_numpy_array():
    result = attnviz.run("The cat sat", seed=0)
    assert result.attention.shape == (2, 4, 3, 3)
    assert result.attention.dtype == np.float32
    np.testing.assert_allclose(result.attention.sum(axis=-1), 1, atol=1e-6)
    assert [token.text for token in result.tokens] == ["The", "cat", "sat"]
    assert result.model.weights == "seed:0"


def test_rows_and_columns_of_a_text_have_a_rest():
    whole = attnviz.run("The cat sat", seed=0).attention
    view = attnviz.run("The cat sat", seed=0, rows="cat", columns="The,2").views["encoder"]
    np.testing.assert_array_equal(view.matrices, whole[:, :, 1:2][..., [0, 2]])
    np.testing.assert_allclose(view.rest, whole[:, :, 1:2, 1], atol=1e-6)


def test_a_file_is_read_as_its_layout_says(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text('id,sentence1,sentence2\n1,"The cat, sat",A dog\n')
    notes = []
    layout = attnviz.FileLayout(field="sentence1", pair_field="sentence2")
    (result,) = attnviz.sweep(path, layout=layout, note=notes.append)
    assert (result.text, result.pair, notes) == ("The cat, sat", "A dog", [])
    path = tmp_path / "data.txt"
    path.write_text("The cat ||| A dog\n")
    (result,) = attnviz.sweep(path, note=notes.append)
    assert (result.text, result.target) == ("The cat", "A dog")
    assert [note.partition(": ")[2][:29] for note in notes] == ["read as SOURCE ||| TARGET; --"]


def test_a_target_gives_three_kinds_of_attention():
    result = attnviz.run("The cat sat", target="Le chat", seed=0)
    assert result.attention.shape == (2, 4, 3, 3)
    assert result.decoder_attention.shape == (2, 4, 2, 2)
    assert result.cross_attention.shape == (2, 4, 2, 3)
    assert [token.text for token in result.target_tokens] == ["Le", "chat"]
    assert result.decoder_attention[0, 0, 0].tolist() == [1, 0]


def test_a_token_has_the_same_vector_in_every_sentence():
    model = attnviz.load(seed=0, position="none")
    from attnviz.encoder.stack import Address

    entered = Address("encoder", None, "embedded")
    first = attnviz.run("the cat sat", model=model, keep=[entered]).trace.embeddings["encoder"].embedded
    other = attnviz.run("a small, old cat", model=model, keep=[entered]).trace.embeddings["encoder"].embedded
    np.testing.assert_array_equal(first[1], other[-1])


def test_results_cannot_be_written_to():
    model = attnviz.load(seed=0)
    result = attnviz.run("The cat sat", model=model, keep=["q"])
    for array in (result.attention, result.trace["encoder", 0].q, model.params["layers.0.attn.wq"]):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_a_decoder_with_relative_positions_reads_a_long_target():
    result = attnviz.run("a b", target=" ".join("word" for _ in range(60)), position="relative", n_ctx=64)
    np.testing.assert_allclose(result.decoder_attention.sum(axis=-1), 1, atol=1e-5)


def test_numpys_integers_select_too():
    assert attnviz.run("a b", seed=0, layers=np.int64(1), heads=(np.int64(0), 2)).attention.shape == (1, 2, 2, 2)


def test_a_selection_gives_the_same_numbers_as_the_whole():
    whole = attnviz.run("The cat sat", seed=0).attention
    some = attnviz.run("The cat sat", seed=0, layers="-1", heads="3,0")
    np.testing.assert_array_equal(some.attention, whole[[1]][:, [3, 0]])
    assert (some.views["encoder"].layers, some.views["encoder"].heads) == ((1,), (3, 0))


def test_scores_become_weights_by_softmax():
    scores = attnviz.run("The cat sat", seed=0, values="scores", mask="causal").attention
    weights = attnviz.run("The cat sat", seed=0, mask="causal").attention
    np.testing.assert_allclose(np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True), weights, atol=1e-6)
    assert np.isneginf(scores[..., 0, 1:]).all()


def test_vectors_take_the_place_of_a_text():
    vectors = np.random.default_rng(0).normal(size=(5, 12))
    result = attnviz.run(vectors=vectors, tokens=list("abcde"), n_heads=3)
    assert result.attention.shape == (2, 3, 5, 5)
    assert result.attention.dtype == np.float32
    assert [token.label for token in result.tokens] == list("abcde")
    assert result.text is None


def test_what_was_kept_is_in_the_trace():
    result = attnviz.run("The cat sat", seed=0, layers=1, keep=["q", "z"])
    assert result.trace["encoder", 1].q.shape == (4, 3, 16)
    assert result.trace["encoder", 1].k is None


def test_padding_is_masked_and_changes_nothing_else():
    plain, padded = attnviz.run("The cat sat", seed=0), attnviz.run("The cat sat", seed=0, pad_to=5)
    np.testing.assert_allclose(padded.attention[:, :, :3, :3], plain.attention, atol=ROUNDING)
    assert padded.views["encoder"].masked[0, 0].tolist() == [False, False, False, True, True]
    assert [token.padding for token in padded.tokens] == [False] * 3 + [True] * 2


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (attnviz.run, UsageError, "run: nothing to run on; expected a text or vectors"),
        (lambda: attnviz.run(" "), InputError, "text: empty or blank; expected at least one token"),
        (
            lambda: attnviz.run("a b c", n_ctx=2),
            InputError,
            "text: 3 tokens, and n_ctx is 2; expected at most 2",
        ),
        (
            lambda: attnviz.run("a", n_head=2),
            UsageError,
            "model: unknown field 'n_head' (did you mean 'n_heads'?); expected fields of the block",
        ),
        (
            lambda: attnviz.run("a", weights="x.npz", seed=1),
            UsageError,
            "seed, weights: 2 origins of weights are given; expected one of them",
        ),
        (
            lambda: attnviz.run("a", kinds=("cross",)),
            UsageError,
            "kind: cross attention needs a target text; expected --target TEXT",
        ),
        (
            lambda: attnviz.run("a", vectors=np.ones((2, 64))),
            UsageError,
            "vectors: a text is given too; expected one of them",
        ),
        (
            lambda: attnviz.run(vectors=np.ones((2, 5)), d_model=64),
            InputError,
            "vectors: the shape is (2, 5); expected (tokens, d_model) with d_model 64",
        ),
        (
            lambda: attnviz.run(vectors=np.full((2, 64), np.nan)),
            InputError,
            "vectors: some numbers are not finite as float32; expected smaller numbers",
        ),
        (
            lambda: attnviz.run(vectors=np.ones((2, 64)), tokens=["a"]),
            InputError,
            "tokens: there are 1, and 2 vectors; expected one each",
        ),
        (
            lambda: attnviz.run("a b", seed=0, pad_to=1),
            UsageError,
            "pad-to: 1 is less than the text's 2 tokens; expected 2 or more",
        ),
        (
            lambda: attnviz.run("a", reduce="min"),
            UsageError,
            "reduce: 'min' is not known; expected none, mean-heads, mean, max, rollout, flow",
        ),
        (
            lambda: attnviz.run("a", values="q"),
            UsageError,
            "values: 'q' is not known; expected weights, scores, norms, zeroing",
        ),
        (
            lambda: attnviz.run("a", kinds=("self",)),
            UsageError,
            "kinds: 'self' is not known; expected encoder, decoder, cross",
        ),
        (lambda: attnviz.run("a", layers=()), UsageError, "layer: nothing is selected; expected at least one"),
        (
            lambda: attnviz.run("a", tokens=["b"]),
            UsageError,
            "tokens: labels are for vectors, and a text has its own; expected one of them",
        ),
        (
            lambda: attnviz.run("a", model=attnviz.load(), seed=1),
            UsageError,
            "run: a model and seed are given; expected one of them",
        ),
    ],
)
def test_wrong_calls_get_one_line(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize("named", [str, Path])
def test_a_model_may_be_named_where_one_is_expected(named, tmp_path):
    folder = named(Path(attnviz.__file__).parent / "bundled" / "tiny")
    loaded = attnviz.load(model=folder)
    by_name = attnviz.run("the cat sat", model=folder)
    assert np.array_equal(by_name.attention, attnviz.run("the cat sat", model=loaded).attention)
    assert attnviz.run("the cat sat", model=folder, mask="causal").attention[0, 0, 0, -1] == 0
    assert len(attnviz.heads(["the cat sat"], model=folder).places) == loaded.config.n_layers * loaded.config.n_heads
    assert attnviz.probe_repeat(folder, length=4, batch=1, null=0).metrics.head_shape == (3, 12)
