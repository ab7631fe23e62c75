"""What the axes of an array count: as the user says, as the file says, or the usual reading with a note."""

import io

import numpy as np
import pytest

from attnviz.elsewhere.attention_file import read_attention
from attnviz.elsewhere.shapes.axes import parse_axes
from attnviz.errors import InputError, UsageError
from tests.elsewhere.arrays import labels, npy, npz, read, softmax, text

SIZES = {"batch": 2, "layer": 3, "head": 4, "query": 5, "key": 5}


def results(data, note=None, **options):
    return list(read_attention(io.BytesIO(data), name="f", note=note, **options))


@pytest.mark.parametrize("encode", [npy, lambda a: text(a.tolist()), lambda a: npz(attentions=a)])
@pytest.mark.parametrize(
    ("shape", "whole"),
    [
        ((2, 1, 3, 5, 5), (2, 3, 5, 5)),
        ((1, 2, 3, 5, 5), (2, 3, 5, 5)),
        ((2, 3, 1, 5, 5), (2, 3, 5, 5)),
        ((1, 1, 3, 5, 5), (1, 3, 5, 5)),
        ((2, 1, 1, 5, 5), (2, 1, 5, 5)),
        ((1, 2, 1, 3, 5, 5), (2, 3, 5, 5)),
        ((1, 3, 5, 5), (1, 3, 5, 5)),
        ((2, 1, 5, 5), (2, 1, 5, 5)),
        ((1, 5, 5), (1, 1, 5, 5)),
        ((1, 1, 1, 1, 1), (1, 1, 1, 1)),
    ],
)
def test_an_axis_of_length_1_beside_layers_and_heads_is_dropped_wherever_it_is(encode, shape, whole):
    array = softmax(*shape)
    np.testing.assert_array_equal(read(encode(array)).attention, array.reshape(whole))


@pytest.mark.parametrize("shape", [(5,), (1, 5)])
def test_one_vector_or_a_row_is_one_query(shape):
    for data in (npy(softmax(*shape)), text(softmax(*shape).tolist())):
        view = read(data).views["cross"]
        assert view.matrices.shape == (1, 1, 1, 5)


@pytest.mark.parametrize("order", [SIZES, ("query", "head", "key", "batch", "layer"), reversed(SIZES)])
def test_stated_axes_may_have_any_order_and_each_text_of_a_batch_is_a_text(order):
    order = list(order)
    full = softmax(*SIZES.values())
    array = full.transpose([list(SIZES).index(name) for name in order])
    found = results(npy(array), axes=tuple(order))
    assert len(found) == 2
    for number, result in enumerate(found):
        np.testing.assert_array_equal(result.attention, full[number])


@pytest.mark.parametrize(
    ("axes", "shape", "whole"),
    [
        ("layer,query,key", (3, 5, 5), (3, 1, 5, 5)),
        ("head,query,key", (3, 5, 5), (1, 3, 5, 5)),
        ("query,key,head", (5, 5, 3), (1, 3, 5, 5)),
        ("layer,-,head,query,key", (2, 1, 3, 5, 5), (2, 3, 5, 5)),
        ("layer,head,query,key", (2, 1, 3, 5, 5), (2, 3, 5, 5)),
        ("layer,head,key", (2, 3, 5), (2, 3, 1, 5)),
        ("key", (5,), (1, 1, 1, 5)),
        ("key,query", (4, 5), (1, 1, 5, 4)),
    ],
)
def test_stated_axes_may_be_any_subset_with_a_key(axes, shape, whole):
    array, noted = np.full(shape, 1 / shape[axes.split(",").index("key")]), []
    (result,) = results(npy(array), axes=parse_axes(axes), note=noted.append)
    (view,) = result.views.values()
    assert view.matrices.shape == whole
    assert not any("--axes" in note for note in noted)


def test_axes_of_parts_may_leave_out_the_layers_that_names_count():
    layers = [softmax(2, 3, 5, 5) for _ in range(4)]
    for axes in ("batch,head,query,key", "layer,batch,head,query,key"):
        found = results(npz(**{f"layer_{i}": layer for i, layer in enumerate(layers)}), axes=parse_axes(axes))
        np.testing.assert_array_equal(found[1].attention, np.stack(layers)[:, 1])


def test_a_document_may_state_its_axes():
    array = softmax(2, 3, 5, 5)
    found = results(text({"attention": array.tolist(), "axes": ["batch", "head", "query", "key"]}))
    np.testing.assert_array_equal(found[1].attention, array[1][None])


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (npy(softmax(3, 5, 5)), "the shape (3, 5, 5) is read as 3 heads; if it is not: --axes layer,query,key"),
        (
            npy(softmax(2, 3, 5, 5)),
            "the shape (2, 3, 5, 5) is read as 2 layers of 3 heads; if it is not: --axes batch,head,query,key",
        ),
        (
            npy(softmax(1, 2, 3, 5, 5)),
            "the shape (1, 2, 3, 5, 5) is read as 2 layers of 3 heads; if it is not: --axes -,batch,head,query,key",
        ),
        (npy(softmax(5)), "the shape (5,) is read as one query"),
        (
            npz(attentions=softmax(2, 4, 3, 5, 5)),
            "the shape (2, 4, 3, 5, 5) is read as 2 layers of 4 texts of 3 heads; if it is not: "
            "--axes batch,layer,head,query,key",
        ),
        (npy(softmax(2, 1, 3, 5, 5)), None),
        (npy(softmax(1, 3, 5, 5)), None),
        (npy(softmax(5, 5)), None),
        (text({"attention": softmax(2, 3, 5, 5).tolist(), "layers": [0, 1], "heads": [0, 1, 2]}), None),
    ],
)
def test_a_note_says_what_was_read_where_the_rank_leaves_a_choice(data, note):
    noted = []
    results(data, note=noted.append)
    assert noted == ([] if note is None else [f"f: {note}"])


@pytest.mark.parametrize("shape", [(2, 3, 4, 5, 5), (2, 1, 3, 4, 5, 5)])
def test_a_real_batch_is_never_taken_for_layers_or_heads(shape):
    with pytest.raises(InputError) as caught:
        results(npy(softmax(*shape)))
    assert str(caught.value) == (
        f"f: attention has the shape {shape}, and which axis counts texts is not clear; expected --axes"
    )
    assert "batch" in caught.value.hint


def test_tokens_of_several_texts_say_which_axis_counts_texts():
    array, tokens = softmax(2, 3, 4, 4), [list("abcd"), list("efgh")]
    found = results(text({"attention": array.tolist(), "tokens": tokens}))
    assert [labels(result.tokens) for result in found] == tokens
    np.testing.assert_array_equal(found[1].attention, array[1][None])


def test_tokens_of_one_text_in_a_list_are_those_of_the_text():
    (result,) = results(text({"attention": softmax(2, 1, 3, 4, 4).tolist(), "tokens": [list("abcd")]}))
    assert labels(result.tokens) == list("abcd")


def test_each_text_of_a_batch_has_its_own_ids_and_mask():
    mask = np.array([[1, 1, 1], [1, 1, 0]])
    ids = np.array([[5, 6, 7], [5, 8, 0]])
    found = results(npz(attentions=softmax(2, 2, 3, 3, 3), attention_mask=mask, input_ids=ids))
    assert [labels(result.tokens) for result in found] == [["5", "6", "7"], ["5", "8", "0"]]
    assert [[token.padding for token in result.tokens] for result in found] == [[False] * 3, [False, False, True]]


def test_errors_of_a_batch_name_the_text():
    array = softmax(2, 3, 4, 4)
    array[1, 2, 3] = 0.5
    with pytest.raises(InputError) as caught:
        results(npy(array), axes=("batch", "head", "query", "key"))
    assert str(caught.value).startswith("f, text 2: L0H2, row 3 sums to 2")


def test_lists_of_another_number_of_texts_are_refused():
    with pytest.raises(InputError) as caught:
        results(npz(attentions=softmax(2, 2, 3, 4, 4), tokens=np.array([list("abcd")] * 3)))
    assert "tokens of 3 texts" in str(caught.value)


@pytest.mark.parametrize("names", ["layer,head", "key,key", "text,key", ""])
def test_names_that_are_not_axes_are_refused(names):
    with pytest.raises(UsageError, match="expected some of batch,layer,head,query,key"):
        parse_axes(names)


@pytest.mark.parametrize(
    ("names", "shape", "note"),
    [
        ("layer_{}", (3, 2, 5, 5), "the shape (3, 2, 5, 5) is read as 3 texts of 2 heads; if it is not: --axes {}"),
        ("L{}H0", (3, 5, 5), "the shape (3, 5, 5) is read as 3 texts"),
    ],
)
def test_the_note_on_numbered_arrays_names_axes_that_they_can_have(names, shape, note):
    data = npz(**{names.format(i): softmax(*shape) for i in range(2)})
    noted = []
    assert len(list(read_attention(io.BytesIO(data), name="f", note=noted.append))) == 3
    axes = "head,batch,query,key"
    assert noted == [f"f: {note.format(axes)}"]
    if "{}" in note:
        assert len(list(read_attention(io.BytesIO(data), axes=tuple(axes.split(","))))) == 2
