"""Which attention it is: the tokens beside it, its name or the user say it, whatever the shape."""

import io

import numpy as np
import pytest

from attnviz.elsewhere.attention_file import read_attention
from attnviz.errors import InputError, UsageError
from attnviz.output.documents.results import dump, result_document
from tests.elsewhere.arrays import labels, npy, read, softmax, text

WEIGHTS = softmax(3, 3)
SIDES = {"tokens": ["le", "chat", "dort"], "target_tokens": ["the", "cat", "sleeps"]}


def sides(view):
    return labels(view.queries), labels(view.keys)


def test_tokens_of_a_target_make_square_attention_cross_attention():
    (view,) = read(text({"attention": WEIGHTS.tolist(), **SIDES})).views.values()
    assert (view.kind, sides(view)) == ("cross", (SIDES["target_tokens"], SIDES["tokens"]))


@pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
@pytest.mark.parametrize("encode", [npy, lambda a: text(a.tolist()), lambda a: text({"attention": a.tolist()})])
def test_the_user_says_the_kind_of_an_array_without_a_name(encode, kind):
    (view,) = read(encode(WEIGHTS), kind=kind).views.values()
    assert view.kind == kind


def test_what_is_not_square_is_cross_attention_and_nothing_else():
    assert list(read(npy(softmax(2, 3)), kind="cross").views) == ["cross"]
    with pytest.raises(InputError) as caught:
        read(npy(softmax(2, 3)), name="f", kind="encoder")
    assert str(caught.value) == "f: attention is 2 x 3 (queries x keys); expected square matrices of encoder attention"
    assert caught.value.hint == "--kind cross reads it as cross-attention"


def test_the_user_labels_both_sides():
    (view,) = read(npy(WEIGHTS), query_labels=["a", "b", "c"], key_labels=["x", "y", "z"]).views.values()
    assert (view.kind, sides(view)) == ("cross", (["a", "b", "c"], ["x", "y", "z"]))
    (view,) = read(npy(WEIGHTS), query_labels=["a", "b", "c"], key_labels=["a", "b", "c"]).views.values()
    assert (view.kind, sides(view)) == ("encoder", (["a", "b", "c"], ["a", "b", "c"]))
    (view,) = read(npy(softmax(2, 3)), query_labels=["a", "b"]).views.values()
    assert sides(view) == (["a", "b"], ["x0", "x1", "x2"])


def test_the_users_labels_replace_those_of_the_file():
    document = text({"attention": WEIGHTS.tolist(), **SIDES})
    (view,) = read(document, query_labels=["a", "b", "c"]).views.values()
    assert sides(view) == (["a", "b", "c"], SIDES["tokens"])


def test_labels_that_do_not_fit_name_their_flag():
    with pytest.raises(InputError) as caught:
        read(npy(softmax(2, 3)), name="f", key_labels=["a"])
    assert str(caught.value) == "f: --key-tokens has 1 labels, and the matrices have 3 keys; expected 3"
    with pytest.raises(UsageError, match="expected --tokens, or --kind cross"):
        read(text({"encoder_attentions": WEIGHTS.tolist()}), query_labels=["a", "b", "c"], key_labels=["x", "y", "z"])


def test_a_note_on_causality_names_the_part_and_is_never_about_cross_attention():
    lower = (np.tril(np.ones((3, 3))) / np.arange(1, 4)[:, None]).tolist()
    noted = []
    read(text({"encoder_attentions": WEIGHTS.tolist(), "decoder_attentions": lower}), name="f", note=noted.append)
    assert noted == ["f: no token looks at a later one; read as causal decoder attention, with later tokens masked"]
    noted.clear()
    (view,) = read(text({"attention": lower, **SIDES}), note=noted.append).views.values()
    assert (view.masked, noted) == (None, [])


def test_several_texts_of_a_list_of_documents_are_of_one_model():
    documents = [{"attention": softmax(n, n).tolist(), "tokens": list("abcd")[:n]} for n in (3, 4)]
    for data in (text(documents), b"\n".join(map(text, documents))):
        found = list(read_attention(io.BytesIO(data), name="f"))
        assert [len(result.tokens) for result in found] == [3, 4]
        assert len({result.model.identity for result in found}) == 1


def test_texts_of_a_file_are_of_one_model_also_after_they_were_printed(tmp_path):
    lines = b"\n".join(text(softmax(n, n).tolist()) for n in (3, 4))
    (tmp_path / "f").write_bytes(lines)
    for source in (tmp_path / "f", io.BytesIO(lines)):
        printed = b"".join(dump(result_document(result)) for result in read_attention(source))
        first, second = read_attention(io.BytesIO(printed))
        assert first.model.identity == second.model.identity
