"""Arrays of a file are found by their names, as transformers, TransformerLens and others write them."""

import io
import json

import numpy as np
import pytest
from safetensors.numpy import save

from attnviz.analysis.matrices.selection import Request, select_attention
from attnviz.elsewhere.attention_file import read_attention
from attnviz.errors import InputError
from tests.elsewhere.arrays import labels, npz, read, softmax, text

LAYERS = [softmax(1, 2, 4, 4) for _ in range(12)]  # more than ten, so that their order by letters is another


def as_npz(arrays):
    return npz(**{name: np.array(value) for name, value in arrays.items()})


def as_json(arrays):
    return text({name: np.asarray(value).tolist() for name, value in arrays.items()})


def as_safetensors(arrays):
    texts = {name: json.dumps(value) for name, value in arrays.items() if isinstance(value, list)}
    return save({name: np.array(v) for name, v in arrays.items() if not isinstance(v, list)}, metadata=texts)


FORMATS = pytest.mark.parametrize("encode", [as_npz, as_json, as_safetensors])


@FORMATS
@pytest.mark.parametrize(
    "name",
    ["arr_{}", "layer_{}", "layer{}", "layers.{}.self_attn", "blocks.{}.attn.hook_pattern", "attentions.{}", "{}"],
)
def test_numbered_arrays_are_layers_in_the_order_of_their_numbers(encode, name):
    arrays = {name.format(i): layer for i, layer in enumerate(LAYERS)}
    view = read(encode(arrays)).views["encoder"]
    np.testing.assert_array_equal(view.matrices, np.concatenate(LAYERS))
    assert view.layers == tuple(range(12))


@FORMATS
def test_layers_keep_the_numbers_of_their_names(encode):
    view = read(encode({"layer_3": LAYERS[3], "layer_10": LAYERS[10]})).views["encoder"]
    assert view.layers == (3, 10)
    np.testing.assert_array_equal(view.matrices[1], LAYERS[10][0])


@FORMATS
def test_numbers_of_thousands_of_digits_are_refused_or_taken_apart_at_once(encode):
    with pytest.raises(InputError):
        read(encode({f"layer_{'9' * 5000}": LAYERS[3], f"layer_{'8' * 5000}": LAYERS[10]}))


@FORMATS
def test_a_layer_may_have_any_number_and_takes_no_more_memory(encode):
    result = read(encode({f"layer_{10**17}": LAYERS[3], "layer_10": LAYERS[10]}))
    view = select_attention(result, Request(heads="1")).views["encoder"]
    assert (view.layers, view.heads) == ((10, 10**17), (1,))


@FORMATS
def test_two_numbers_are_layers_and_heads(encode):
    view = read(encode({f"layer_{i}_head_{j}": LAYERS[i][0, j] for i in range(3) for j in range(2)})).views["encoder"]
    np.testing.assert_array_equal(view.matrices, np.concatenate(LAYERS[:3]))
    assert (view.layers, view.heads) == ((0, 1, 2), (0, 1))


@FORMATS
def test_what_transformers_calls_its_outputs(encode):
    arrays = {
        "encoder_attentions": softmax(2, 1, 3, 4, 4),
        "decoder_attentions": softmax(2, 1, 3, 2, 2),
        "cross_attentions": softmax(2, 1, 3, 2, 4),
        "tokens": ["a", "b", "c", "d"],
        "target_tokens": ["x", "y"],
    }
    result = read(encode(arrays))
    for kind, name in (("encoder", "encoder_"), ("decoder", "decoder_"), ("cross", "cross_")):
        np.testing.assert_array_equal(result.views[kind].matrices, arrays[f"{name}attentions"][:, 0])
    assert labels(result.views["cross"].keys) == ["a", "b", "c", "d"]
    assert labels(result.views["cross"].queries) == labels(result.views["decoder"].keys) == ["x", "y"]


@FORMATS
def test_a_decoder_may_have_other_layers_and_heads_than_its_encoder(encode):
    arrays = {
        "cross_attentions": softmax(1, 1, 5, 2, 4),
        "encoder_attentions": softmax(2, 1, 3, 4, 4),
        "decoder_attentions": softmax(1, 1, 5, 2, 2),
    }
    result = read(encode(arrays))
    for kind, one in arrays.items():
        view = result.views[kind.removesuffix("_attentions")]
        np.testing.assert_array_equal(view.matrices, one[:, 0])
        assert (len(view.layers), len(view.heads)) == (one.shape[0], one.shape[2])
    assert result.model.size == "2 layers x 3 heads, decoder 1 x 5"


@FORMATS
@pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
def test_a_name_says_the_kind_of_square_attention_and_layers_may_be_parts_of_it(encode, kind):
    whole = softmax(2, 1, 3, 4, 4)
    for arrays in ({f"{kind}_attentions": whole}, {f"{kind}_attentions_{i}": whole[i] for i in range(2)}):
        result = read(encode(arrays | {"tokens": list("abcd")}))
        assert list(result.views) == [kind]
        np.testing.assert_array_equal(result.views[kind].matrices, whole[:, 0])
        assert labels(result.views[kind].keys) == list("abcd")


@FORMATS
def test_what_a_tokenizer_gives_stands_for_the_tokens(encode):
    arrays = {
        "attentions": softmax(2, 1, 3, 4, 4),
        "input_ids": np.array([[101, 7, 102, 0]]),
        "special_tokens_mask": np.array([[1, 0, 1, 1]]),
        "attention_mask": np.array([[1, 1, 1, 0]]),
    }
    tokens = read(encode(arrays)).tokens
    assert labels(tokens) == ["101", "7", "102", "0"]
    assert [(token.id, token.special, token.padding) for token in tokens] == [
        (101, True, False),
        (7, False, False),
        (102, True, False),
        (0, True, True),
    ]


@FORMATS
def test_the_only_matrices_need_no_name_beside_tokens_and_what_is_not_used_is_noted(encode):
    array, noted = softmax(2, 3, 4, 4), []
    arrays = {"attention": array, "tokens": list("abcd"), "logits": np.ones((4, 9), np.float32)}
    result = read(encode(arrays), name="f", note=noted.append)
    np.testing.assert_array_equal(result.attention, array)
    assert labels(result.tokens) == list("abcd")
    assert noted == ["f: not used: logits"]


def test_an_archive_with_one_array_of_matrices_beside_other_things():
    array = softmax(2, 3, 4, 4)
    result = read(npz(mine=array, tokens=np.array(list("abcd")), ids=np.arange(4), text=np.array("a b")))
    np.testing.assert_array_equal(result.attention, array)
    assert (result.text, labels(result.tokens)) == ("a b", list("abcd"))


@FORMATS
def test_attnviz_s_own_names_mean_something_else_in_other_files(encode):
    arrays = {
        "attention": softmax(4, 4),
        "hidden": np.ones((4, 8), np.float32),
        "values": np.ones((4, 8), np.float32),
        "labels": np.array([1]),
    }
    noted = []
    assert read(encode(arrays), name="f", note=noted.append).attention.shape == (1, 1, 4, 4)
    assert noted == ["f: not used: hidden, labels, values"]


def test_source_and_target_may_be_lists_of_words():
    sides = {"source": ["le", "chat"], "target": ["the", "cat"]}
    (view,) = read(text({"attention": softmax(2, 2).tolist(), **sides})).views.values()
    assert (view.kind, labels(view.queries), labels(view.keys)) == ("cross", ["the", "cat"], ["le", "chat"])


def test_layers_may_be_an_object_in_an_object():
    layers = {str(i): layer.tolist() for i, layer in enumerate(LAYERS)}
    for document in ({"attentions": layers}, {"encoder": {f"layer_{i}": layer for i, layer in layers.items()}}):
        np.testing.assert_array_equal(read(text(document)).attention, np.concatenate(LAYERS))


def test_weights_and_scores_side_by_side():
    scores = np.random.default_rng(1).standard_normal((1, 2, 4, 4)).astype(np.float32)
    data = npz(**{"blocks.0.attn.hook_pattern": LAYERS[0], "blocks.0.attn.hook_attn_scores": scores})
    np.testing.assert_array_equal(read(data).attention, LAYERS[0])
    np.testing.assert_array_equal(read(data, scores=True).attention, scores)


def test_the_whole_cache_of_transformer_lens():
    names = ("attn.q.hook_in", "attn.hook_q", "attn.hook_z", "hook_resid_pre", "attn.hook_out", "ln1.hook_scale")
    cache = {f"blocks.{i}.{name}": softmax(1, 4, 8) for i in range(3) for name in names}
    cache |= {f"blocks.{i}.attn.hook_pattern": LAYERS[i] for i in range(3)}
    np.testing.assert_array_equal(read(npz(**cache)).attention, np.concatenate(LAYERS[:3]))


def test_an_array_called_scores_holds_scores_and_a_note_says_so():
    noted = []
    view = read(npz(attn_scores=np.full((2, 2), 3.0)), name="f", note=noted.append).views["encoder"]
    assert view.values == "scores"
    assert noted == ["f: attn_scores are read as scores, as they are before softmax"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int64])
def test_any_number_type_of_safetensors(dtype):
    array = np.eye(4)[[1, 0, 3, 2]].astype(dtype)
    matrices = read(save({"attention": array})).attention
    np.testing.assert_array_equal(matrices[0, 0], array)
    assert matrices.dtype == (np.float64 if dtype == np.float64 else np.float32)


def test_bfloat16_of_safetensors(tmp_path):
    bits = (np.array([[0.5, 0.5], [0.25, 0.75]], np.float32).view(np.uint32) >> 16).astype("<u2").tobytes()
    header = json.dumps({"attention": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, len(bits)]}}).encode()
    (tmp_path / "f").write_bytes(len(header).to_bytes(8, "little") + header + bits)
    (result,) = read_attention(tmp_path / "f")
    np.testing.assert_array_equal(result.attention[0, 0], [[0.5, 0.5], [0.25, 0.75]])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"attention": softmax(2, 2), "attn": softmax(2, 2)},
            "f: attention, attn may all be attention; expected one, called attention",
        ),
        (
            {"layer_0": softmax(2, 3, 3), "layer_1": softmax(2, 4, 4)},
            "f: layer_0, ..., layer_1: part 0 has the shape (2, 3, 3) and part 1 (2, 4, 4); expected layers of one "
            "shape, or steps of a generation, each with one query and one key more",
        ),
        (
            {"L0H0": softmax(3, 3), "L0H1": softmax(3, 3), "L1H0": softmax(3, 3)},
            "f: L0H0, ..., L1H0: 3 parts are not a grid; expected every head of every layer",
        ),
        (
            {"encoder_attentions": softmax(2, 3, 4)},
            "f: encoder_attentions is 3 x 4 (queries x keys); expected square matrices of encoder attention",
        ),
    ],
)
def test_names_that_do_not_fit_are_refused(arrays, message):
    with pytest.raises(InputError) as caught:
        list(read_attention(io.BytesIO(npz(**arrays)), name="f"))
    assert str(caught.value) == message


@FORMATS
def test_the_only_numbers_of_a_file_are_attention_whatever_they_are_called(encode):
    arrays = {"probs": softmax(2, 3, 3), "attention_mask": np.array([[1, 1, 1]]), "ids": np.arange(3)}
    np.testing.assert_allclose(read(encode(arrays)).attention[0], arrays["probs"], rtol=1e-6)


@FORMATS
@pytest.mark.parametrize("name", ["attention_scores", "scores", "scores_{}"])
def test_arrays_called_scores_are_scores_unless_rows_sum_to_1(encode, name):
    weights = softmax(3, 3)
    for array, values, words in (
        (weights, "weights", "weights, as rows sum to 1; --values scores says otherwise"),
        (np.log(weights) * 2, "scores", "scores, as they are before softmax"),
    ):
        noted = []
        result = read(encode({name.format(i): array[None] for i in range(2)}), note=noted.append)
        view = result.views["encoder"]
        assert view.values == values
        np.testing.assert_allclose(view.matrices[0, 0], array, rtol=1e-6)
        assert noted[0].endswith(f" are read as {words}")


@pytest.mark.parametrize("prefix", ["", "target_"])
@pytest.mark.parametrize("ids", [[5, 6, 7], [[5, 6, 7]]], ids=str)
@pytest.mark.parametrize("encode", [as_npz, as_json])
def test_tokens_that_are_whole_numbers_are_ids(encode, ids, prefix):
    noted = []
    array = {"cross_attention": softmax(3, 3)} if prefix else {"attention": softmax(3, 3)}
    result = read(encode(array | {f"{prefix}tokens": np.array(ids)}), note=noted.append)
    tokens = result.target_tokens if prefix else result.tokens
    assert labels(tokens) == ["5", "6", "7"]
    assert [token.id for token in tokens] == [5, 6, 7]
    assert noted == ["standard input: tokens are called by their ids; --tokens gives their texts"]


def test_masks_of_several_texts_do_not_fit_one_matrix():
    with pytest.raises(InputError) as caught:
        read(text({"attention": softmax(3, 3).tolist(), "attention_mask": [[1, 1, 1], [1, 1, 0]]}), name="f")
    assert str(caught.value) == (
        "f: attention has the shape (3, 3) of one text, and its tokens, ids or masks are of 2 texts; expected those "
        "of one text, or an axis that counts texts"
    )


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"attentions": None}, "attentions"),
        ({"attentions": [None, None]}, "attentions"),
        ([None, None], "attention"),
        ({"decoder_attentions": None, "tokens": ["a"]}, "decoder_attentions"),
    ],
    ids=str,
)
def test_attention_that_a_model_did_not_give_is_refused_with_how_to_get_it(value, name):
    with pytest.raises(InputError) as caught:
        read(text(value), name="f")
    assert str(caught.value) == f"f: {name} is null; expected numbers"
    assert "attn_implementation='eager'" in caught.value.hint


def test_a_kind_that_is_null_is_left_out_where_another_is_there():
    noted = []
    cross = softmax(2, 1, 2, 3, 4).tolist()
    result = read(text({"cross_attentions": cross, "decoder_attentions": [None, None]}), note=noted.append)
    assert list(result.views) == ["cross"]
    assert noted == ["standard input: not used: decoder_attentions"]


def test_bertviz_names_the_labels_of_both_sides():
    view = read(text({"attn": softmax(2, 2).tolist(), "left_text": ["a", "b"], "right_text": ["c", "d"]})).views
    assert (labels(view["cross"].queries), labels(view["cross"].keys)) == (["a", "b"], ["c", "d"])


@pytest.mark.parametrize("name", ["L{}H{}", "layer_{}_head_{}", "layers.{}.heads.{}", "layer{}h{}"])
@pytest.mark.parametrize("places", [((0, 0), (0, 1), (0, 2)), ((1, 4), (2, 4)), ((3, 5),)], ids=str)
def test_names_of_layers_and_heads_are_these_where_only_one_of_them_differs(name, places):
    arrays = {name.format(*place): softmax(3, 3) for place in places}
    view = read(npz(**arrays)).views["encoder"]
    assert [(layer, head) for layer in view.layers for head in view.heads] == list(places)
    np.testing.assert_allclose(view.matrices.reshape(-1, 3, 3), list(arrays.values()), rtol=1e-6)
